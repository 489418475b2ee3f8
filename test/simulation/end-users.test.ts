import { expect, test } from 'bun:test';
import { attribute } from '../../src/gateway/attribute.ts';
import type { RequestEnded } from '../../src/gateway/events.ts';
import { claimsOf } from '../../src/gateway/reserve.ts';
import { BucketLedger } from '../../src/limits/bucket.ts';
import { countersAlone } from '../../src/limits/claim-counters.ts';
import { createMetrics } from '../../src/telemetry/metrics/metrics.ts';
import { snapshotOf } from '../unit/config/configuration.ts';
import { FakeClock } from '../unit/gateway/fake-clock.ts';

const END_USERS = 100_000;
const MOST_BYTES = 30 * 2 ** 20;

const snapshot = snapshotOf(`
providers: [{ name: a, api_base: "http://a.test" }]
models: { m: { routes: [{ provider: a, model: m }] } }
spend: { journal: memory }
master_keys: [{ name: app, key: mk-app, per_end_user: [{ tokens: 100k, per: day }] }]
`);

/** Sends requests of many people through attribution, limits and metrics. */
function serve(from: number, to: number, { metrics, counters, clock }: Gateway): void {
  const key = snapshot.access.kind === 'keys' ? [...snapshot.access.keys.values()][0] : undefined;
  const at = { nowMs: clock.nowMs(), epochMs: clock.epochMs() };
  for (let count = from; count < to; count++) {
    const headers = new Headers({ 'x-llm-proxy-user': `person-${count}@example.com` });
    const request = { headers, method: 'POST' };
    const attribution = attribute(request, key, { snapshot, plan: undefined, gateway: {} });
    expect(attribution.endUser).toBeDefined();
    for (const claim of claimsOf(key, 'm', snapshot, attribution.endUser)) {
      let taking = counters.take(claim, 500, at);
      if (taking.kind === 'unseeded') {
        void counters.seed(claim, at);
        taking = counters.take(claim, 500, at);
      }
      if (taking.kind === 'taken') counters.settle(taking.hold, 30, at);
      const { scope, name, limitId } = claim;
      metrics.listen({ type: 'limit-refused', requestId: 'req', scope, name, limitId });
    }
    metrics.listen({ ...ENDED, ...attribution });
  }
}

interface Gateway {
  readonly metrics: ReturnType<typeof createMetrics>;
  readonly counters: ReturnType<typeof countersAlone>;
  readonly clock: FakeClock;
}

const ENDED: RequestEnded = {
  type: 'request-ended',
  requestId: 'req',
  ending: 'complete',
  method: 'POST',
  endpoint: '/v1/chat/completions',
  model: 'm',
  servedAs: 'm',
  provider: 'a',
  keyName: 'app',
  status: 200,
  code: undefined,
  history: [],
  usage: undefined,
  isUsageEstimated: false,
  isStreamed: false,
  overheadMs: 1,
  startedAtMs: 0,
  firstByteAtMs: 1,
  endedAtMs: 2,
};

function bytes(): number {
  Bun.gc(true);
  return process.memoryUsage().heapUsed;
}

test('100,000 end users with a limit each add no series, and little memory that goes with their day', () => {
  const clock = new FakeClock();
  const metrics = createMetrics({ snapshot: () => snapshot, clock, version: '1', droppedLogRows: () => 0 });
  const counters = countersAlone(new BucketLedger());
  const gateway = { metrics, counters, clock };
  const series = (): number => metrics.dump().reduce((sum, family) => sum + family.series.length, 0);
  serve(0, 100, gateway);
  const [before, seriesBefore] = [bytes(), series()];
  serve(100, END_USERS, gateway);
  expect(series()).toBe(seriesBefore);
  expect(bytes() - before).toBeLessThan(MOST_BYTES);
  counters.sweep(clock.epochMs() + 2 * 86_400_000);
  expect(bytes() - before).toBeLessThan(MOST_BYTES / 10);
}, 180_000);
