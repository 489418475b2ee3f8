/**
 * Measures the cost of observability: the gateway's CPU for each request, and for each event of a stream, with everything on
 * against everything off, and with each part alone.
 *
 *     bun bench/observability.ts [--rounds 3] [--seconds 3] [--ways everything,traces] [--work requests]
 *
 * The program itself runs on one core; load, provider and the receiver of traces share the other. Each way is compared
 * with everything off in turn (A B B A), so the ratio of a round compares figures measured within seconds of each other. Prints
 * the medians, the ratios with their spread, and the ratio of the minima, since interference only adds. Exits with 1 if an
 * answer was not 200 or was incomplete.
 */
import { parseArgs } from 'node:util';
import { describeMachine, loadOfMachine } from './measure/machine.ts';
import { medianOf, spreadOf } from './measure/statistics.ts';
import { observedGateway, type Watching } from './peers/observed-gateway.ts';
import type { RunningPeer } from './peers/peer.ts';
import { startPeer } from './peers/start-peer.ts';
import { measureAnswers } from './work/answers.ts';
import { type Bench, withBench } from './work/bench.ts';
import type { Figures } from './work/figures.ts';
import { measureSaturation } from './work/saturation.ts';
import { measureStreams } from './work/streams.ts';

const text = { type: 'string' } as const;
const { values } = parseArgs({ options: { rounds: text, seconds: text, ways: text, work: text } });
const rounds = Number(values.rounds ?? 3);

const collector = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  async fetch(request) {
    await request.arrayBuffer();
    return Response.json({});
  },
});

const log: Watching['logging'] = ({ folder }) =>
  `level: info, enable_metrics: true, general_file: "${folder}/logs/proxy.log"`;
const traces = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url.origin };
const tenth = { ...traces, OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.1' };

/** Ways to observe it. Only the last one writes bodies, which copies all traffic. */
const WAYS: Readonly<Record<string, Watching>> = {
  log: { logging: log },
  'log-json': { logging: (place) => `${log(place)}, format: json` },
  traces: { traces },
  'traces-tenth': { traces: tenth },
  records: { records: true },
  everything: { logging: log, traces, records: true },
  'everything-tenth': { logging: log, traces: tenth, records: true },
  files: {
    logging: ({ folder }) =>
      `level: error, separate_files: true, request_dir: "${folder}/requests", error_dir: "${folder}/errors"`,
  },
};

interface Work {
  readonly name: string;
  readonly title: string;
  readonly measure: (bench: Bench, peer: RunningPeer) => Promise<Figures>;
}

const WORKS: readonly Work[] = [
  {
    name: 'requests',
    title: 'Small chat requests, 64 at a time, as fast as they are answered: CPU for each',
    measure: (bench, peer) => measureSaturation(bench, peer, { promptBytes: 60, connections: 64 }),
  },
  {
    name: 'answers',
    title: '200 requests a second, each streamed 150 events at 50 a second, to its end: CPU for each request',
    measure: (bench, peer) => measureAnswers(bench, peer, { perSecond: 200, pace: 50, length: 150 }),
  },
  {
    name: 'events',
    title: '600 streams with 50 events a second: CPU for each event',
    measure: (bench, peer) => measureStreams(bench, peer, { streams: 600, pace: 50 }),
  },
];

const { cpu, cores, system } = describeMachine();
console.log(
  `Bun ${Bun.version}; ${cpu}, ${cores} cores, ${system}; load of the machine ${loadOfMachine().toFixed(1)}`,
);
const faults = await withBench(Number(values.seconds ?? 3), async (bench) => {
  const off = await startPeer(observedGateway('off', {}), bench);
  bench.running.set('off', off);
  let found = 0;
  for (const work of WORKS.filter(({ name }) => chosen(values.work, name))) {
    console.log(`\n${work.title}`);
    await work.measure(bench, off);
    for (const [name, watching] of Object.entries(WAYS)) {
      if (!chosen(values.ways, name)) continue;
      const peer = bench.running.get(name) ?? (await startPeer(observedGateway(name, watching), bench));
      bench.running.set(name, peer);
      found += await compare(bench, work, { name, off, on: peer });
    }
  }
  return found;
});
await collector.stop(true);
process.exit(faults > 0 ? 1 : 0);

function chosen(wanted: string | undefined, name: string): boolean {
  return wanted === undefined || wanted.split(',').includes(name);
}

interface Pair {
  readonly name: string;
  readonly off: RunningPeer;
  readonly on: RunningPeer;
}

/** Measures one way against everything off and prints the result. Returns the number of faulty answers. */
async function compare(bench: Bench, { measure }: Work, { name, off, on }: Pair): Promise<number> {
  let faulty = 0;
  const micros = async (peer: RunningPeer): Promise<number> => {
    const { cpuMicros = Number.NaN, faults: count } = await measure(bench, peer);
    faulty += count;
    return cpuMicros;
  };
  await micros(on);
  const without: number[] = [];
  const withIt: number[] = [];
  for (let round = 0; round < rounds; round++) {
    without.push(await micros(off));
    withIt.push(await micros(on), await micros(on));
    without.push(await micros(off));
  }
  const ratios = spreadOf(
    Array.from({ length: rounds }, (_, round) => sumOf(withIt, round) / sumOf(without, round)),
  );
  const least = [spreadOf(without).min, spreadOf(withIt).min] as const;
  console.log(
    [
      `  ${name.padEnd(18)}`,
      `${medianOf(without).toFixed(1).padStart(7)} → ${medianOf(withIt).toFixed(1).padStart(6)} µs`,
      `   ${ratios.median.toFixed(2)} (${ratios.min.toFixed(2)}–${ratios.max.toFixed(2)})`,
      `   at least ${least[0].toFixed(1)} → ${least[1].toFixed(1)} µs: ${(least[1] / least[0]).toFixed(2)}`,
      faulty > 0 ? `   ${faulty} FAULTS` : '',
    ].join(''),
  );
  return faulty;
}

/** Both figures of a round. */
function sumOf(figures: readonly number[], round: number): number {
  return (figures[2 * round] ?? Number.NaN) + (figures[2 * round + 1] ?? Number.NaN);
}
