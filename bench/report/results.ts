import type { Machine } from '../measure/machine.ts';
import { spreadOf, type Spread } from '../measure/statistics.ts';
import type { FigureName, Figures } from '../work/figures.ts';

/** The results of one benchmark run. */
export interface Results {
  readonly startedAt: string;
  readonly minutes: number;
  readonly machine: Machine;
  /** The number of runnable processes when it began. */
  readonly loadAtStart: number;
  readonly settings: { readonly rounds: number; readonly seconds: number };
  readonly versions: Readonly<Record<string, string>>;
  /** Proxies that could not be measured, with the reason. */
  readonly absent: Readonly<Record<string, string>>;
  readonly works: readonly WorkResult[];
}

export interface WorkResult {
  readonly name: string;
  readonly title: string;
  readonly unit: 'request' | 'event' | 'start';
  readonly contenders: readonly Contender[];
}

export interface Contender {
  readonly peer: string;
  /** In the order in which they were made: run n of one peer was beside run n of the others. */
  readonly runs: readonly Figures[];
  /** The reason why it could not do this work. */
  readonly failure?: string;
}

/** Whether the machine was otherwise idle when it began. If it was not, the figures are not reliable. */
export function wasQuiet({ loadAtStart }: Pick<Results, 'loadAtStart'>): boolean {
  return loadAtStart <= 0.5;
}

/** The runs of one peer at one kind of work; none if it was not measured. */
export function runsOf({ works }: Pick<Results, 'works'>, work: string, peer: string): readonly Figures[] {
  const contenders = works.find(({ name }) => name === work)?.contenders ?? [];
  return contenders.find((each) => each.peer === peer)?.runs ?? [];
}

/** A figure over all runs that have it; NaN where none has. */
export function figureOf(runs: readonly Figures[], figure: FigureName): Spread {
  return spreadOf(runs.map((run) => run[figure] ?? Number.NaN));
}

/** The ratio of two peers' figures, run by run. The runs of each pair were measured side by side. */
export function ratioOf(runs: readonly Figures[], others: readonly Figures[], figure: FigureName): Spread {
  return spreadOf(
    runs.map((run, index) => (run[figure] ?? Number.NaN) / (others[index]?.[figure] ?? Number.NaN)),
  );
}
