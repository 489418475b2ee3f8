import { beforeEach, describe, expect, test } from 'bun:test';
import type { RequestEnded } from '../../../src/gateway/events.ts';
import type { Attempt, Outcome } from '../../../src/routing/outcome.ts';
import { createTracer, type Tracer } from '../../../src/telemetry/traces/trace.ts';
import type { FinishedSpan } from '../../../src/telemetry/traces/trace-span.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const PARENT_ID = 'b7ad6b7169203331';
const EPOCH_MS = 1_700_000_000_000;

let spans: FinishedSpan[] = [];
let tracer: Tracer;

beforeEach(() => {
  spans = [];
  tracer = newTracer(true);
});

function newTracer(isSampled: boolean): Tracer {
  return createTracer({
    clock: { nowMs: () => 9_000, epochMs: () => EPOCH_MS + 9_000 },
    sampler: () => isSampled,
    onSpan: (span) => spans.push(span),
  });
}

function begin(headers: Record<string, string> = {}): void {
  tracer.listen({
    type: 'request-started',
    requestId: 'req_1',
    method: 'POST',
    endpoint: '/v1/chat/completions',
    path: '/v1/chat/completions',
    headers: new Headers(headers),
  });
}

function attempt(provider: string, outcome: Outcome): Attempt {
  const route = { id: `${provider}/up`, provider, upstreamModel: 'up', priority: 1, weight: 1 };
  const [startedAtMs, endedAtMs] = [1_000, 1_300];
  return { route, reason: 'first', isProbe: false, model: 'gpt', outcome, startedAtMs, endedAtMs };
}

const ANSWERED: Outcome = { kind: 'answered' };

const FAILED: Outcome = {
  kind: 'failed',
  status: 500,
  defect: undefined,
  retryAfterMs: undefined,
  fault: 'provider',
};

function end(more: Partial<RequestEnded> = {}): void {
  tracer.listen({
    type: 'request-ended',
    requestId: 'req_1',
    ending: 'complete',
    method: 'POST',
    endpoint: '/v1/chat/completions',
    model: 'gpt',
    servedAs: 'gpt',
    provider: 'a',
    keyName: 'team',
    status: 200,
    code: undefined,
    history: [],
    usage: undefined,
    isUsageEstimated: false,
    isStreamed: false,
    overheadMs: 1,
    startedAtMs: 900,
    firstByteAtMs: 1_300,
    endedAtMs: 2_000,
    ...more,
  });
}

/** Begins an attempt and returns the header fields that it sends. */
function sent(): Record<string, string> {
  return Object.fromEntries(tracer.attemptContext('req_1') ?? []);
}

test('an attempt is sent with the context of the span that it becomes', () => {
  begin({ traceparent: `00-${TRACE_ID}-${PARENT_ID}-01`, tracestate: 'vendor=1' });
  const headers = [sent(), sent()];
  end({ history: [attempt('a', FAILED), attempt('b', ANSWERED)] });
  const [request, ...attempts] = spans;
  expect(request?.context.traceId).toBe(TRACE_ID);
  expect(request?.parent?.spanId).toBe(PARENT_ID);
  expect(headers).toEqual(
    attempts.map(({ context }) => ({
      traceparent: `00-${TRACE_ID}-${context.spanId}-01`,
      tracestate: 'vendor=1',
    })),
  );
  expect(attempts.map(({ parent }) => parent?.spanId)).toEqual([
    request!.context.spanId,
    request!.context.spanId,
  ]);
  expect(new Set(spans.map(({ context }) => context.spanId)).size).toBe(3);
});

test('without a context of the client a trace begins', () => {
  begin({ traceparent: 'nonsense', tracestate: 'vendor=1' });
  const { traceparent, tracestate } = sent();
  end({ history: [attempt('a', ANSWERED)] });
  expect(spans[0]?.parent).toBeUndefined();
  expect(traceparent).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-01$/);
  expect(tracestate).toBeUndefined();
});

test('a request that is not recorded leaves no span, and says so to the provider', () => {
  tracer = newTracer(false);
  begin({ traceparent: `00-${TRACE_ID}-${PARENT_ID}-01` });
  expect(sent().traceparent).toMatch(new RegExp(`^00-${TRACE_ID}-[\\da-f]{16}-00$`));
  end({ history: [attempt('a', ANSWERED)] });
  expect(spans).toEqual([]);
});

test('a request that has ended is forgotten', () => {
  begin();
  end();
  expect(tracer.attemptContext('req_1')).toBeUndefined();
});

