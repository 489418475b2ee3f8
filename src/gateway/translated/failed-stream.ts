import { copyOfFields, type Fields } from '../../lib/http/fields.ts';
import { valueAt } from '../../lib/json/json-scan.ts';
import { withoutCoding } from '../../lib/http/content-coding.ts';
import { asObject } from '../../protocols/json-object.ts';
import { reportedError } from '../../protocols/reported-error.ts';
import { NO_TEXT } from '../../protocols/text.ts';
import type { Outcome } from '../../routing/outcome.ts';
import type { WholeAnswer } from '../answer.ts';
import type { ReplyContext } from '../classification.ts';
import { redact } from '../redact.ts';

/** An error reply with its decoded body. */
interface ErrorReply {
  readonly status: number;
  readonly decoded: Uint8Array;
  readonly headers: Fields;
}

/**
 * Formats an error status as a stream that only reports the failure, for clients that asked for a stream and
 * recognise this kind of error in no other form; undefined if the status is better. Like any error, it is delivered
 * only if no other route is left.
 */
export function failedStreamOf(
  { status, decoded, headers: given }: ErrorReply,
  outcome: Outcome,
  { planned, provider }: ReplyContext,
): WholeAnswer | undefined {
  const { isStream, clientProtocol } = planned.plan;
  if (!isStream || clientProtocol.failedStream === undefined || decoded.byteLength > MAX_BYTES)
    return undefined;
  const value = asObject(valueAt(decoded, 0, decoded.byteLength)) ?? {};
  // Use the status for facts that the body does not report.
  const report = reportedError({ ...value, error: withStatus(value.error ?? value, status) });
  if (report === undefined) return undefined;
  const retryAfterMs =
    outcome.kind === 'rate-limited' || outcome.kind === 'failed' ? outcome.retryAfterMs : undefined;
  const text = clientProtocol.failedStream({ ...report, retryAfterMs: retryAfterMs ?? report.retryAfterMs });
  if (text === undefined) return undefined;
  const headers = copyOfFields(withoutCoding(given));
  headers.set('content-type', 'text/event-stream');
  const bytes = redact(new TextEncoder().encode(text), provider);
  return { kind: 'whole', status: 200, headers, bytes, usage: undefined, text: NO_TEXT, isFailure: true };
}

function withStatus(error: unknown, status: number): object {
  const object = asObject(error);
  if (object === undefined) return { message: typeof error === 'string' ? error : undefined, status };
  return { ...object, status };
}

/** Larger error bodies are not examined. */
const MAX_BYTES = 1024 * 1024;
