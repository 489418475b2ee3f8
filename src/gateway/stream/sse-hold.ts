import type { StreamSign } from '../../protocols/protocol.ts';
import { lastTelling } from '../../protocols/stream.ts';
import type { Defect } from '../../routing/outcome.ts';
import { outcomeOfAbort } from '../attempt-timeouts.ts';
import type { Held } from './beginning.ts';
import type { Classification, Reply, ReplyContext } from '../classification.ts';
import { judgeReport } from '../classify-report.ts';
import { isOtherText, NOTHING, prefixed } from '../body/sniffed-body.ts';
import { EVENTS } from './framing.ts';
import { SseForward } from './sse-forward.ts';
import { SseReading } from './sse-reading.ts';

/** A stream with this much data and no content is not an answer. */
const MAX_HELD_BYTES = 8 * 1024 * 1024;

const ANSWERED = { kind: 'answered' } as const;
const COMMITTED = { kind: 'committed' } as const;
const NO_BYTES = new Uint8Array(0);

/**
 * Holds an event stream back until its first content, or until it has been alive long enough to be committed, and so
 * determines whether it is an answer. The reply's body must not be compressed.
 */
export async function openEventStream(
  reply: Reply,
  reading: ReplyContext,
  classifyWhole: (reply: Reply, reading: ReplyContext) => Classification | Promise<Classification>,
  framing = EVENTS,
): Promise<Classification> {
  const { status, headers } = reply;
  const events = new SseReading(reply.body ?? NOTHING, reading, framing);
  const held = await hold(events, status);
  if (held.kind === 'committed') {
    const stream = new SseForward(events);
    return { outcome: ANSWERED, answer: { kind: 'streamed', status, headers, stream } };
  }
  if (held.kind === 'no-events') return classifyWhole({ ...reply, body: held.body }, reading);
  if (held.kind !== 'error') return { outcome: held, usage: events.signs.usage() };
  return judgeReport(held.report, { reply, reading, defect: 'error-event', events: held.events });
}

/** Reads until the first content or the time to commit. Any other result means that the stream has ended. */
async function hold(reading: SseReading, status: number): Promise<Held> {
  for (let isFirst = true; ; isFirst = false) {
    const chunk = await reading.beginning.next();
    if (chunk === 'commit') return COMMITTED;
    if (isFirst && typeof chunk !== 'string' && isOtherText(chunk)) {
      return { kind: 'no-events', body: prefixed(chunk, reading.source) };
    }
    const sign = typeof chunk === 'string' ? reading.takeTail() : take(reading, chunk);
    if (sign === 'content') {
      reading.beginning.stop();
      reading.timeouts.answered();
      if (reading.isThinking) reading.timeouts.thinking();
      return COMMITTED;
    }
    if (sign !== undefined || typeof chunk === 'string') {
      return fail(reading, { status, sign, defect: chunk === 'broken' ? 'truncated' : 'no-content' });
    }
    if (reading.beginning.alive(reading.isThinking)) return COMMITTED;
  }
}

interface Failure {
  readonly status: number;
  readonly sign: StreamSign | undefined;
  readonly defect: Defect;
}

function fail(reading: SseReading, { status, sign, defect }: Failure): Held {
  const cut = reading.timeouts.cause;
  const report = sign === 'error' ? reading.signs.error() : undefined;
  const events = report === undefined ? NO_BYTES : Buffer.concat(reading.kept);
  reading.finish({ kind: 'broken', reason: 'no content', isErrorForwarded: false });
  if (cut !== undefined) return outcomeOfAbort(cut);
  if (report !== undefined) return { kind: 'error', report, events };
  const what = sign === 'error' ? 'error-event' : defect;
  return { kind: 'failed', status, defect: what, retryAfterMs: undefined, fault: 'provider' };
}

/**
 * Queues the events of a chunk. Returns the deciding sign (content, an error or an end); undefined if there is none
 * yet.
 */
function take(reading: SseReading, chunk: Uint8Array): StreamSign | undefined {
  const block = reading.push(chunk);
  if (block === undefined) return 'error';
  if (block.byteLength === 0) return undefined;
  const signs = reading.read(block);
  const sign = signs.find(
    (each) => each === 'content' || each === 'error' || each === 'done' || each === 'cut',
  );
  reading.hasContent = sign === 'content';
  const last = lastTelling(signs);
  if (last !== undefined) reading.isThinking = last === 'thinking';
  if (reading.isThinking) reading.timeouts.thinking();
  reading.heldBytes += block.byteLength;
  return sign ?? (reading.heldBytes > MAX_HELD_BYTES ? 'error' : undefined);
}
