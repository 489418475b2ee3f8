import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { saturate } from '../load/saturate.ts';
import { chatBody } from '../load/request.ts';
import { type CpuLimit, limitCpu } from '../measure/cpu-share.ts';
import { childrenOf } from '../measure/process-tree.ts';
import { medianOf } from '../measure/statistics.ts';
import { llmProxyOnTwoCores, llmProxyTwoWorkers } from '../peers/llm-proxy.ts';
import type { RunningPeer } from '../peers/peer.ts';
import { startPeer } from '../peers/start-peer.ts';
import { type Bench, withBench } from '../work/bench.ts';

/**
 * Measures how much more two workers do than one where each may use the same share of a core, so that load and provider have
 * room on a machine with two cores. Needs Linux, root, the control group `cpu` and wrk.
 * Run: bun bench/parts/worker-shares.ts [--share 0.3] [--rounds 6] [--seconds 5]
 */
const { values } = parseArgs({
  options: {
    share: { type: 'string', default: '0.3' },
    rounds: { type: 'string', default: '6' },
    seconds: { type: 'string', default: '5' },
  },
});
const CONNECTIONS = 64;
/** Without a limit, so that the compilers have done their work. */
const WARM_UP_SECONDS = 8;

await withBench(Number(values.seconds), measure);

async function measure(bench: Bench): Promise<void> {
  const bodyFile = join(bench.folder, 'small.json');
  await Bun.write(bodyFile, chatBody(60));
  const ask = async (peer: RunningPeer, seconds: number): Promise<number> => {
    const { requests, faults } = await saturate({ peer, bodyFile, connections: CONNECTIONS, seconds });
    if (faults > 0) throw new Error(`${faults} requests to ${peer.name} failed`);
    return requests / seconds;
  };
  const one = await startPeer(llmProxyOnTwoCores, bench);
  const two = await startPeer(llmProxyTwoWorkers, bench);
  for (const peer of [one, two]) await ask(peer, WARM_UP_SECONDS);
  const limits = [one.pid ?? 0, ...childrenOf(two.pid ?? 0)].map((pid) =>
    limitCpu(pid, Number(values.share)),
  );
  try {
    const ratios: number[] = [];
    for (let round = 0; round < Number(values.rounds); round++) {
      const isTwoFirst = round % 2 === 1;
      const before = isTwoFirst ? await ask(two, bench.seconds) : 0;
      const ofOne = await ask(one, bench.seconds);
      const ofTwo = isTwoFirst ? before : await ask(two, bench.seconds);
      ratios.push(ofTwo / ofOne);
      console.log(`one ${Math.round(ofOne)}/s, two ${Math.round(ofTwo)}/s: ${(ofTwo / ofOne).toFixed(2)} ×`);
    }
    console.log(`two workers with ${values.share} of a core each: ${medianOf(ratios).toFixed(2)} × one`);
  } finally {
    await Promise.all([one.stop(), two.stop()]);
    await lift(limits);
  }
}

/** A group can be removed a moment after its last thread has ended. */
async function lift(limits: readonly CpuLimit[]): Promise<void> {
  await Bun.sleep(500);
  for (const limit of limits) limit.lift();
}
