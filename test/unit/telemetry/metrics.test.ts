import { beforeEach, expect, test } from 'bun:test';
import type { GatewayEvent, RequestEnded } from '../../../src/gateway/events.ts';
import type { Attempt, Outcome } from '../../../src/routing/outcome.ts';
import { mergeMetrics, renderMetrics } from '../../../src/telemetry/metrics/exposition.ts';
import { createMetrics, type Metrics } from '../../../src/telemetry/metrics/metrics.ts';
import { compiled } from '../../e2e/gateway.ts';

const CONFIG = `
server: { host: 127.0.0.1, port: 0 }
providers:
  - { name: a, api_base: "http://127.0.0.1:1/v1", api_key: sk-a }
  - { name: b, api_base: "http://127.0.0.1:2/v1" }
master_keys: [{ name: team, key: mk-team-key }]`;

let nowMs = 0;
let metrics: Metrics;

beforeEach(() => {
  nowMs = 5_000;
  metrics = newMetrics();
});

function newMetrics(): Metrics {
  const snapshot = compiled(CONFIG, 7);
  return createMetrics({
    snapshot: () => snapshot,
    clock: { nowMs: () => nowMs, epochMs: () => snapshot.loadedAt.getTime() + 90_000 },
    version: '1.2.3',
    droppedLogRows: () => 4,
  });
}

/** The value of a series in the rendered metrics, or 0 if it is missing. */
function value(series: string, of = metrics): number {
  const line = renderMetrics(of.dump())
    .split('\n')
    .find((text) => text.startsWith(`${series} `));
  return line === undefined ? 0 : Number(line.slice(series.length + 1));
}

function attempt(provider: string, outcome: Outcome, more: Partial<Attempt> = {}): Attempt {
  const route = { id: `${provider}/m`, provider, upstreamModel: 'm', priority: 1, weight: 1 };
  return {
    route,
    reason: 'first',
    isProbe: false,
    model: 'gpt',
    outcome,
    startedAtMs: 1_000,
    endedAtMs: 1_300,
    ...more,
  };
}

const ANSWERED: Outcome = { kind: 'answered' };
const FAILED: Outcome = {
  kind: 'failed',
  status: 500,
  defect: undefined,
  retryAfterMs: undefined,
  fault: 'provider',
};

function ended(more: Partial<RequestEnded> = {}): RequestEnded {
  return {
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
    history: [attempt('a', ANSWERED)],
    usage: {
      inputTokens: 10,
      outputTokens: 20,
      totalTokens: 30,
      cachedTokens: 4,
      reasoningTokens: undefined,
    },
    isUsageEstimated: false,
    isStreamed: false,
    overheadMs: 0.2,
    startedAtMs: 1_000,
    firstByteAtMs: 1_300,
    endedAtMs: 2_300,
    ...more,
  };
}

function started(endpoint = '/v1/chat/completions'): GatewayEvent {
  return {
    type: 'request-started',
    requestId: 'req_1',
    method: 'POST',
    endpoint,
    path: endpoint,
    headers: new Headers(),
  };
}

test('an answered request counts once, with its time, its tokens and its own overhead', () => {
  metrics.listen(started());
  expect(value('llm_proxy_active_requests{endpoint="/v1/chat/completions"}')).toBe(1);
  metrics.listen(ended());
  expect(value('llm_proxy_active_requests{endpoint="/v1/chat/completions"}')).toBe(0);
  const labels = 'method="POST",endpoint="/v1/chat/completions",model="gpt",provider="a"';
  expect(value(`llm_proxy_requests_total{${labels},status_code="200",api_key_name="team"}`)).toBe(1);
  const duration = 'llm_proxy_request_duration_seconds';
  const kind = 'endpoint="/v1/chat/completions",model="gpt",provider="a"';
  expect(value(`${duration}_bucket{${kind},le="1"}`)).toBe(0);
  expect(value(`${duration}_bucket{${kind},le="2"}`)).toBe(1);
  expect(value(`${duration}_bucket{${kind},le="+Inf"}`)).toBe(1);
  expect(value(`${duration}_sum{${kind}}`)).toBeCloseTo(1.3);
  const tokens = (type: string): number =>
    value(`llm_proxy_tokens_total{model="gpt",provider="a",token_type="${type}",api_key_name="team"}`);
  expect(['prompt', 'completion', 'total', 'cached', 'reasoning'].map(tokens)).toEqual([10, 20, 30, 4, 0]);
  expect(value('llm_proxy_overhead_seconds_bucket{le="0.0001"}')).toBe(0);
  expect(value('llm_proxy_overhead_seconds_bucket{le="0.00025"}')).toBe(1);
});