test('the spans are named and dated, and say what the conventions ask for', () => {
  begin();
  sent();
  sent();
  const usage = { inputTokens: 10, outputTokens: 20, totalTokens: 30, cachedTokens: 1, reasoningTokens: 2 };
  end({ provider: 'b', usage, history: [attempt('a', FAILED), attempt('b', ANSWERED)] });
  const [request, failed, answered] = spans;
  expect(request).toMatchObject({
    name: 'chat gpt',
    kind: 'server',
    startEpochMs: EPOCH_MS + 900,
    endEpochMs: EPOCH_MS + 2_000,
    error: undefined,
  });
  expect(request?.attributes).toEqual({
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'b',
    'gen_ai.request.model': 'gpt',
    'gen_ai.usage.input_tokens': 10,
    'gen_ai.usage.output_tokens': 20,
    'http.request.method': 'POST',
    'http.route': '/v1/chat/completions',
    'http.response.status_code': 200,
    'llm_proxy.request_id': 'req_1',
    'llm_proxy.ending': 'complete',
    'llm_proxy.attempts': 2,
    'llm_proxy.key': 'team',
  });
  expect(failed).toMatchObject({ name: 'chat up', kind: 'client', error: 'failed 500' });
  expect(failed?.attributes).toEqual({
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'a',
    'gen_ai.request.model': 'up',
    'http.request.method': 'POST',
    'http.response.status_code': 500,
    'error.type': '500',
    'llm_proxy.attempt': 1,
    'llm_proxy.outcome': 'failed',
    'llm_proxy.reason': 'first',
  });
  expect(answered).toMatchObject({ endEpochMs: EPOCH_MS + 1_300, error: undefined });
});

test('the attempt of a stream lasts as long as the stream', () => {
  begin();
  sent();
  end({ isStreamed: true, history: [attempt('a', ANSWERED)] });
  expect(spans[1]?.endEpochMs).toBe(EPOCH_MS + 2_000);
});

test('a stream that broke off is an error of the request and of its attempt', () => {
  begin();
  sent();
  end({ ending: 'truncated', isStreamed: true, history: [attempt('a', ANSWERED)] });
  expect(spans.map(({ error }) => error)).toEqual(['truncated', 'truncated']);
  expect(spans.map(({ attributes }) => attributes['error.type'])).toEqual(['truncated', 'truncated']);
});

describe('the request span of', () => {
  const span = (more: Partial<RequestEnded>): FinishedSpan | undefined => {
    begin();
    end(more);
    return spans[0];
  };

  test('a refused request has its code, and is no error of the server', () => {
    const refused = span({ ending: 'refused', status: 401, code: 'invalid_api_key', model: undefined });
    expect(refused?.attributes['error.type']).toBe('invalid_api_key');
    expect([refused?.name, refused?.error]).toEqual(['chat', undefined]);
  });

  test('a failed request is an error', () => {
    const failed = span({ ending: 'failed', status: 502, code: 'upstream_error' });
    expect([failed?.attributes['error.type'], failed?.error]).toEqual(['upstream_error', 'upstream_error']);
  });

  test('a client that left is none', () => {
    const left = span({ ending: 'client-left', status: 499 });
    expect([left?.attributes['error.type'], left?.error]).toEqual([undefined, undefined]);
  });

  test('an endpoint without an operation is named after it, whatever the method', () => {
    expect(span({ method: 'BREW', endpoint: '/v1/files' })?.name).toBe('_OTHER /v1/files');
  });
});

describe('the attempt span has as its error', () => {
  const outcomes: readonly [Outcome, string | undefined][] = [
    [{ kind: 'rejected', status: 400 }, '400'],
    [{ kind: 'rate-limited', status: 429, retryAfterMs: undefined }, '429'],
    [{ ...FAILED, status: 200, defect: 'html' }, 'html'],
    [{ kind: 'unreachable', reason: 'dns' }, 'dns'],
    [{ kind: 'timed-out', phase: 'first-byte' }, 'timeout'],
    [{ kind: 'cancelled' }, undefined],
  ];
  for (const [outcome, expected] of outcomes) {
    test(`${expected} when it was ${outcome.kind}`, () => {
      begin();
      sent();
      end({ history: [attempt('a', outcome)] });
      expect(spans[1]?.attributes['error.type']).toBe(expected as string);
      expect(spans[1]?.error === undefined).toBe(expected === undefined);
    });
  }
});
