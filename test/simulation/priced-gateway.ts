import { createCostMeter } from '../../src/app/cost-meter.ts';
import { NOBODY } from '../../src/gateway/attribution.ts';
import type { Demand } from '../../src/gateway/limits/ports.ts';
import type { Clock } from '../../src/gateway/ports.ts';
import { claimsOf } from '../../src/gateway/reserve.ts';
import { BucketLedger } from '../../src/limits/bucket.ts';
import { countersAlone } from '../../src/limits/claim-counters.ts';
import { EstimateLedger } from '../../src/limits/estimates.ts';
import { snapshotOf } from '../unit/config/configuration.ts';

/** The prices of the model `m`: $3 and $15 a million tokens. */
export const INPUT_NANO = 3_000;
export const OUTPUT_NANO = 15_000;

/** The parts of a gateway that admit requests for one model. `limits` is its setting in YAML. */
export function pricedGateway(limits: string, clock: Clock) {
  const snapshot = snapshotOf(`
providers: [{ name: a, api_base: "http://a.test" }]
models: { m: { routes: [{ provider: a, model: m }] } }
prices: { catalogue: "off", models: { "a/m": { input: 3, output: 15 } } }
allow_unauthenticated: true
spend: { journal: memory }
limits: ${limits}
`);
  const gateway = {
    snapshot: () => snapshot,
    counters: countersAlone(new BucketLedger()),
    estimates: new EstimateLedger(),
    costs: createCostMeter(() => snapshot, clock),
    clock,
    emit: () => undefined,
  };
  const model = snapshot.findModel('m');
  if (model === undefined) throw new Error('the model is missing');
  const claims = claimsOf(undefined, 'm', snapshot);
  const demandOf = (body: Uint8Array, requestId = 'req'): Demand => ({
    requestId,
    key: undefined,
    attribution: NOBODY,
    model,
    body,
    claims,
    isGenerated: true,
    hasOutput: true,
  });
  return { gateway, claims, demandOf };
}