test('the buckets are those that dashboards were written for', () => {
  metrics.listen(ended({ isStreamed: true }));
  metrics.listen({ type: 'attempt-ended', requestId: 'r', number: 1, attempt: attempt('a', ANSWERED) });
  const bounds = (name: string): readonly number[] | undefined =>
    metrics.dump().find((family) => family.name === name)?.bounds;
  expect(bounds('llm_proxy_request_duration_seconds')).toEqual([0.1, 0.5, 1, 2, 5, 10, 30, 60, 120]);
  expect(bounds('llm_proxy_provider_latency_seconds')).toEqual([0.1, 0.5, 1, 2, 5, 10, 30]);
  expect(bounds('gen_ai_client_token_usage')).toEqual([
    1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864,
  ]);
  expect(bounds('gen_ai_client_operation_duration_seconds')).toEqual([
    0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
  ]);
  expect(bounds('gen_ai_server_time_to_first_token_seconds')).toEqual([
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
  ]);
});

test('a value on the edge of a bucket is in it', () => {
  metrics.listen(ended({ endedAtMs: 2_000 }));
  const kind = 'endpoint="/v1/chat/completions",model="gpt",provider="a"';
  expect(value(`llm_proxy_request_duration_seconds_bucket{${kind},le="1"}`)).toBe(1);
});

test('only streams have a time to the first token and a speed', () => {
  metrics.listen(ended());
  expect(value('llm_proxy_ttft_seconds_count{model="gpt",provider="a"}')).toBe(0);
  metrics.listen(ended({ isStreamed: true }));
  expect(value('llm_proxy_ttft_seconds_count{model="gpt",provider="a"}')).toBe(1);
  expect(value('llm_proxy_ttft_seconds_sum{model="gpt",provider="a"}')).toBeCloseTo(0.3);
  expect(value('llm_proxy_tokens_per_second_sum{model="gpt",provider="a"}')).toBeCloseTo(20);
});

test('tokens that were counted here are marked', () => {
  metrics.listen(ended({ isUsageEstimated: true }));
  metrics.listen(ended());
  expect(value('llm_proxy_estimated_usage_total{model="gpt",provider="a"}')).toBe(1);
});

test('a fallback counts from where to where, a repeated route counts as a retry', () => {
  const history = [
    attempt('a', FAILED),
    attempt('a', FAILED, { reason: 'retry' }),
    attempt('b', FAILED, { reason: 'fallback-route' }),
    attempt('a', ANSWERED, { reason: 'fallback-model', model: 'small' }),
  ];
  metrics.listen(ended({ history, servedAs: 'gp*' }));
  expect(value('llm_proxy_fallbacks_total{from="a",to="b",level="L1"}')).toBe(1);
  expect(value('llm_proxy_fallbacks_total{from="gp*",to="small",level="L2"}')).toBe(1);
  expect(value('llm_proxy_retries_total{provider="a"}')).toBe(1);
});

test('attempts count by outcome, and the last one says whether the provider is healthy', () => {
  const told = (outcome: Outcome): number => {
    metrics.listen({ type: 'attempt-ended', requestId: 'r', number: 1, attempt: attempt('a', outcome) });
    return value('llm_proxy_provider_health{provider="a"}');
  };
  expect(told(ANSWERED)).toBe(1);
  expect(told(FAILED)).toBe(0);
  expect(told({ kind: 'cancelled' })).toBe(0);
  expect(told({ kind: 'rejected', status: 400 })).toBe(1);
  expect(told({ kind: 'unreachable', reason: 'refused' })).toBe(0);
  expect(told({ ...FAILED, status: 404, fault: 'client' })).toBe(1);
  const attempts = (outcome: string, detail: string): number =>
    value(`llm_proxy_attempts_total{provider="a",outcome="${outcome}",detail="${detail}"}`);
  expect([attempts('answered', ''), attempts('failed', '500'), attempts('unreachable', 'refused')]).toEqual([
    1, 1, 1,
  ]);
  expect(value('llm_proxy_provider_latency_seconds_count{provider="a"}')).toBe(1);
  metrics.listen({ type: 'provider-probed', provider: 'a', error: 'status 503', latencyMs: 3 });
  expect(value('llm_proxy_provider_health{provider="a"}')).toBe(0);
});

