/**
 * Measures the CPU of a small request that the response cache answers, against the same request refused for its budget.
 *
 *     bun bench/hits.ts [--rounds 2] [--seconds 2]
 *
 * One gateway with a key, a limit and a log, as in `bench/run`. Exits with 1 if a hit costs more than 1.3 times a refusal.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { saturate } from './load/saturate.ts';
import { BENCH_KEY, BENCH_MODEL, chatBody, CHAT_PATH, requestHeaders } from './load/request.ts';
import { alternate } from './measure/alternate.ts';
import { medianOf } from './measure/statistics.ts';
import { gateway } from './peers/llm-proxy.ts';
import type { RunningPeer } from './peers/peer.ts';
import { startPeer } from './peers/start-peer.ts';
import { withBench, type Bench } from './work/bench.ts';
import { startMeter } from './work/meter.ts';

const text = { type: 'string' } as const;
const { values } = parseArgs({ options: { rounds: text, seconds: text } });
const rounds = Number(values.rounds ?? 2);
const MOST_RATIO = 1.3;
/** Its budget is used up by a few requests. */
const POOR_KEY = 'sk-poor';

const peer = gateway(
  'llm-proxy',
  ({ upstreamPort, folder }) => `
providers: [{name: mock, api_base: "http://127.0.0.1:${upstreamPort}/v1", api_key: sk-mock}]
models: {${BENCH_MODEL}: {cache: {any_temperature: true}, routes: [{provider: mock, model: bench-upstream}]}}
prices: {models: {"mock/*": {input: 2, output: 10}}}
master_keys:
  - {name: bench, key: ${BENCH_KEY}, limits: [{cost: 1000, per: total}]}
  - {name: poor, key: ${POOR_KEY}, cache: {enabled: false}, limits: [{cost: 0.0002, per: total}]}
spend: {journal: memory}
logging: {level: info, format: json, general_file: "${folder}/proxy.log", enable_metrics: true}
`,
);

const hasPassed = await withBench(Number(values.seconds ?? 2), async (bench) => {
  const hit = await startPeer(peer, bench);
  bench.running.set(hit.name, hit);
  const refused = { ...hit, headers: { authorization: `Bearer ${POOR_KEY}` } };
  await untilAnswer(hit, 200, 'hit');
  await untilAnswer(refused, 429, null);
  const runs: Record<'hit' | 'refused', number[]> = { hit: [], refused: [] };
  for (const warming of [hit, refused]) await microsOf({ ...bench, seconds: 4 }, warming);
  for (let round = 0; round < rounds; round++)
    for (const name of alternate(['hit', 'refused'] as const))
      runs[name].push(await microsOf(bench, name === 'hit' ? hit : refused));
  const [hitMicros, refusedMicros] = [medianOf(runs.hit), medianOf(runs.refused)];
  const ratio = hitMicros / refusedMicros;
  console.log(
    `CPU of a hit ${hitMicros.toFixed(1)} µs, of a refusal ${refusedMicros.toFixed(1)} µs, ratio ${ratio.toFixed(2)}`,
  );
  return ratio <= MOST_RATIO;
});
process.exit(hasPassed ? 0 : 1);

async function microsOf({ generator, folder, seconds }: Bench, peer: RunningPeer): Promise<number> {
  const bodyFile = join(folder, 'body.json');
  await Bun.write(bodyFile, chatBody(60));
  const stop = startMeter(peer.pid, generator.pid);
  const { requests } = await saturate({ peer, bodyFile, connections: 64, seconds });
  return (stop().proxySeconds * 1e6) / requests;
}

/** Asks until the answer is the one that is to be measured. */
async function untilAnswer(peer: RunningPeer, status: number, cache: string | null): Promise<void> {
  let text = '';
  for (let count = 0; count < 20; count++) {
    const response = await fetch(`http://127.0.0.1:${peer.port}${CHAT_PATH}`, {
      method: 'POST',
      headers: requestHeaders(peer.headers),
      body: chatBody(60),
    });
    text = await response.text();
    if (response.status === status && response.headers.get('x-llm-proxy-cache') === cache) return;
  }
  throw new Error(`the gateway never answers with ${status}, but last with ${text}`);
}
