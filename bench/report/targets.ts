import { figureOf, ratioOf, runsOf, type Results, wasQuiet } from './results.ts';

interface Target {
  readonly title: string;
  readonly bound: 'most' | 'least';
  readonly value: number;
  readonly unit: string;
  readonly digits: number;
  readonly figure: (results: Results) => number;
}

const SELF = 'llm-proxy';

/** The targets, for the gateway with its features on unless the title says otherwise. */
const TARGETS: readonly Target[] = [
  cpuRatio('Small chat, CPU for each request', 2, { work: 'small' }),
  cpuRatio('Small chat without key, limit and log, CPU for each request', 1.6, {
    work: 'small',
    self: `${SELF} (plain)`,
  }),
  cpuRatio('100 KB prompt, CPU for each request', 1, { work: '100k', beside: 'nginx (unbuffered)' }),
  cpuRatio('200 streams, CPU for each event', 1.2, { work: 'streams-200' }),
  cpuRatio('600 streams, CPU for each event', 1.2, { work: 'streams-600' }),
  {
    title: '600 streams, latency added to an event, p99',
    bound: 'most',
    value: 1.5,
    unit: '× nginx',
    digits: 2,
    figure: (results) => added(results, SELF) / added(results, 'nginx'),
  },
  {
    title: 'Small chat, requests a second',
    bound: 'least',
    value: 20,
    unit: '× portkey',
    digits: 1,
    figure: (results) =>
      ratioOf(runsOf(results, 'small', SELF), runsOf(results, 'small', 'portkey'), 'perSecond').median,
  },
  atMost('First event while 300 streams are open, added at p99', 1, 'ms', (results) =>
    addedMs(results, 'first-token', 'firstEventP99'),
  ),
  atMost('300 requests a second, added at the median', 0.3, 'ms', (results) =>
    addedMs(results, 'pace-300', 'p50'),
  ),
  memory('Memory at rest, checkout', 50, { figure: 'restMb', peer: SELF }),
  memory('Memory at rest, binary', 50, { figure: 'restMb', peer: `${SELF} (binary)` }),
  memory('Memory with 1,000 streams, checkout', 80, { figure: 'rssMb', peer: SELF }),
  memory('Memory with 1,000 streams, binary', 80, { figure: 'rssMb', peer: `${SELF} (binary)` }),
  atMost(
    'Start to the first answer, checkout',
    300,
    'ms',
    (results) => figureOf(runsOf(results, 'start', SELF), 'startMs').median,
  ),
  atMost(
    'Start to the first answer, binary',
    80,
    'ms',
    (results) => figureOf(runsOf(results, 'start', `${SELF} (binary)`), 'startMs').median,
  ),
  atMost(
    'Time for the version, binary',
    25,
    'ms',
    (results) => figureOf(runsOf(results, 'start', `${SELF} (binary)`), 'versionMs').median,
  ),
  scaling('Two workers on two cores that share the load of one, the load’s CPU taken off', '2 workers'),
  scaling(
    'Two workers on two cores, each with the load of one, the load’s CPU taken off',
    '2 workers, 2 loads',
  ),
];

/** The table of the targets, as Markdown. */
export function targetTable(results: Results): string {
  const doubt = wasQuiet(results) ? '' : ' (not quiet)';
  const rows = TARGETS.map(({ title, bound, value, unit, digits, figure }) => {
    const is = figure(results);
    if (!Number.isFinite(is)) return `| ${title} | ${sign(bound)} ${value} ${unit} | not measured | |`;
    const isHit = bound === 'most' ? is <= value : is >= value;
    return `| ${title} | ${sign(bound)} ${value} ${unit} | ${is.toFixed(digits)} ${unit} | ${isHit ? 'reached' : '**missed**'}${doubt} |`;
  });
  return ['| | target | measured | |', '|---|--:|--:|---|', ...rows].join('\n');
}

const sign = (bound: Target['bound']): string => (bound === 'most' ? '≤' : '≥');

interface Compared {
  readonly work: string;
  /** `llm-proxy` if absent. */
  readonly self?: string;
  /** `nginx` if absent. */
  readonly beside?: string;
}

function cpuRatio(title: string, value: number, { work, self = SELF, beside = 'nginx' }: Compared): Target {
  const figure = (results: Results): number =>
    ratioOf(runsOf(results, work, self), runsOf(results, work, beside), 'cpuMicros').median;
  return { title, bound: 'most', value, unit: `× ${beside}`, digits: 2, figure };
}

function atMost(title: string, value: number, unit: string, figure: Target['figure']): Target {
  return { title, bound: 'most', value, unit, digits: value < 10 ? 2 : unit === 'MB' ? 1 : 0, figure };
}

function memory(
  title: string,
  value: number,
  { figure, peer }: { readonly figure: 'restMb' | 'rssMb'; readonly peer: string },
): Target {
  return atMost(title, value, 'MB', (results) => figureOf(runsOf(results, 'memory', peer), figure).median);
}

/** The time that the gateway adds to the same work without a proxy, in milliseconds. */
function addedMs(results: Results, work: string, figure: 'p50' | 'firstEventP99'): number {
  const of = (name: string): number => figureOf(runsOf(results, work, name), figure).median;
  return (of(SELF) - of('direct')) / 1000;
}

function added(results: Results, peer: string): number {
  const p99 = (name: string): number => figureOf(runsOf(results, 'streams-600', name), 'p99').median;
  return p99(peer) - p99('direct');
}

/**
 * Load and provider need one of the two cores, so the capacity of two workers without them is computed: requests for each second of
 * CPU, times two, against requests for each second of CPU of one worker.
 */
function scaling(title: string, workers: string): Target {
  const figure = (results: Results): number => {
    const cpu = (peer: string) => figureOf(runsOf(results, 'workers', peer), 'cpuMicros').median;
    return (2 * cpu(SELF)) / cpu(`${SELF} (${workers})`);
  };
  return { title, bound: 'least', value: 1.8, unit: '× one', digits: 2, figure };
}
