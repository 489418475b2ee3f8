import { dollarsOf } from '../prices/cost.ts';
import { type Attempt, sentOf, type Unsuitable } from '../routing/outcome.ts';
import type { AnswerStream, StreamedAnswer, StreamEnd, WholeAnswer } from './answer.ts';
import { type AnswerFields, answerHeaders, ownHeaders } from './answer-headers.ts';
import { Refusal } from './refusals.ts';
import type { Cost } from './cost.ts';
import type { Ending } from './events.ts';
import { objectTap } from './objects/made-objects.ts';
import type { Clock } from './ports.ts';
import type { ByteSink } from './body/pipe.ts';
import { refusalResponse } from './refuse.ts';
import { costOf } from './request-cost.ts';
import { type ServedRequest, type Settlement, settleWhenGone } from './settle.ts';

/** Turns the result of the attempts into the client's response. The request is settled once its last byte is sent. */
export function relay(
  { planned, execution, gateway }: Pick<ServedRequest, 'planned' | 'execution' | 'gateway'>,
  settle: (served: ServedRequest, settlement: Settlement) => void,
): Response | Promise<Response> {
  const { answer, decision } = execution;
  const firstByteAtMs = gateway.clock.nowMs();
  const served: ServedRequest = {
    planned,
    execution,
    gateway,
    firstByteAtMs,
    settle: (end) => settle(served, end),
  };
  if (decision.kind === 'give-up' && decision.because === 'cancelled') return clientClosed(served);
  if (answer === undefined) return deliverFailure(served);
  return answer.kind === 'whole' ? deliverWhole(answer, served) : deliverStream(answer, served);
}

/** The status that nginx logs if the client closed the connection. Nobody receives it. */
const CLIENT_CLOSED_REQUEST = 499;

function clientClosed(served: ServedRequest): Response {
  served.settle({ ending: 'client-left', status: CLIENT_CLOSED_REQUEST });
  return new Response(null, { status: CLIENT_CLOSED_REQUEST });
}

/**
 * Delivers a complete answer. Its cost is calculated before the header is written, unless the price catalogue has to
 * be loaded first.
 */
function deliverWhole(answer: WholeAnswer, served: ServedRequest): Response | Promise<Response> {
  const { planned, execution, gateway } = served;
  const { usage } = answer;
  const cost = usage && costOf(planned, execution, { usage, isEstimated: false, costs: gateway.costs });
  if (cost instanceof Promise) return cost.then((known) => sendWhole(answer, served, known));
  return sendWhole(answer, served, cost);
}

function sendWhole(answer: WholeAnswer, served: ServedRequest, cost: Cost | undefined): Response {
  const { status, bytes, usage, text } = answer;
  // Do everything that can throw before settling, because a settled request counts as answered.
  const headers = answerHeaders(answer.headers, served);
  if (cost?.nano !== undefined) headers['x-llm-proxy-cost'] = dollarsOf(cost.nano);
  if (status >= 400 || answer.isFailure === true) addRetryAfter(headers, served.execution.history.at(-1));
  const body = served.planned.request.method === 'HEAD' ? headBody(answer, headers) : bytes;
  const response = new Response(body, { status, headers });
  const tap = objectTap(answer, served);
  tap?.push(bytes);
  tap?.end();
  reportBytes(answer, bytes, served);
  const ending = status >= 400 || answer.isFailure === true ? 'failed' : 'complete';
  settleWhenGone(served, bytes.byteLength, (other) =>
    served.settle({ ending: other ?? ending, status, usage, text, cost }),
  );
  return response;
}

/**
 * Returns a body for a HEAD response, which is never sent. The header keeps the provider's length, which is that of
 * the GET answer. If the provider gave none, a stream of unknown length keeps the runtime from writing 0.
 */
function headBody({ headers: upstream, status }: WholeAnswer, headers: AnswerFields): ReadableStream | null {
  const length = upstream.get('content-length');
  if (status === 204 || status === 304) return null;
  if (length === null || !/^\d+$/.test(length)) return new ReadableStream();
  headers['content-length'] = length;
  return null;
}

/** Adds `retry-after` if the provider reported the wait in a way that clients do not know. */
function addRetryAfter(headers: AnswerFields, last: Attempt | undefined): void {
  const outcome = last?.outcome;
  if (outcome?.kind !== 'rate-limited' || outcome.retryAfterMs === undefined) return;
  if ('retry-after' in headers || 'retry-after-ms' in headers) return;
  headers['retry-after'] = String(Math.ceil(outcome.retryAfterMs / 1000));
}

/**
 * Delivers the gateway's own error if no provider gave an answer that can be delivered. It reveals no provider's
 * address.
 */
function deliverFailure(served: ServedRequest): Response {
  const refusal = failureOf(served.execution.history, served.planned.plan.model.name);
  served.settle({ ending: 'failed', status: refusal.status, code: refusal.code });
  const { id, request } = served.planned;
  return refusalResponse(refusal, { id, ...request }, ownHeaders(served));
}

