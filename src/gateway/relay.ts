import { dollarsOf } from '../prices/cost.ts';
import { type Attempt, sentOf, type Unsuitable } from '../routing/outcome.ts';
import type { AnswerStream, StreamedAnswer, StreamEnd, WholeAnswer } from './answer.ts';
import { answerHeaders, ownHeaders } from './answer-headers.ts';
import type { AnswerFields, ClientAnswer, ClientStream, StreamedClientAnswer } from './client-answer.ts';
import { Refusal } from './refusals.ts';
import type { Cost } from './cost.ts';
import { isEventStream } from './event-stream.ts';
import type { Ending } from './events.ts';
import { answerTap } from './objects/answer-tap.ts';
import type { ObjectTap } from './objects/object-tap.ts';
import type { Clock } from './ports.ts';
import type { ByteSink } from './body/pipe.ts';
import { refusalAnswer } from './refuse.ts';
import { countedSink } from './limits/counted-sink.ts';
import { isPartial } from '../protocols/usage.ts';
import { costOf } from './request-cost.ts';
import { asksForCost, costComment } from './cost-comment.ts';
import { type ServedRequest, settleWhenGone } from './settle.ts';

/** Turns the result of the attempts into the client's response. The request is settled once its last byte is sent. */
export function relay(served: ServedRequest): ClientAnswer | Promise<ClientAnswer> {
  const { answer, decision } = served.execution;
  if (decision.kind === 'give-up' && decision.because === 'cancelled') return clientClosed(served);
  if (answer === undefined) return deliverFailure(served);
  return answer.kind === 'whole' ? deliverWhole(answer, served) : deliverStream(answer, served);
}

/** The status that nginx logs if the client closed the connection. No client receives it. */
const CLIENT_CLOSED_REQUEST = 499;

function clientClosed(served: ServedRequest): ClientAnswer {
  served.settle({ ending: 'client-left', status: CLIENT_CLOSED_REQUEST });
  return { kind: 'whole', status: CLIENT_CLOSED_REQUEST, fields: {}, body: null };
}

/**
 * Delivers a complete answer. Its cost is calculated before the header is written, unless the price catalogue has to
 * be loaded first.
 */
function deliverWhole(answer: WholeAnswer, served: ServedRequest): ClientAnswer | Promise<ClientAnswer> {
  const { planned, execution, gateway } = served;
  const { usage, text } = answer;
  // The gateway estimates missing counts from the text, after the answer.
  const cost =
    usage !== undefined && text.chars === 0
      ? costOf(planned, execution, { usage, isEstimated: false, costs: gateway.costs })
      : undefined;
  return cost instanceof Promise ? sendLater(answer, served, cost) : sendWhole(answer, served, cost);
}

/** Sends an answer with its cost. An answer whose cost cannot be calculated is sent without it. */
async function sendLater(
  answer: WholeAnswer,
  served: ServedRequest,
  cost: Promise<Cost>,
): Promise<ClientAnswer> {
  const { planned, gateway } = served;
  const known = await cost.catch((error: unknown) => {
    gateway.emit({ type: 'bug', requestId: planned.id, error });
    return undefined;
  });
  return sendWhole(answer, served, known);
}

function sendWhole(answer: WholeAnswer, served: ServedRequest, cost: Cost | undefined): ClientAnswer {
  const { status, bytes, usage, text } = answer;
  // Do everything that can throw before settling, because a settled request counts as answered.
  const fields = answerHeaders(answer.headers, served);
  if (cost?.nano !== undefined) fields['x-llm-proxy-cost'] = dollarsOf(cost.nano);
  if (status >= 400 || answer.isFailure === true) addRetryAfter(fields, served.execution.history.at(-1));
  const tap = answerTap(answer, served);
  tap?.push(bytes);
  tap?.end();
  reportBytes(answer, bytes, served);
  const ending = status >= 400 || answer.isFailure === true ? 'failed' : 'complete';
  settleWhenGone(served, bytes.byteLength, { ending, status, usage, text, code: undefined, cost });
  if (served.planned.request.method === 'HEAD') return headAnswer(answer, fields);
  return { kind: 'whole', status, fields, body: bytes };
}

/** The answer to HEAD. It keeps the provider's length, which is that of the GET answer. */
function headAnswer({ headers: upstream, status }: WholeAnswer, fields: AnswerFields): ClientAnswer {
  const length = upstream.get('content-length');
  const isBodiless = status === 204 || status === 304;
  const isLengthKnown = length !== null && /^\d+$/.test(length);
  if (isLengthKnown && !isBodiless) fields['content-length'] = length;
  const hasUnsentBody = !isLengthKnown && !isBodiless;
  return { kind: 'whole', status, fields, body: null, hasUnsentBody };
}

