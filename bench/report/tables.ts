import type { Spread } from '../measure/statistics.ts';
import type { FigureName, Figures } from '../work/figures.ts';
import { figureOf, ratioOf, type Results, type WorkResult } from './results.ts';

interface Column {
  readonly title: string;
  readonly cell: (runs: readonly Figures[], work: WorkResult) => string;
}

/** A table for each kind of work, as Markdown. */
export function workTables({ works }: Results): string {
  return works.map((work) => `### ${work.title}\n\n${tableOf(work)}`).join('\n\n');
}

function tableOf(work: WorkResult): string {
  const columns = columnsOf(work).filter(({ cell }) =>
    work.contenders.some(({ runs }) => cell(runs, work) !== ''),
  );
  const rows = work.contenders.map(({ peer, runs, failure }) =>
    failure === undefined
      ? `| ${peer} | ${columns.map(({ cell }) => cell(runs, work)).join(' | ')} |`
      : `| ${peer} | failed: ${failure} |${' |'.repeat(columns.length - 1)}`,
  );
  const head = `| | ${columns.map(({ title }) => title).join(' | ')} |`;
  return [head, `|---|${columns.map(() => '--:|').join('')}`, ...rows].join('\n');
}

function columnsOf({ unit, name }: WorkResult): Column[] {
  if (unit === 'start')
    return [
      spread('ms', 'startMs', 0),
      spread('MB at rest', 'restMb', 0),
      spread('MB with 1,000 streams', 'rssMb', 0),
      faults,
    ];
  const isSaturated = !name.startsWith('pace') && unit === 'request';
  return [
    spread(`CPU µs for each ${unit}`, 'cpuMicros', 1),
    { title: '× nginx', cell: (runs, work) => told(ratioOf(runs, nginxOf(work), 'cpuMicros'), 2) },
    spread(`${unit}s a second`, 'perSecond', 0),
    ...(isSaturated
      ? [middle('p99, µs', 'p99')]
      : [added('p50 added, µs', 'p50'), added('p99 added, µs', 'p99'), added('p99.9 added, µs', 'p999')]),
    added('first event p50 added, µs', 'firstEventP50'),
    added('first event p99 added, µs', 'firstEventP99'),
    middle('MB', 'rssMb'),
    middle('proxy busy', 'proxyBusy', 2),
    middle('load busy', 'loadBusy', 2),
    faults,
  ];
}

const nginxOf = (work: WorkResult): readonly Figures[] => contender(work, 'nginx');

const contender = (work: WorkResult, name: string): readonly Figures[] =>
  work.contenders.find(({ peer }) => peer === name)?.runs ?? [];

const faults: Column = {
  title: 'faults',
  cell: (runs) => String(runs.reduce((sum, run) => sum + run.faults, 0)),
};

function spread(title: string, figure: FigureName, digits: number): Column {
  return { title, cell: (runs) => told(figureOf(runs, figure), digits) };
}

function middle(title: string, figure: FigureName, digits = 0): Column {
  return { title, cell: (runs) => number(figureOf(runs, figure).median, digits) };
}

/** What a proxy adds to the same work without one; of that itself the whole, in brackets. */
function added(title: string, figure: FigureName): Column {
  return {
    title,
    cell(runs, work) {
      const whole = figureOf(runs, figure).median;
      const without = figureOf(contender(work, 'direct'), figure).median;
      return contender(work, 'direct') === runs ? `(${number(whole, 0)})` : number(whole - without, 0);
    },
  };
}

function told({ min, median, max }: Spread, digits: number): string {
  return Number.isNaN(median)
    ? ''
    : `${number(median, digits)} (${number(min, digits)}–${number(max, digits)})`;
}

function number(value: number, digits: number): string {
  if (Number.isNaN(value)) return '';
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
