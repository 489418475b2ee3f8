import type { Provider } from '../config/snapshot.ts';
import { headerValue } from '../lib/http/header-value.ts';
import { HOP_BY_HOP, namedByConnection } from '../lib/http/hop-by-hop.ts';
import { errorShapeOf } from '../protocols/error-body.ts';
import type { Attempt } from '../routing/outcome.ts';
import type { AnswerStream, StreamedAnswer, StreamEnd, WholeAnswer } from './answer.ts';
import type { Call } from './request-context.ts';
import { Refusal } from './refusals.ts';
import { sendsOf, story } from '../routing/attempts-summary.ts';
import type { Ending } from './events.ts';
import type { Execution } from './execute.ts';
import type { ClientRequest, Clock, Gateway } from './ports.ts';
import type { ByteSink } from './pipe.ts';
import { revealsSecret } from './redact.ts';
import { refusalResponse } from './refuse.ts';
import { ownTimeMs, type Run, settle, settleWhenGone } from './settle.ts';

/** Turns what the attempts came to into the client's answer; the request is settled when its last byte has gone. */
export function relay(call: Call, execution: Execution, gateway: Gateway): Response {
  const { answer, verdict } = execution;
  const run: Run = { call, execution, gateway, firstByteAtMs: gateway.clock.nowMs() };
  if (verdict.kind === 'give-up' && verdict.because === 'cancelled') return nobodyThere(run);
  if (answer === undefined) return deliverFailure(run);
  return answer.kind === 'whole' ? deliverWhole(answer, run) : deliverStream(answer, run);
}

/** The status that nginx logs for a client that closed its connection; nobody receives it. */
const CLIENT_CLOSED_REQUEST = 499;

function nobodyThere(run: Run): Response {
  settle(run, { ending: 'client-left', status: CLIENT_CLOSED_REQUEST });
  return new Response(null, { status: CLIENT_CLOSED_REQUEST });
}

function deliverWhole(answer: WholeAnswer, run: Run): Response {
  const { status, bytes, usage, text } = answer;
  // What can throw comes first: a request that is settled has been answered.
  const headers = answerHeaders(answer.headers, run);
  if (status >= 400) addRetryAfter(headers, run.execution.history.at(-1));
  const body = run.call.request.method === 'HEAD' ? headBody(answer, headers) : bytes;
  const response = new Response(body, { status, headers });
  reportBytes(answer, bytes, run);
  settleWhenGone(run, bytes.byteLength, {
    ending: status >= 400 || answer.isFailure === true ? 'failed' : 'complete',
    status,
    usage,
    text,
  });
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
function deliverFailure(run: Run): Response {
  const refusal = failureOf(run.execution.history.at(-1), run.call.plan.model.name);
  settle(run, { ending: 'failed', status: refusal.status, code: refusal.code });
  const { id, request } = run.call;
  return refusalResponse(refusal, { id, ...request }, withOurs(new Headers(), run));
}

function failureOf(last: Attempt | undefined, model: string): Refusal {
  const outcome = last?.outcome;
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
    case 'cancelled':
    case undefined:
      return new Refusal('no_route', { model });
  }
}

