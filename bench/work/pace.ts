import { chatBody, requestText } from '../load/request.ts';
import type { RunningPeer } from '../peers/peer.ts';
import type { Bench } from './bench.ts';
import type { Figures } from './figures.ts';
import { figuresOf, startMeter } from './meter.ts';

/** Small requests at a constant rate, however long the answers take. Shows the latency that a proxy adds when it is not busy. */
export async function measurePace(
  { generator, seconds }: Bench,
  { pid, port, headers }: RunningPeer,
  perSecond: number,
): Promise<Figures> {
  const request = requestText(port, headers, chatBody(60));
  const stop = startMeter(pid, generator.pid);
  generator.send({ kind: 'ask-at-pace', load: { port, request, perSecond, seconds } });
  const { latency, faults } = await generator.next('paced', 60_000);
  return {
    ...figuresOf(stop(), latency.count),
    p50: latency.p50,
    p99: latency.p99,
    p999: latency.p999,
    faults,
  };
}
