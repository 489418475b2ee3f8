import { cacheMetrics } from './cache-table.ts';
import { ledgerMetrics } from './ledger-metrics.ts';
import { limitMetrics } from './limit-table.ts';
import { counter, type FamilyDump, gauge, histogram, NumberFamily } from './metric-family.ts';

/** All metrics of the gateway with their meaning, in the order of docs/observability.md. */
export type MetricTable = ReturnType<typeof createMetricTable>;

/** Seconds per request, up to an answer that takes two minutes to write. */
const REQUEST_SECONDS = [0.1, 0.5, 1, 2, 5, 10, 30, 60, 120];
/** Seconds until a provider begins to answer. */
const PROVIDER_SECONDS = [0.1, 0.5, 1, 2, 5, 10, 30];
const TTFT_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60];
const TOKENS_PER_SECOND = [1, 5, 10, 20, 40, 60, 80, 100, 150, 200, 500, 1000];
/** The gateway's own time, which is usually microseconds. */
const OVERHEAD_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5];

/** The buckets of https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/. */
const GEN_AI_TOKENS = Array.from({ length: 14 }, (_, index) => 4 ** index);
const GEN_AI_SECONDS = Array.from({ length: 14 }, (_, index) => (2 ** index * 10) / 1000);
const GEN_AI_TTFT_SECONDS = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];
const GEN_AI_LABELS = ['gen_ai_operation_name', 'gen_ai_provider_name', 'gen_ai_request_model'];

/** Creates empty metrics. */
export function createMetricTable() {
  return {
    ...requestMetrics(),
    ...costMetrics(),
    ...cacheMetrics(),
    ...limitMetrics(),
    ...providerMetrics(),
    ...genAiMetrics(),
    ...gatewayMetrics(),
    ...storeMetrics(),
    ...ledgerMetrics(),
  };
}

/** The current metrics in the order of the table. */
export function dumpTable(table: MetricTable): FamilyDump[] {
  return Object.values(table).map((family) => family.dump());
}

function requestMetrics() {
  return {
    requests: counter(
      'llm_proxy_requests_total',
      'Requests that have ended, by what they asked for, who served them, and how they were answered.',
      ['method', 'endpoint', 'model', 'provider', 'status_code', 'api_key_name'],
    ),
    duration: histogram(
      'llm_proxy_request_duration_seconds',
      'Whole requests, from the first byte in to the last byte out, streams included.',
      ['endpoint', 'model', 'provider'],
      REQUEST_SECONDS,
    ),
    active: gauge('llm_proxy_active_requests', 'Requests in flight.', ['endpoint']),
    tokens: counter(
      'llm_proxy_tokens_total',
      'Tokens by type: prompt, completion, total, and of these cached and reasoning.',
      ['model', 'provider', 'token_type', 'api_key_name'],
    ),
    estimated: counter(
      'llm_proxy_estimated_usage_total',
      'Requests whose provider reported no tokens, so that they were counted here.',
      ['model', 'provider'],
    ),
    ttft: histogram(
      'llm_proxy_ttft_seconds',
      'Streams: from the request to the first content, attempts that failed before included.',
      ['model', 'provider'],
      TTFT_SECONDS,
    ),
    speed: histogram(
      'llm_proxy_tokens_per_second',
      'Streams: completion tokens per second after the first content.',
      ['model', 'provider'],
      TOKENS_PER_SECOND,
    ),
    endings: counter(
      'llm_proxy_request_endings_total',
      'Requests by how they ended: complete, refused, failed, truncated, client-left.',
      ['ending'],
    ),
    refusals: counter('llm_proxy_refusals_total', 'Requests that the gateway itself turned down, by code.', [
      'code',
    ]),
    rateLimited: counter('llm_proxy_rate_limited_total', 'Requests over the limit of their key.', [
      'api_key_name',
    ]),
    disconnects: counter(
      'llm_proxy_client_disconnects_total',
      'Requests whose client left before its answer was whole.',
      ['endpoint'],
    ),
    overhead: histogram(
      'llm_proxy_overhead_seconds',
      'Time that the gateway itself took until the first byte of an answer.',
      [],
      OVERHEAD_SECONDS,
    ),
  };
}

function costMetrics() {
  return {
    droppedTags: counter(
      'llm_proxy_tags_dropped_total',
      'Tags of clients that were dropped because the key does not list them in client_tags.',
      ['api_key_name'],
    ),
    cost: counter(
      'llm_proxy_cost_usd_total',
      'What requests cost in US dollars, by prices of the configuration and the catalogue.',
      ['model', 'provider', 'api_key_name'],
    ),
    costUnknown: counter(
      'llm_proxy_cost_unknown_total',
      'Requests that used tokens whose price is not known.',
      ['model', 'provider'],
    ),
    alerts: counter(
      'llm_proxy_alerts_total',
      'Alerts by what became of them: sent to a webhook, failed to be sent, or logged for want of a webhook.',
      ['state'],
    ),
  };
}