test('a cooldown counts, and what is left of it is told until it is over', () => {
  metrics.listen({ type: 'route-cooled', requestId: 'r', routeId: 'a/m', provider: 'a', forMs: 30_000 });
  metrics.listen({ type: 'route-cooled', requestId: 'r', routeId: 'a/n', provider: 'a', forMs: 10_000 });
  expect(value('llm_proxy_cooldowns_total{provider="a"}')).toBe(2);
  nowMs += 12_000;
  expect(value('llm_proxy_provider_cooldown_seconds{provider="a"}')).toBe(18);
  expect(value('llm_proxy_provider_cooldown_seconds{provider="b"}')).toBe(0);
  nowMs += 60_000;
  expect(value('llm_proxy_provider_cooldown_seconds{provider="a"}')).toBe(0);
});

test('refusals, limits, disconnects and truncated streams each have their counter', () => {
  const refused = {
    ending: 'refused',
    servedAs: undefined,
    model: undefined,
    provider: undefined,
    history: [],
    usage: undefined,
  } as const;
  metrics.listen(ended({ ...refused, status: 429, code: 'rate_limit_exceeded' }));
  metrics.listen(ended({ ...refused, status: 401, code: 'invalid_api_key', keyName: undefined }));
  metrics.listen(ended({ ending: 'client-left', status: 499 }));
  metrics.listen(ended({ ending: 'truncated' }));
  expect(value('llm_proxy_rate_limited_total{api_key_name="team"}')).toBe(1);
  expect(value('llm_proxy_refusals_total{code="invalid_api_key"}')).toBe(1);
  expect(value('llm_proxy_client_disconnects_total{endpoint="/v1/chat/completions"}')).toBe(1);
  expect(value('llm_proxy_truncated_streams_total{provider="a"}')).toBe(1);
  const labels = 'method="POST",endpoint="/v1/chat/completions",model="other",provider="none"';
  expect(value(`llm_proxy_requests_total{${labels},status_code="401",api_key_name="none"}`)).toBe(1);
});

test('the configuration is told with its version, its age, and whether the last change was taken', () => {
  expect(value('llm_proxy_config_version')).toBe(7);
  expect(value('llm_proxy_config_age_seconds')).toBe(90);
  expect(value('llm_proxy_config_last_reload_successful')).toBe(1);
  metrics.listen({ type: 'configuration-refused', problems: ['x'] });
  expect(value('llm_proxy_config_reload_failures_total')).toBe(1);
  expect(value('llm_proxy_config_last_reload_successful')).toBe(0);
  metrics.listen({ type: 'configuration-accepted', version: 8, warnings: [] });
  expect(value('llm_proxy_config_last_reload_successful')).toBe(1);
  expect(value('llm_proxy_log_dropped_rows_total')).toBe(4);
  expect(value(`llm_proxy_build_info{version="1.2.3",runtime="bun ${Bun.version}"}`)).toBe(1);
});

test('a series that an alert watches exists with 0 before its first event', () => {
  const text = renderMetrics(metrics.dump());
  for (const series of [
    'llm_proxy_truncated_streams_total{provider="b"} 0',
    'llm_proxy_cooldowns_total{provider="a"} 0',
    'llm_proxy_rate_limited_total{api_key_name="team"} 0',
    'llm_proxy_config_reload_failures_total 0',
  ]) {
    expect(text).toContain(`${series}\n`);
  }
});

test("a name with quotes, backslashes, line ends and a lone surrogate can't break the text", () => {
  metrics.listen(ended({ keyName: 'a"b\\c\nd\uD800' }));
  expect(renderMetrics(metrics.dump())).toContain('api_key_name="a\\"b\\\\c\\nd\uFFFD"} 1\n');
});

test('the metrics of several processes add up, but for what they share', () => {
  const other = newMetrics();
  metrics.listen(ended());
  metrics.listen({ type: 'provider-probed', provider: 'a', error: 'down', latencyMs: 1 });
  other.listen(ended());
  other.listen(ended({ keyName: 'second', endedAtMs: 1_050 }));
  nowMs += 1;
  other.listen({ type: 'provider-probed', provider: 'a', error: undefined, latencyMs: 1 });
  nowMs += 1;
  metrics.listen({ type: 'provider-probed', provider: 'a', error: 'down again', latencyMs: 1 });
  const text = renderMetrics(mergeMetrics([metrics.dump(), other.dump()]));
  const kind = 'endpoint="/v1/chat/completions",model="gpt",provider="a"';
  expect(text).toContain(
    `llm_proxy_requests_total{method="POST",${kind},status_code="200",api_key_name="team"} 2\n`,
  );
  expect(text).toContain(`llm_proxy_request_duration_seconds_bucket{${kind},le="0.1"} 1\n`);
  expect(text).toContain(`llm_proxy_request_duration_seconds_count{${kind}} 3\n`);
  expect(text).toContain('llm_proxy_provider_health{provider="a"} 0\n');
  expect(text).toContain('llm_proxy_config_version 7\n');
});
