import { valueAt } from '../../lib/json/json-scan.ts';
import { withoutCoding } from '../../lib/http/content-coding.ts';
import { asObject } from '../../protocols/json-object.ts';
import { reportedError } from '../../protocols/reported-error.ts';
import { NO_TEXT } from '../../protocols/text.ts';
import type { Outcome } from '../../routing/outcome.ts';
import type { WholeAnswer } from '../answer.ts';
import type { ReplyContext } from '../classification.ts';
import { redact } from '../redact.ts';

/** An error answer, its body decoded. */
interface ErrorReply {
  readonly status: number;
  readonly decoded: Uint8Array;
  readonly headers: Headers;
}

/**
 * An error status as a stream that says nothing but that it failed, for a client that asked for a stream and recognises this kind of error in
 * no other form. undefined: the status is better. It is delivered once no other route is left, as any error is.
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
  // What the body does not tell, the status does.
  const report = reportedError({ ...value, error: withStatus(value.error ?? value, status) });
  if (report === undefined) return undefined;
  const retryAfterMs =
    outcome.kind === 'rate-limited' || outcome.kind === 'failed' ? outcome.retryAfterMs : undefined;
  const text = clientProtocol.failedStream({ ...report, retryAfterMs: retryAfterMs ?? report.retryAfterMs });
  if (text === undefined) return undefined;
  const headers = new Headers(withoutCoding(given));
  headers.set('content-type', 'text/event-stream');
  const bytes = redact(new TextEncoder().encode(text), provider);
  return { kind: 'whole', status: 200, headers, bytes, usage: undefined, text: NO_TEXT, isFailure: true };
}

function withStatus(error: unknown, status: number): object {
  const object = asObject(error);
  if (object === undefined) return { message: typeof error === 'string' ? error : undefined, status };
  return { ...object, status };
}

/** No error that says what is wrong is larger. */
const MAX_BYTES = 1024 * 1024;
