import { dollarsOf } from '../prices/cost.ts';
import { type Attempt, sentOf, type Unsuitable } from '../routing/outcome.ts';
import type { AnswerStream, StreamedAnswer, StreamEnd, WholeAnswer } from './answer.ts';
import { answerHeaders, withOurs } from './answer-headers.ts';
import { Refusal } from './refusals.ts';
import type { Cost } from './cost.ts';
import type { Ending } from './events.ts';
import { objectTap } from './made-objects.ts';
import type { Clock } from './ports.ts';
import type { ByteSink } from './pipe.ts';
import { refusalResponse } from './refuse.ts';
import { costOf } from './request-cost.ts';
import { type ServedRequest, type Settlement, settleWhenGone } from './settle.ts';

/** Turns what the attempts came to into the client's answer; the request is settled when its last byte has gone. */
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

/** The status that nginx logs for a client that closed its connection; nobody receives it. */
const CLIENT_CLOSED_REQUEST = 499;

function clientClosed(served: ServedRequest): Response {
  served.settle({ ending: 'client-left', status: CLIENT_CLOSED_REQUEST });
  return new Response(null, { status: CLIENT_CLOSED_REQUEST });
}

/** The cost of a whole answer is known before its header is written, unless the catalogue of prices has to be read first. */
function deliverWhole(answer: WholeAnswer, served: ServedRequest): Response | Promise<Response> {
  const { planned, execution, gateway } = served;
  const { usage } = answer;
  const cost = usage && costOf(planned, execution, { usage, isEstimated: false, costs: gateway.costs });
  if (cost instanceof Promise) return cost.then((known) => sendWhole(answer, served, known));
  return sendWhole(answer, served, cost);
}

function sendWhole(answer: WholeAnswer, served: ServedRequest, cost: Cost | undefined): Response {
  const { status, bytes, usage, text } = answer;
  // What can throw comes first: a request that is settled has been answered.
  const headers = answerHeaders(answer.headers, served);
  if (cost?.nano !== undefined) headers.set('x-llm-proxy-cost', dollarsOf(cost.nano));
  if (status >= 400 || answer.isFailure === true) addRetryAfter(headers, served.execution.history.at(-1));
  const body = served.planned.request.method === 'HEAD' ? headBody(answer, headers) : bytes;
  const response = new Response(body, { status, headers });
  const tap = objectTap(answer, served);
  tap?.push(bytes);
  tap?.end();
  reportBytes(answer, bytes, served);
  const ending = status >= 400 || answer.isFailure === true ? 'failed' : 'complete';
  settleWhenGone(served, bytes.byteLength, (other) =>
    served.settle({ ending: other ?? ending, status, usage, text }),
  );
  return response;
}

/**
 * The body of an answer to HEAD, which is never sent. The length in its header is the provider's: that of the answer to GET.
 * Where the provider gave none, the runtime would write 0, but for a stream, whose length it does not know.
 */
function headBody({ headers: upstream, status }: WholeAnswer, headers: Headers): ReadableStream | null {
  const length = upstream.get('content-length');
  if (status === 204 || status === 304) return null;
  if (length === null || !/^\d+$/.test(length)) return new ReadableStream();
  headers.set('content-length', length);
  return null;
}

/** Says how long to wait where the provider said so in a word of its own, which clients do not know. */
function addRetryAfter(headers: Headers, last: Attempt | undefined): void {
  const outcome = last?.outcome;
  if (outcome?.kind !== 'rate-limited' || outcome.retryAfterMs === undefined) return;
  if (headers.has('retry-after') || headers.has('retry-after-ms')) return;
  headers.set('retry-after', String(Math.ceil(outcome.retryAfterMs / 1000)));
}

/** No provider gave an answer that can be shown: one of ours, which names no provider's address. */
function deliverFailure(served: ServedRequest): Response {
  const refusal = failureOf(served.execution.history, served.planned.plan.model.name);
  served.settle({ ending: 'failed', status: refusal.status, code: refusal.code });
  const { id, request } = served.planned;
  return refusalResponse(refusal, { id, ...request }, withOurs(new Headers(), served));
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

/** No route could be asked at all: the client is told what stands in the way. */
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
    // Nobody would read it: the provider would go on, and its place stay taken.
    stream.cancel();
    throw error;
  }
}

/**
 * The client's side of a stream. What the client does not take holds the provider up, so nothing piles up here. A
 * stream that broke gets an error event and then a broken connection, so that no client can take it for complete; one
 * that ends with the provider's own error event ends in order behind it.
 */
function clientStream(answer: StreamedAnswer, served: ServedRequest): ReadableStream<Uint8Array> {
  const { stream, status } = answer;
  const tap = objectTap(answer, served);
  const settleAs = (ending: Ending): void =>
    served.settle({ ending, status, usage: stream.usage(), text: stream.text() });
  return new ReadableStream({
    // The runtime's own kind of stream: it is written to, where the standard's would wait for each piece to be asked for.
    type: 'direct',
    async pull(client) {
      const sink = sinkOf(client, (bytes) => {
        tap?.push(bytes);
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
          // The provider's own last word is as good an end as any, and some clients read it only when the stream has ended.
          if (end.isTold) {
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
      // Clients often leave at the protocol's last word, without waiting for the connection to end.
      const isDone = stream.isDone();
      stream.cancel();
      settleAs(isDone ? 'complete' : 'client-left');
    },
  });
}

/** What a stream has come to in which something threw: a bug, or a client whose connection failed. */
function endOfThrown(
  error: unknown,
  { stream }: StreamedAnswer,
  { planned, gateway }: ServedRequest,
): StreamEnd {
  stream.cancel();
  if (planned.request.signal.aborted) return { kind: 'left' };
  gateway.emit({ type: 'bug', requestId: planned.id, error });
  return { kind: 'broken', reason: 'the gateway failed', isTold: false };
}

/** Writes to the client at once, and waits where it does not keep up. */
function sinkOf(client: DirectController, told: (bytes: Uint8Array) => void): ByteSink {
  return {
    write(bytes) {
      told(bytes);
      const written = client.write(bytes);
      void client.flush();
      return typeof written === 'number' ? undefined : written;
    },
  };
}

/** What the runtime gives a stream of the type `direct` to write to. */
interface DirectController {
  readonly write: (bytes: Uint8Array) => number | Promise<number>;
  readonly flush: () => number | Promise<number>;
}

/** Tells of bytes on their way to the client, where somebody wants to know: bodies are nobody's business otherwise. */
function reportBytes(
  { headers }: WholeAnswer | StreamedAnswer,
  bytes: Uint8Array,
  { planned, gateway }: ServedRequest,
): void {
  if (!planned.snapshot.logging.separateFiles) return;
  gateway.emit({ type: 'answer-bytes', requestId: planned.id, headers, bytes });
}

/** What a broken stream ends with. It is no `Error`, since the runtime prints those, and this one is meant. */
const BROKEN = new DOMException('the stream broke off', 'AbortError');

/** Long enough for the last event to be read before the connection is reset behind it: a reset may overtake it. */
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
