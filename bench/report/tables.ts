import { medianOf, type Spread } from '../measure/statistics.ts';
import type { FigureName, Figures } from '../work/figures.ts';
import { figureOf, ratioOf, type Results, type WorkResult } from './results.ts';

interface Column {
  readonly title: string;
  readonly cell: (runs: readonly Figures[], work: WorkResult) => string;
}

/** A table for each kind of work, as Markdown. */
export function workTables({ works }: Results): string {
  const tables = works.map((work) => `### ${work.title}\n\n${tableOf(work)}`).join('\n\n');
  return tables.includes(' †') ? `${tables}\n\n${FOOTNOTE}` : tables;
}

const FOOTNOTE =
  '† The core of load and provider was full, and the proxy’s was not: this is what the load can do, the proxy could do more.';

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
      spread('ms for the version', 'versionMs', 0),
      spread('MB at rest', 'restMb', 0),
      spread('MB with 1,000 streams', 'rssMb', 0),
      { title: 'KB for each stream', cell: kbOfStream },
      faults,
    ];
  const isSaturated = !name.startsWith('pace') && unit === 'request';
  return [
    spread(`CPU µs for each ${unit}`, 'cpuMicros', 1),
    { title: '× nginx', cell: (runs, work) => told(ratioOf(runs, nginxOf(work), 'cpuMicros'), 2) },
    { title: `${unit}s a second`, cell: rate },
    ...(isSaturated
      ? [middle('p99, µs', 'p99')]
      : [added('p50 added, µs', 'p50'), added('p99 added, µs', 'p99'), added('p99.9 added, µs', 'p999')]),
    added('first event p50 added, µs', 'firstEventP50'),
    added('first event p99 added, µs', 'firstEventP99'),
    middle('MB', 'rssMb'),
    middle('proxy busy', 'proxyBusy', 2),
    middle('proxy waited', 'proxyWaited', 2),
    middle('load busy', 'loadBusy', 2),
    faults,
  ];
}

/** The load's core was full, so the load was measured. The proxy may be able to do more. */
const FULL = 0.9;

function rate(runs: readonly Figures[]): string {
  const isLimited = figureOf(runs, 'loadBusy').median > FULL && !(figureOf(runs, 'proxyBusy').median > FULL);
  return `${told(figureOf(runs, 'perSecond'), 0)}${isLimited ? ' †' : ''}`;
}

function kbOfStream(runs: readonly Figures[]): string {
  const more = runs.map(({ rssMb = Number.NaN, restMb = Number.NaN }) => rssMb - restMb);
  return number(medianOf(more), 0);
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

/** The cost that a proxy adds to the same work without one. The row for no proxy shows its own total in brackets. */
function added(title: string, figure: FigureName): Column {
  return {
    title,
    cell(runs, work) {
      const whole = figureOf(runs, figure).median;
      const without = figureOf(contender(work, 'direct'), figure).median;
      if (Number.isNaN(whole)) return '';
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