/** Adds `retry-after` if the provider reported the wait in a way that clients do not know. */
function addRetryAfter(fields: AnswerFields, last: Attempt | undefined): void {
  const outcome = last?.outcome;
  if (outcome?.kind !== 'rate-limited' || outcome.retryAfterMs === undefined) return;
  if ('retry-after' in fields || 'retry-after-ms' in fields) return;
  fields['retry-after'] = String(Math.ceil(outcome.retryAfterMs / 1000));
}

/**
 * Delivers the gateway's own error if no provider gave an answer that can be delivered. It reveals no provider's
 * address.
 */
function deliverFailure(served: ServedRequest): ClientAnswer {
  const refusal = failureOf(served.execution.history, served.planned.plan.model.name);
  served.settle({ ending: 'failed', status: refusal.status, code: refusal.code });
  const { id, request } = served.planned;
  return refusalAnswer(refusal, { id, ...request }, ownHeaders(served));
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

/**
 * Delivers a stream. Backpressure from the client pauses the provider, so nothing accumulates here. A broken stream
 * ends with an error event and a broken connection, so that no client can take it for complete. A stream that ends
 * with the provider's own error event is closed normally.
 */
function deliverStream(answer: StreamedAnswer, served: ServedRequest): ClientAnswer {
  return new DeliveredStream(answer, served);
}

/** An object without functions of its own, since a thousand of them may be open. */
class DeliveredStream implements StreamedClientAnswer {
  readonly kind = 'streamed';
  readonly status: number;
  readonly fields: AnswerFields;
  readonly #answer: StreamedAnswer;
  readonly #served: ServedRequest;
  readonly #tap: ObjectTap | undefined;

  constructor(answer: StreamedAnswer, served: ServedRequest) {
    this.status = answer.status;
    this.fields = answerHeaders(answer.headers, served);
    this.#answer = answer;
    this.#served = served;
    this.#tap = answerTap(answer, served);
  }

  async send(client: ClientStream): Promise<void> {
    const { planned } = this.#served;
    let end: StreamEnd;
    try {
      end = await this.#answer.stream.pipeTo(this.#sinkTo(client));
    } catch (error) {
      end = endOfThrown(error, this.#answer, this.#served);
    }
    if (end.kind === 'broken') return this.#breakOff(client, end);
    if (end.kind === 'complete') this.#tap?.end();
    this.#settle(end.kind === 'complete' ? 'complete' : 'client-left');
    if (end.kind !== 'complete') return;
    if (client.isShared !== true && asksForCost(planned.request.headers))
      await writeCost(client, this.#answer, this.#served);
    client.close();
  }

  cancel(): void {
    const { stream } = this.#answer;
    // Clients often disconnect at the end marker without waiting for the end of the connection.
    const isDone = stream.isDone();
    stream.cancel();
    this.#settle(isDone ? 'complete' : 'client-left');
  }

  #sinkTo(client: ClientStream): ByteSink {
    const { admission, snapshot } = this.#served.planned;
    const sink = countedSink(client, admission);
    const isObserved = this.#tap !== undefined || snapshot.logging.separateFiles;
    if (!isObserved) return sink;
    return observedSink(sink, (bytes) => {
      this.#tap?.push(bytes);
      reportBytes(this.#answer, bytes, this.#served);
    });
  }

  #settle(ending: Ending): void {
    const { status, stream } = this.#answer;
    this.#served.settle({ ending, status, usage: stream.usage(), text: stream.text() });
  }

  async #breakOff(
    client: ClientStream,
    { reason, isErrorForwarded }: Extract<StreamEnd, { kind: 'broken' }>,
  ): Promise<void> {
    const { stream } = this.#answer;
    this.#settle('truncated');
    // The provider's error event is a proper end, and some clients read it only after the stream has closed.
    if (!isErrorForwarded && stream.takesEvents) void client.write(errorEvent(reason, stream));
    if (isErrorForwarded || stream.endsInOrder === true) return client.close();
    await graceBeforeReset(this.#served.gateway.clock);
    client.reset();
  }
}

/** Writes the cost behind the last event. A stream whose cost cannot be calculated ends without it. */
async function writeCost(
  client: ClientStream,
  { stream, headers }: StreamedAnswer,
  { planned, execution, gateway }: ServedRequest,
): Promise<void> {
  const usage = stream.usage();
  if (usage === undefined || !isEventStream(headers)) return;
  if (isPartial(usage) && stream.text().chars > 0) return;
  try {
    const cost = await costOf(planned, execution, { usage, isEstimated: false, costs: gateway.costs });
    if (cost?.nano !== undefined) void client.write(costComment(cost.nano));
  } catch (error) {
    gateway.emit({ type: 'bug', requestId: planned.id, error });
  }
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

/** Observes the bytes that the client gets, without their framing. */
function observedSink(sink: ByteSink, onBytes: (bytes: Uint8Array) => void): ByteSink {
  return {
    write(bytes) {
      onBytes(bytes);
      return sink.write(bytes);
    },
  };
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
