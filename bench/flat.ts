/**
 * Checks whether the cost of a request is independent of the size of the configuration, and how it grows with the request.
 *
 *     bun bench/flat.ts [--rounds 2] [--seconds 2]
 *
 * Gateways with 10, 1,000 and 100,000 keys and so on run beside each other and are measured in turn (A B C C B A). What a request
 * needs stands last in each list. Sizes go from 1 KB to 4 MB, against nginx.
 */
import { parseArgs } from 'node:util';
import { BENCH_KEY, BENCH_MODEL } from './load/request.ts';
import { slopeOf, type Spread } from './measure/statistics.ts';
import { gateway, llmProxy } from './peers/llm-proxy.ts';
import { nginx, nginxUnbuffered } from './peers/nginx.ts';
import type { Peer } from './peers/peer.ts';
import { figureOf, ratioOf, type Contender } from './report/results.ts';
import { withBench, type Bench } from './work/bench.ts';
import { measureWork } from './work/rounds.ts';
import { measureSaturation } from './work/saturation.ts';

const text = { type: 'string' } as const;
const { values } = parseArgs({ options: { rounds: text, seconds: text } });
const rounds = Number(values.rounds ?? 2);
const seconds = Number(values.seconds ?? 2);

interface Counts {
  readonly keys?: number;
  readonly models?: number;
  readonly routes?: number;
  readonly providers?: number;
}

const CONFIGURATIONS: readonly Counts[] = [
  {},
  { keys: 1_000 },
  { keys: 100_000 },
  { models: 1_000 },
  { routes: 1_000 },
  { providers: 1_000 },
];
const SIZES = [1_000, 10_000, 100_000, 400_000, 1_000_000, 4_000_000];

await withBench(seconds, async (bench) => {
  const peers = CONFIGURATIONS.map(configured);
  const contenders = await measure(bench, peers, { promptBytes: 60, connections: 64 });
  const [base] = contenders;
  console.log(`\n| configured | CPU µs for each request | against the first |\n|---|--:|--:|`);
  for (const { peer, runs } of contenders) {
    const ratio = ratioOf(runs, base?.runs ?? [], 'cpuMicros');
    console.log(`| ${peer} | ${told(figureOf(runs, 'cpuMicros'), 1)} | ${told(ratio, 2)} |`);
  }
  await stopAll(bench);
  await measureSizes(bench);
});
process.exit(0);

async function measureSizes(bench: Bench): Promise<void> {
  const peers = [nginx, nginxUnbuffered, llmProxy];
  const bySize = new Map<number, Contender[]>();
  for (const promptBytes of SIZES)
    bySize.set(promptBytes, await measure(bench, peers, { promptBytes, connections: 8 }));
  console.log(
    `\n| CPU µs for each request | ${peers.map(({ name }) => name).join(' | ')} |\n|---|--:|--:|--:|`,
  );
  for (const [bytes, contenders] of bySize) {
    const cells = contenders.map(({ runs }) => told(figureOf(runs, 'cpuMicros'), 0));
    console.log(`| ${bytes / 1000} KB | ${cells.join(' | ')} |`);
  }
  const slopes = peers.map((_, index) => {
    const points = [...bySize].map(
      ([bytes, contenders]) =>
        [bytes / 1000, figureOf(contenders[index]?.runs ?? [], 'cpuMicros').median] as const,
    );
    // Weighted so that each size counts alike. Otherwise 4 MB would dominate.
    return slopeOf(points, (_, micros) => 1 / micros ** 2).toFixed(3);
  });
  console.log(`| µs for each further KB | ${slopes.join(' | ')} |`);
}

function measure(
  bench: Bench,
  peers: readonly Peer[],
  load: { readonly promptBytes: number; readonly connections: number },
): Promise<Contender[]> {
  const work = {
    name: 'flat',
    title: '',
    unit: 'request',
    kind: 'running',
    peers: [],
    measure: (bench: Bench, peer: Parameters<typeof measureSaturation>[1]) =>
      measureSaturation(bench, peer, load),
  } as const;
  return measureWork(bench, work, { peers, rounds });
}

/** A gateway with this many of each. The defaults are 10 keys, models and providers, and one route. */
function configured(counts: Counts): Peer {
  const { keys = 10, models = 10, routes = 1, providers = 10 } = counts;
  const name = `${keys} keys, ${models} models, ${routes} routes, ${providers} providers`;
  return gateway(name, ({ upstreamPort, folder }) =>
    [
      'master_keys:',
      ...list(keys - 1, (index) => `  - {name: "key ${index}", key: "sk-other-${index}"}`),
      `  - {name: bench, key: ${BENCH_KEY}, rate_limit: {requests_per_second: 1000000, burst_size: 1000000}}`,
      'providers:',
      ...list(
        providers,
        (index) =>
          `  - {name: "p${index}", api_base: "http://127.0.0.1:${upstreamPort}/v1", api_key: sk-mock-${index}}`,
      ),
      'models:',
      ...list(
        models - 1,
        (index) => `  "other-${index}": {routes: [{provider: p0, model: "other-${index}"}]}`,
      ),
      `  ${BENCH_MODEL}:`,
      '    routes:',
      ...list(routes, (index) => `      - {provider: p${providers - 1}, model: "route-${index}"}`),
      `logging: {level: info, format: json, general_file: "${folder}/proxy.log", enable_metrics: true}`,
    ].join('\n'),
  );
}

function list(count: number, line: (index: number) => string): string[] {
  return Array.from({ length: count }, (_, index) => line(index));
}

async function stopAll({ running }: Bench): Promise<void> {
  await Promise.all([...running.values()].map(({ stop }) => stop()));
  running.clear();
}

function told({ min, median, max }: Spread, digits: number): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
}
