import { chatBody, requestText } from '../load/request.ts';
import type { Generator } from '../load/start-generator.ts';
import { usageOf } from '../measure/process-tree.ts';
import type { RunningPeer } from '../peers/peer.ts';
import type { Figures } from './figures.ts';

export interface StreamWork {
  readonly streams: number;
  /** Events a second for each stream; 0: as fast as they are taken. */
  readonly pace: number;
  readonly seconds: number;
}

/** The time between the last stream's first event and the measurement. */
const SETTLE_MS = 500;

/** Many streams at once. Measured is the time in which all are open; opening and ending them is not in the CPU for each event. */
export async function measureStreams(
  generator: Generator,
  { port, pid }: RunningPeer,
  { streams, pace, seconds }: StreamWork,
): Promise<Figures> {
  const load = { port, streams, rampMs: streams * 1.5, request: requestText(port, chatBody(60, true)) };
  generator.send({ kind: 'open-streams', pace, load });
  await generator.next('open', 120_000);
  await Bun.sleep(SETTLE_MS);

  const [before, loadBefore] = [usageOf(pid), usageOf(generator.pid)];
  const startedAtMs = performance.now();
  generator.send({ kind: 'begin-window' });
  await Bun.sleep(seconds * 1000);
  generator.send({ kind: 'end-window' });
  const { events, latency } = await generator.next('window');
  const took = (performance.now() - startedAtMs) / 1000;
  const [after, loadAfter] = [usageOf(pid), usageOf(generator.pid)];

  generator.send({ kind: 'finish-streams' });
  const closed = await generator.next('closed', 120_000);
  const lost = Math.abs(closed.sent - closed.events);
  const faults = streams - closed.complete + lost;
  if (faults > 0) console.error(`  faults: ${JSON.stringify(closed.faults)}, ${lost} events lost`);
  const proxySeconds = after.cpuSeconds - before.cpuSeconds;
  return {
    cpuMicros: (proxySeconds * 1e6) / events,
    perSecond: events / took,
    p50: latency.p50,
    p99: latency.p99,
    p999: latency.p999,
    firstEventP50: closed.firstEvent.p50,
    firstEventP99: closed.firstEvent.p99,
    rssMb: after.rssMb,
    proxyBusy: proxySeconds / took,
    loadBusy: (loadAfter.cpuSeconds - loadBefore.cpuSeconds) / took,
    faults,
  };
}