function failureOf(history: readonly Attempt[], model: string): Refusal {
  const outcome = (sentOf(history).at(-1) ?? history[0])?.outcome;
  switch (outcome?.kind) {
    case 'timed-out':
      return new Refusal('upstream_timeout', { model, reason: outcome.phase });
    case 'unreachable':
      return new Refusal('upstream_unreachable', { model, reason: outcome.reason });
    case 'failed':
    case 'rate-limited':
    case 'rejected':
    case 'answered':
      return new Refusal('upstream_invalid', {
        model,
        reason: (outcome.kind === 'failed' && outcome.defect) || outcome.kind,
      });
    case 'unsuitable':
      return unsuitableRefusal(outcome.loss, model);
    case 'cancelled':
    case undefined:
      return new Refusal('no_route', { model });
  }
}

/** Builds the refusal for a request that no route can express. */
function unsuitableRefusal({ path, why, isInvalid }: Unsuitable, model: string): Refusal {
  if (isInvalid && path === '') return new Refusal('invalid_body', { problem: `${why}.` });
  if (isInvalid) return new Refusal('invalid_body', { problem: `${path}: ${why}.` }, { param: path });
  return new Refusal('translation_unsupported', { model, path, why }, { param: path });
}

function deliverStream(answer: StreamedAnswer, served: ServedRequest): Response {
  const { status, stream } = answer;
  try {
    return new Response(clientStream(answer, served), {
      status,
      headers: answerHeaders(answer.headers, served),
    });
  } catch (error) {
    // Nobody will read the stream, so release the provider and the in-flight count.
    stream.cancel();
    throw error;
  }
}

/**
 * Creates the client's side of a stream. Backpressure from the client pauses the provider, so nothing accumulates
 * here. A broken stream ends with an error event and a broken connection, so that no client can take it for complete.
 * A stream that ends with the provider's own error event is closed normally.
 */
function clientStream(answer: StreamedAnswer, served: ServedRequest): ReadableStream<Uint8Array> {
  const { stream, status } = answer;
  const tap = objectTap(answer, served);
  const settleAs = (ending: Ending): void =>
    served.settle({ ending, status, usage: stream.usage(), text: stream.text() });
  return new ReadableStream({
    // The runtime's direct streams accept writes; standard streams would wait for a pull per chunk.
    type: 'direct',
    async pull(client) {
      const { admission } = served.planned;
      const sink = sinkOf(client, (bytes) => {
        tap?.push(bytes);
        admission.grow?.(bytes.byteLength);
        reportBytes(answer, bytes, served);
      });
      let end: StreamEnd;
      try {
        end = await stream.pipeTo(sink);
      } catch (error) {
        end = endOfThrown(error, answer, served);
      }
      switch (end.kind) {
        case 'complete':
          tap?.end();
          settleAs('complete');
          client.close();
          return;
        case 'left':
          settleAs('client-left');
          return;
        case 'broken':
          settleAs('truncated');
          // The provider's error event is a proper end, and some clients read it only after the stream has closed.
          if (end.isErrorForwarded) {
            client.close();
            return;
          }
          if (stream.takesEvents) void sink.write(errorEvent(end.reason, stream));
          if (stream.endsInOrder === true) {
            client.close();
            return;
          }
          await graceBeforeReset(served.gateway.clock);
          client.close(BROKEN);
      }
    },
    cancel() {
      // Clients often disconnect at the end marker without waiting for the end of the connection.
      const isDone = stream.isDone();
      stream.cancel();
      settleAs(isDone ? 'complete' : 'client-left');
    },
  });
}

/** Returns the end of a stream that threw: a bug, or a failed connection to the client. */
function endOfThrown(
  error: unknown,
  { stream }: StreamedAnswer,
  { planned, gateway }: ServedRequest,
): StreamEnd {
  stream.cancel();
  if (planned.request.signal.aborted) return { kind: 'left' };
  gateway.emit({ type: 'bug', requestId: planned.id, error });
  return { kind: 'broken', reason: 'the gateway failed', isErrorForwarded: false };
}

/** Writes to the client immediately, and waits if the client falls behind. */
function sinkOf(client: DirectController, onBytes: (bytes: Uint8Array) => void): ByteSink {
  return {
    write(bytes) {
      onBytes(bytes);
      const written = client.write(bytes);
      void client.flush();
      return typeof written === 'number' ? undefined : written;
    },
  };
}

/** The writer that the runtime passes to a `direct` stream. */
interface DirectController {
  readonly write: (bytes: Uint8Array) => number | Promise<number>;
  readonly flush: () => number | Promise<number>;
}

/** Reports the bytes sent to the client, if the configuration enables that. */
function reportBytes(
  { headers }: WholeAnswer | StreamedAnswer,
  bytes: Uint8Array,
  { planned, gateway }: ServedRequest,
): void {
  if (!planned.snapshot.logging.separateFiles) return;
  gateway.emit({ type: 'answer-bytes', requestId: planned.id, headers, bytes });
}

/**
 * The reason for breaking a stream. It is not an `Error`, because the runtime prints those and this one is
 * intentional.
 */
const BROKEN = new DOMException('the stream broke off', 'AbortError');

/** Gives the client time to read the last event before the connection is reset, since a reset may overtake it. */
const RESET_GRACE_MS = 100;

function graceBeforeReset(clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    clock.setTimer(RESET_GRACE_MS, resolve);
  });
}

function errorEvent(reason: string, stream: AnswerStream): Uint8Array {
  const { message, code } = new Refusal('upstream_truncated', { reason });
  return new TextEncoder().encode(stream.errorEvent({ message, code }));
}