function deliverStream(answer: StreamedAnswer, run: Run): Response {
  const { status, stream } = answer;
  try {
    return new Response(clientStream(answer, run), { status, headers: answerHeaders(answer.headers, run) });
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
function clientStream(answer: StreamedAnswer, run: Run): ReadableStream<Uint8Array> {
  const { stream, status } = answer;
  const settleAs = (ending: Ending): void =>
    settle(run, { ending, status, usage: stream.usage(), text: stream.text() });
  return new ReadableStream({
    // The runtime's own kind of stream: it is written to, where the standard's would wait for each piece to be asked for.
    type: 'direct',
    async pull(client) {
      const sink = sinkOf(client, answer, run);
      let end: StreamEnd;
      try {
        end = await stream.pumpTo(sink);
      } catch (error) {
        end = endOfThrown(error, answer, run);
      }
      switch (end.kind) {
        case 'complete':
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
          await lastWord(run.gateway.clock);
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
function endOfThrown(error: unknown, { stream }: StreamedAnswer, { call, gateway }: Run): StreamEnd {
  stream.cancel();
  if (call.request.signal.aborted) return { kind: 'left' };
  gateway.emit({ type: 'bug', requestId: call.id, error });
  return { kind: 'broken', reason: 'the gateway failed', isTold: false };
}

/** Writes to the client at once, and waits where it does not keep up. */
function sinkOf(client: DirectController, answer: StreamedAnswer, run: Run): ByteSink {
  return {
    write(bytes) {
      reportBytes(answer, bytes, run);
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
  { call, gateway }: Run,
): void {
  if (!call.snapshot.logging.separateFiles) return;
  gateway.emit({ type: 'answer-bytes', requestId: call.id, headers, bytes });
}

/** What a broken stream ends with. It is no `Error`, since the runtime prints those, and this one is meant. */
const BROKEN = new DOMException('the stream broke off', 'AbortError');

/** Long enough for the last event to be read before the connection is reset behind it: a reset may overtake it. */
const LAST_WORD_MS = 100;

function lastWord(clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    clock.alarm(LAST_WORD_MS, resolve);
  });
}

function errorEvent(reason: string, stream: AnswerStream): Uint8Array {
  const { message, code } = new Refusal('upstream_truncated', { reason });
  return new TextEncoder().encode(stream.errorEvent({ message, code }));
}

/** What a provider says to us and not to the client. */
const NOT_FOR_CLIENTS: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  'content-length',
  'set-cookie',
  'alt-svc',
  // A browser would take these for the gateway's own word about itself, its other pages, or who may read it.
  'clear-site-data',
  'content-security-policy',
  'content-security-policy-report-only',
  'cross-origin-embedder-policy',
  'cross-origin-opener-policy',
  'cross-origin-resource-policy',
  'expect-ct',
  'nel',
  'origin-agent-cluster',
  'permissions-policy',
  'public-key-pins',
  'refresh',
  'report-to',
  'reporting-endpoints',
  'service-worker-allowed',
  'sourcemap',
  'speculation-rules',
  'strict-transport-security',
  'timing-allow-origin',
  'www-authenticate',
  'x-frame-options',
]);

function isKeptBack(name: string): boolean {
  return NOT_FOR_CLIENTS.has(name) || name.startsWith('access-control-');
}

function providerOf({ call, execution }: Run): Provider | undefined {
  const last = execution.history.at(-1);
  return last && call.snapshot.providers.get(last.route.provider);
}

/** The runtime has several values of a field only where it is `set-cookie`. */
function reveals(value: unknown, provider: Provider | undefined): boolean {
  return provider !== undefined && typeof value === 'string' && revealsSecret(value, provider);
}

/** The provider's header but for what concerns its connection to us, and our own fields. */
function answerHeaders(upstream: Headers, run: Run): Headers {
  // The runtime copies all fields at once for less than a few of them one by one.
  const headers = new Headers(upstream);
  const dropped = namedByConnection(upstream);
  const provider = providerOf(run);
  const received: Readonly<Record<string, unknown>> = upstream.toJSON();
  for (const name in received) {
    if (isKeptBack(name) || dropped.has(name) || reveals(received[name], provider)) headers.delete(name);
  }
  return withOurs(headers, run);
}

/** The field in which the client's SDK looks for the id of its request. */
function requestIdField({ path, headers }: ClientRequest): string {
  return errorShapeOf(path, headers) === 'anthropic' ? 'request-id' : 'x-request-id';
}

/** The header with our own fields, each in place of one of the same name. */
function withOurs(headers: Headers, run: Run): Headers {
  const { id, limitHeaders } = run.call;
  const { history } = run.execution;
  for (const name in limitHeaders) headers.set(name, limitHeaders[name] ?? '');
  headers.set('server-timing', `gateway;dur=${ownTimeMs(run).toFixed(2)}`);
  headers.set('x-llm-proxy-request-id', id);
  const idField = requestIdField(run.call.request);
  if (!headers.has(idField)) headers.set(idField, id);
  headers.set('x-llm-proxy-attempts', String(sendsOf(history)));
  const last = history[history.length - 1];
  if (last !== undefined) {
    headers.set('x-llm-proxy-provider', headerValue(last.route.provider));
    // Where no model was asked for, such as for a file, there is none to name.
    if (last.route.upstreamModel !== undefined) headers.set('x-llm-proxy-model', headerValue(last.model));
    headers.set('x-llm-proxy-trail', headerValue(story(history)));
  }
  return headers;
}
