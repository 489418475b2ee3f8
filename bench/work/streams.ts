import { type ClientApi, requestText, STREAM_SHAPES } from '../load/request.ts';
import type { RunningPeer } from '../peers/peer.ts';
import type { Bench } from './bench.ts';
import type { Figures } from './figures.ts';
import { figuresOf, startMeter } from './meter.ts';

export interface StreamWork {
  readonly streams: number;
  /** Events a second for each stream; 0 sends them as fast as they are taken. */
  readonly pace: number;
  /** The client's API. By default it is the provider's own, so that the proxy passes the stream through. */
  readonly api?: ClientApi;
}

/** The time between the last stream's first event and the measurement. */
const SETTLE_MS = 500;

/** Many streams at once. Only the time in which all are open is measured, so the CPU for each event excludes opening and ending. */
export async function measureStreams(
  { generator, seconds }: Bench,
  { pid, port, headers }: RunningPeer,
  { streams, pace, api = 'chat' }: StreamWork,
): Promise<Figures> {
  const { path, body, ending } = STREAM_SHAPES[api]();
  const request = requestText(port, headers, body, path);
  generator.send({
    kind: 'open-streams',
    pace,
    load: { port, streams, rampMs: streams * 1.5, request, ending },
  });
  const { faults: unopened } = await generator.next('open', 60_000);
  if (unopened !== '') {
    generator.send({ kind: 'finish-streams' });
    throw new Error(`streams were not opened: ${unopened}`);
  }
  await Bun.sleep(SETTLE_MS);

  const stop = startMeter(pid, generator.pid);
  generator.send({ kind: 'begin-window' });
  await Bun.sleep(seconds * 1000);
  generator.send({ kind: 'end-window' });
  const { events, latency } = await generator.next('window');
  const metered = stop();

  generator.send({ kind: 'finish-streams' });
  const closed = await generator.next('closed', 60_000);
  const lost = Math.abs(closed.sent - closed.events);
  const faults = streams - closed.complete + lost;
  if (faults > 0) console.error(`  faults: ${JSON.stringify(closed.faults)}, ${lost} events lost`);
  return {
    ...figuresOf(metered, events),
    p50: latency.p50,
    p99: latency.p99,
    p999: latency.p999,
    firstEventP50: closed.firstEvent.p50,
    firstEventP99: closed.firstEvent.p99,
    faults,
  };
}
