import { Counter, Histogram, Registry } from 'prom-client';
import { systemClock } from '../../src/lib/system-clock.ts';
import { renderMetrics } from '../../src/telemetry/metrics/exposition.ts';
import { createRedactor } from '../../src/telemetry/log/redact.ts';
import { createMetrics } from '../../src/telemetry/metrics/metrics.ts';
import { bestMicros } from '../measure/best-of.ts';
import { compiled } from './compiled.ts';
import { streamedRequest } from './streamed-request.ts';

/** Measures the cost of telemetry for each request. Run: bun bench/parts/telemetry.ts */
const snapshot = compiled('providers: [{ name: main, api_base: "http://127.0.0.1:1" }]');

const request = streamedRequest(1);
const [, , , ended] = request;

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
const LINE =
  '[2026-01-13 09:41:05] [INFO] [req_abc123abc123] Request succeeded: provider=main status=200 duration=312ms';
for (const count of [10, 1_000, 100_000]) {
  const secrets = Array.from({ length: count }, (_, index) => `sk-${Bun.hash(`${index}`)}`);
  const redact = createRedactor(secrets);
  print(`masking a line, ${count} secrets`, 20_000, () => redact(LINE));
}

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