function providerMetrics() {
  return {
    health: new NumberFamily({
      type: 'gauge',
      name: 'llm_proxy_provider_health',
      help: 'Whether the last attempt or probe got an answer out of the provider (1) or not (0).',
      labelNames: ['provider'],
      merge: 'latest',
    }),
    latency: histogram(
      'llm_proxy_provider_latency_seconds',
      'Attempts that were answered: until the whole answer, or until the first content of a stream.',
      ['provider'],
      PROVIDER_SECONDS,
    ),
    attempts: counter(
      'llm_proxy_attempts_total',
      'Attempts at providers by outcome; detail is a status, a defect, or what was waited for.',
      ['provider', 'outcome', 'detail'],
    ),
    translationLosses: counter(
      'llm_proxy_translation_losses_total',
      "What requests and answers lost on their way between a client's API and a provider's.",
      ['from', 'to', 'what'],
    ),
    retries: counter('llm_proxy_retries_total', 'Attempts that repeated a route after a pause.', [
      'provider',
    ]),
    fallbacks: counter(
      'llm_proxy_fallbacks_total',
      'Changes of route: L1 from provider to provider, L2 from model to model.',
      ['from', 'to', 'level'],
    ),
    truncated: counter(
      'llm_proxy_truncated_streams_total',
      'Streams that a provider broke off after content had been sent.',
      ['provider'],
    ),
    cooldowns: counter('llm_proxy_cooldowns_total', 'Times that a route was left out after a failure.', [
      'provider',
    ]),
    coolingSeconds: new NumberFamily({
      type: 'gauge',
      name: 'llm_proxy_provider_cooldown_seconds',
      help: 'How long the longest cooldown of the provider still lasts.',
      labelNames: ['provider'],
      merge: 'max',
    }),
    probes: counter('llm_proxy_probes_total', 'Tests of providers without a request for them.', [
      'provider',
      'result',
    ]),
  };
}

function genAiMetrics() {
  return {
    genAiTokens: histogram(
      'gen_ai_client_token_usage',
      'OpenTelemetry: tokens of one request, input or output.',
      [...GEN_AI_LABELS, 'gen_ai_token_type'],
      GEN_AI_TOKENS,
    ),
    genAiDuration: histogram(
      'gen_ai_client_operation_duration_seconds',
      'OpenTelemetry: duration of one request.',
      [...GEN_AI_LABELS, 'error_type'],
      GEN_AI_SECONDS,
    ),
    genAiTtft: histogram(
      'gen_ai_server_time_to_first_token_seconds',
      'OpenTelemetry: time to the first token of successful streams.',
      GEN_AI_LABELS,
      GEN_AI_TTFT_SECONDS,
    ),
  };
}

function gatewayMetrics() {
  return {
    configVersion: state('llm_proxy_config_version', 'Version of the configuration in force.'),
    configAge: state('llm_proxy_config_age_seconds', 'Time since the configuration in force was loaded.'),
    reloads: counter('llm_proxy_config_reloads_total', 'Changed configurations that were put in force.', []),
    reloadFailures: counter(
      'llm_proxy_config_reload_failures_total',
      'Changed configurations that were refused.',
      [],
    ),
    reloadSuccessful: new NumberFamily({
      type: 'gauge',
      name: 'llm_proxy_config_last_reload_successful',
      help: 'Whether the last change of the configuration was put in force (1) or refused (0).',
      merge: 'min',
    }),
    droppedLogRows: counter(
      'llm_proxy_log_dropped_rows_total',
      'Log lines and request files that were lost because the disk or terminal did not keep up.',
      [],
    ),
    bugs: counter('llm_proxy_internal_errors_total', 'Errors of the program itself.', []),
    buildInfo: new NumberFamily({
      type: 'gauge',
      name: 'llm_proxy_build_info',
      help: 'The running program; always 1.',
      labelNames: ['version', 'runtime'],
      merge: 'max',
    }),
    cpuSeconds: counter('process_cpu_seconds_total', 'User and system time that the process has used.', []),
    residentBytes: gauge('process_resident_memory_bytes', 'Memory that the process holds.', []),
    startTime: new NumberFamily({
      type: 'gauge',
      name: 'process_start_time_seconds',
      help: 'When the process started, in seconds since 1970.',
      merge: 'min',
    }),
  };
}

/** Metrics of database mode only. */
function storeMetrics() {
  const worst = (name: string, help: string): NumberFamily =>
    new NumberFamily({ type: 'gauge', name, help, merge: 'min' });
  return {
    storeUp: worst(
      'llm_proxy_store_up',
      'Whether the database answered when it was last asked (1) or not (0).',
    ),
    storeAdopted: worst(
      'llm_proxy_store_adopted',
      'Whether what the database has is taken over (1), or it is another one or went back (0).',
    ),
    storeAge: state('llm_proxy_store_last_answer_age_seconds', 'Time since the database last answered.'),
    waitingRecords: gauge(
      'llm_proxy_request_records_waiting',
      'Records of requests that wait for the database.',
      [],
    ),
    droppedRecords: counter(
      'llm_proxy_request_records_dropped_total',
      'Records of requests that were lost because the database did not take them in time.',
      [],
    ),
  };
}

/** A gauge of something that all processes share: the largest value counts. */
function state(name: string, help: string): NumberFamily {
  return new NumberFamily({ type: 'gauge', name, help, merge: 'max' });
}
