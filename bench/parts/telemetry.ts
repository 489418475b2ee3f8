import { Counter, Histogram, Registry } from 'prom-client';
import { compileText } from '../../src/config/load.ts';
import type { GatewayEvent, RequestEnded } from '../../src/gateway/events.ts';
import { systemClock } from '../../src/lib/system-clock.ts';
import { renderMetrics } from '../../src/telemetry/exposition.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { bestMicros } from '../measure/best-of.ts';

/** What telemetry costs for each request. Run: bun bench/parts/telemetry.ts */
const loaded = compileText('providers: [{ name: main, api_base: "http://127.0.0.1:1" }]', {
  file: 'bench.yaml',
  env: {},
  overrides: { host: '127.0.0.1' },
  version: 1,
  now: new Date(),
});
if (loaded.kind === 'refused') throw new Error(JSON.stringify(loaded.problems));
const { snapshot } = loaded;

const attempt = {
  route: { id: 'main/gpt', provider: 'main', upstreamModel: 'gpt', priority: 1, weight: 1 },
  reason: 'first',
  isProbe: false,
  model: 'gpt',
  outcome: { kind: 'answered' },
  startedAtMs: 1,
  endedAtMs: 900,
} as const;
const ended: RequestEnded = {
  type: 'request-ended',
  requestId: 'req_1',
  ending: 'complete',
  method: 'POST',
  endpoint: '/v1/chat/completions',
  model: 'gpt',
  servedAs: 'gpt',
  provider: 'main',
  keyName: 'team',
  status: 200,
  code: undefined,
  history: [attempt],
  usage: {
    inputTokens: 100,
    outputTokens: 200,
    totalTokens: 300,
    cachedTokens: 0,
    reasoningTokens: undefined,
  },
  isUsageEstimated: false,
  isStreamed: true,
  overheadMs: 0.1,
  startedAtMs: 0,
  firstByteAtMs: 900,
  endedAtMs: 4_000,
};
const request: readonly GatewayEvent[] = [
  {
    type: 'request-started',
    requestId: 'req_1',
    method: 'POST',
    endpoint: '/v1/chat/completions',
    path: '/v1/chat/completions',
    headers: new Headers(),
  },
  {
    type: 'request-received',
    requestId: 'req_1',
    model: 'gpt',
    clientAddress: () => '127.0.0.1',
    body: new Uint8Array(),
  },
  { type: 'attempt-ended', requestId: 'req_1', number: 1, attempt },
  ended,
];

const metrics = createMetrics({
  snapshot: () => snapshot,
  clock: systemClock,
  version: 'bench',
  droppedLogRows: () => 0,
});
print('one streamed request, all metrics', 200_000, () => request.forEach(metrics.listen));
for (let index = 0; index < 500; index++) metrics.listen({ ...ended, keyName: `key-${index}` });
print('one of 500 kinds of request', 200_000, (time) =>
  metrics.listen({ ...ended, keyName: `key-${time % 500}` }),
);
print('reading 500 kinds', 20, () => renderMetrics(metrics.dump()));
print('the same 17 series, prom-client', 100_000, promClient());

/** The library's way to do the same, for comparison. */
function promClient(): () => void {
  const registers = [new Registry()];
  const labelNames = ['method', 'endpoint', 'model', 'provider', 'status_code', 'api_key_name'];
  const counters = Array.from(
    { length: 10 },
    (_, index) => new Counter({ name: `c${index}`, help: 'A counter.', labelNames, registers }),
  ).map((counter) => counter.labels('POST', '/v1/chat/completions', 'gpt', 'main', '200', 'team'));
  const histograms = Array.from(
    { length: 7 },
    (_, index) =>
      new Histogram({
        name: `h${index}`,
        help: 'A histogram.',
        labelNames: ['model', 'provider'],
        registers,
      }),
  ).map((histogram) => histogram.labels('gpt', 'main'));
  return () => {
    for (const counter of counters) counter.inc();
    for (const histogram of histograms) histogram.observe(0.9);
  };
}

function print(name: string, times: number, work: (time: number) => unknown): void {
  console.log(`${name.padEnd(40)}${bestMicros(work, times).toFixed(2).padStart(12)} µs`);
}
