import { ObjectOwnerLedger } from '../gateway/objects/object-owners.ts';
import type { Ledgers } from '../gateway/ports.ts';
import { BucketLedger } from '../limits/bucket.ts';
import type { CounterLedger } from '../limits/counter.ts';
import { countersAlone, type Leasing } from '../limits/claim-counters.ts';
import type { UsedOf } from '../limits/claim-taking.ts';
import { SharedRates } from '../limits/shared-rates.ts';
import { systemClock } from '../lib/system-clock.ts';
import { EstimateLedger } from '../limits/estimates.ts';
import { CooldownLedger } from '../routing/cooldown.ts';
import { TrafficLedger } from '../routing/traffic.ts';
import { TurnCounter } from '../routing/turn-counter.ts';

/** The ledgers as this room opens them: an operator may drain routes and end cooldowns. */
export interface AppLedgers extends Ledgers {
  readonly cooldowns: CooldownLedger;
}

/** Begins to share limits with other machines, over these records. */
export type OpenLeasing = (records: CounterLedger) => Leasing;

/** The ledgers of a process that shares them with no other. `usedOf` is the ledger of what was used before. */
export function loneLedgers(usedOf?: UsedOf, leasing?: OpenLeasing): AppLedgers {
  const buckets = new BucketLedger();
  const counters = countersAlone(buckets, usedOf, leasing);
  return {
    buckets: leasing === undefined ? buckets : new SharedRates(counters, buckets, systemClock.epochMs),
    counters,
    estimates: new EstimateLedger(),
    cooldowns: new CooldownLedger(),
    traffic: new TrafficLedger(),
    turns: new TurnCounter(),
    objects: new ObjectOwnerLedger(),
  };
}
