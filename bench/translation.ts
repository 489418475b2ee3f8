/**
 * Measures the cost of translating a stream: CPU for each event of a Chat stream that a Messages client reads, against the same stream
 * passed through to a Chat client, and against LiteLLM translating it.
 *
 *     bun bench/translation.ts [--rounds 3] [--seconds 3] [--streams 200] [--peers llm-proxy,litellm]
 *
 * Each proxy runs on one core; load and provider share the other. Prints the medians, and the ratios of figures that were
 * measured within seconds of each other. Exits with 1 where a stream was not complete.
 */
import { parseArgs } from 'node:util';
import type { ClientApi } from './load/request.ts';
import { describeMachine, loadOfMachine } from './measure/machine.ts';
import { medianOf, spreadOf } from './measure/statistics.ts';
import { litellm } from './peers/litellm.ts';
import { gateway } from './peers/llm-proxy.ts';
import type { RunningPeer } from './peers/peer.ts';
import { BENCH_KEY, BENCH_MODEL } from './load/request.ts';
import { startPeer } from './peers/start-peer.ts';
import { type Bench, withBench } from './work/bench.ts';
import { measureStreams } from './work/streams.ts';

const text = { type: 'string' } as const;
const { values } = parseArgs({ options: { rounds: text, seconds: text, streams: text, peers: text } });
const rounds = Number(values.rounds ?? 3);
const streams = Number(values.streams ?? 200);
const wanted = (values.peers ?? 'llm-proxy,litellm').split(',');

const ours = gateway(
  'llm-proxy',
  ({ upstreamPort }) => `
providers:
  - {name: mock, provider_type: openai, api_base: "http://127.0.0.1:${upstreamPort}/v1", api_key: sk-mock}
models:
  ${BENCH_MODEL}: {routes: [{provider: mock, model: bench-upstream}]}
master_keys: [{name: bench, key: ${BENCH_KEY}}]
logging: {level: error}
`,
);

/** How a proxy is asked: at which pace it keeps up is its own matter. */
interface Way {
  readonly peer: RunningPeer;
  readonly api: ClientApi;
  readonly streams: number;
  readonly pace: number;
}

let faulty = 0;

async function micros(bench: Bench, { peer, ...work }: Way): Promise<number> {
  const { cpuMicros = Number.NaN, faults } = await measureStreams(bench, peer, work);
  faulty += faults;
  return cpuMicros;
}

const { cpu, cores, system } = describeMachine();
console.log(
  `Bun ${Bun.version}; ${cpu}, ${cores} cores, ${system}; load of the machine ${loadOfMachine().toFixed(1)}`,
);
await withBench(Number(values.seconds ?? 3), async (bench) => {
  const running = async (peer: Parameters<typeof startPeer>[0]): Promise<RunningPeer> => {
    const started = await startPeer(peer, bench);
    bench.running.set(peer.name, started);
    return started;
  };
  const proxy = await running(ours);
  const passed: Way = { peer: proxy, api: 'chat', streams, pace: 50 };
  const translated: Way = { ...passed, api: 'messages' };
  await micros(bench, passed);
  await micros(bench, translated);
  const ways: [string, Way][] = [['llm-proxy, translated', translated]];
  if (wanted.includes('litellm')) {
    const missing = litellm.missing();
    if (missing !== undefined) console.log(`LiteLLM is left out: ${missing}`);
    // Few streams: it translates some hundred events a second.
    else
      ways.push([
        'LiteLLM, translated',
        { ...translated, peer: await running(litellm), streams: 5, pace: 20 },
      ]);
  }
  const found = new Map<string, number[]>([['llm-proxy, passed through', []]]);
  for (let round = 0; round < rounds; round++) {
    found.get('llm-proxy, passed through')?.push(await micros(bench, passed));
    for (const [name, way] of ways) found.set(name, [...(found.get(name) ?? []), await micros(bench, way)]);
  }
  const base = found.get('llm-proxy, translated') ?? [];
  for (const [name, figures] of found) {
    const ratios = spreadOf(figures.map((figure, round) => figure / (base[round] ?? Number.NaN)));
    console.log(
      `  ${name.padEnd(28)}${medianOf(figures).toFixed(1).padStart(9)} µs an event   × ${ratios.median.toFixed(2)} of translated (${ratios.min.toFixed(2)}–${ratios.max.toFixed(2)})`,
    );
  }
});
if (faulty > 0) console.error(`${faulty} faults`);
process.exit(faulty > 0 ? 1 : 0);
