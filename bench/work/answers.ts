import { requestText, STREAM_SHAPES } from '../load/request.ts';
import type { RunningPeer } from '../peers/peer.ts';
import type { Bench } from './bench.ts';
import type { Figures } from './figures.ts';
import { figuresOf, startMeter } from './meter.ts';

export interface AnswersWork {
  /** Requests started a second. */
  readonly perSecond: number;
  /** Events a second in each answer. */
  readonly pace: number;
  /** Events in each answer, except the last ones, which tell how it ended. */
  readonly length: number;
}

/** Complete streamed answers of the usual kind: the proxy's whole work for each of them. */
export async function measureAnswers(
  { generator, seconds }: Bench,
  { pid, port, headers }: RunningPeer,
  { perSecond, pace, length }: AnswersWork,
): Promise<Figures> {
  const { path, body, ending } = STREAM_SHAPES.chat();
  const request = requestText(port, headers, body, path);
  const streams = perSecond * seconds;
  const stop = startMeter(pid, generator.pid);
  generator.send({
    kind: 'open-streams',
    pace,
    length,
    load: { port, streams, rampMs: seconds * 1000, request, ending },
  });
  const { complete, faults, firstEvent } = await generator.next('closed', 60_000);
  if (complete < streams) console.error(`  faults: ${JSON.stringify(faults)}`);
  return {
    ...figuresOf(stop(), streams),
    firstEventP50: firstEvent.p50,
    firstEventP99: firstEvent.p99,
    faults: streams - complete,
  };
}
