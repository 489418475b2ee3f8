import { LocalTable } from '../lib/number-table.ts';
import { SharedTable } from '../cluster/shared-table.ts';
import { BUCKET_FIELDS, BucketLedger } from '../limits/bucket.ts';
import { ClaimCounters } from '../limits/claim-counters.ts';
import type { Seeder } from '../limits/claim-taking.ts';
import { counterFields, CounterLedger } from '../limits/counter.ts';
import type { LeaseSource } from '../limits/lease-report.ts';
import { SharedRates } from '../limits/shared-rates.ts';
import { systemClock } from '../lib/system-clock.ts';
import { EstimateLedger, RATIO_FIELDS } from '../limits/estimates.ts';
import { QUANTILE_FIELDS } from '../limits/quantile.ts';
import { COOLDOWN_FIELDS, CooldownLedger } from '../routing/cooldown.ts';
import { IN_FLIGHT_FIELDS, LATENCY_FIELDS, TrafficLedger } from '../routing/traffic.ts';
import { TURN_FIELDS, TurnCounter } from '../routing/turn-counter.ts';
import { ObjectOwnerLedger, OWNER_FIELDS } from '../gateway/objects/object-owners.ts';
import type { AppLedgers } from './lone-ledgers.ts';
import { hashSecret, SECRET_BYTES } from '../cluster/hash-secret.ts';

/** The ledgers of a process that shares them with others. */
export interface SharedLedgers extends AppLedgers {
  readonly counters: ClaimCounters;
  /** The records behind `counters`. */
  readonly records: CounterLedger;
  /** Removes the traces of a dead worker: its requests in flight, its holds, its probes, its locks. */
  readonly reclaim: (worker: number) => void;
}

/**
 * The maximum number of records. Full buckets, healthy routes and requests take none. Pages that were never written
 * take no memory.
 */
const ROOM = {
  buckets: 2 ** 18,
  cooldowns: 2 ** 14,
  turns: 2 ** 14,
  latencies: 2 ** 14,
  inFlight: 2 ** 12,
  objects: 2 ** 16,
  ratios: 2 ** 12,
  outputs: 2 ** 14,
};

/** The least room for counters. Those of end users are made on demand. */
const LEAST_COUNTERS = 2 ** 17;

/** Room for the counters of these limits, and for as many again. */
export function roomForLimits(claims: Iterable<unknown>): number {
  let limits = 0;
  for (const _ of claims) limits += 1;
  return Math.max(LEAST_COUNTERS, 2 ** Math.ceil(Math.log2(2 * limits + 1)));
}

/** How much the ledgers have to hold. All processes that share them say the same. */
export interface LedgerSize {
  readonly workers: number;
  /** Counters of limits: a power of two. */
  readonly counters: number;
  /** Whether several machines share limits. */
  readonly areLeased?: boolean;
}

/** The bytes that ledgers of this size need. */
export function sizeOfLedgers(size: LedgerSize): number {
  return placesOf(size).end;
}

/** A process that shares ledgers. */
export interface SharingProcess extends LedgerSize {
  /** A worker from 1 to `workers`, or 0 for the supervisor, which only reclaims and seeds. */
  readonly me: number;
  /** Makes unknown counters known. */
  readonly seeder: Seeder;
  /** Asks for leases, if several machines share limits. */
  readonly leases?: LeaseSource | undefined;
}

/** The ledgers in shared memory, as one process sees them. */
export function openLedgers(memory: ArrayBuffer, process: SharingProcess): SharedLedgers {
  const { workers, me, seeder, leases, areLeased } = process;
  const places = placesOf(process);
  const owner = me === 0 ? SUPERVISOR_OWNER : me;
  const secret = hashSecret(memory);
  const table = <Field extends string>(fields: readonly Field[], offset: number, capacity: number) =>
    new SharedTable({ memory, offset, fields, capacity, owner, secret });
  const buckets = table(BUCKET_FIELDS, places.buckets, ROOM.buckets);
  const routes = table(COOLDOWN_FIELDS, places.cooldowns, ROOM.cooldowns);
  const turns = table(TURN_FIELDS, places.turns, ROOM.turns);
  const latencies = table(LATENCY_FIELDS, places.latencies, ROOM.latencies);
  const objects = table(OWNER_FIELDS, places.objects, ROOM.objects);
  const counters = table(counterFields(workers, areLeased), places.counters, process.counters);
  const ratios = table(RATIO_FIELDS, places.ratios, ROOM.ratios);
  const outputs = table(QUANTILE_FIELDS, places.outputs, ROOM.outputs);
  const inFlight = places.inFlight.map((offset) => table(IN_FLIGHT_FIELDS, offset, ROOM.inFlight));
  const own = inFlight[me - 1] ?? new LocalTable(IN_FLIGHT_FIELDS);
  const cooldowns = new CooldownLedger(routes, owner);
  const bucketLedger = new BucketLedger(buckets);
  const records = new CounterLedger(counters, me, workers);
  const claims = new ClaimCounters(records, bucketLedger, seeder, areLeased === true ? leases : undefined);
  const tables = [buckets, routes, turns, latencies, objects, counters, ratios, outputs, ...inFlight];
  return {
    buckets: areLeased === true ? new SharedRates(claims, bucketLedger, systemClock.epochMs) : bucketLedger,
    counters: claims,
    records,
    estimates: new EstimateLedger(ratios, outputs),
    cooldowns,
    turns: new TurnCounter(turns),
    objects: new ObjectOwnerLedger(objects),
    traffic: new TrafficLedger({ own, others: inFlight.filter((one) => one !== own), latencies }),
    reclaim(worker) {
      for (const one of tables) one.release(worker);
      cooldowns.endProbesOf(worker);
      records.releaseColumn(worker);
      inFlight[worker - 1]?.sweep(() => true);
    },
  };
}

/** An owner's number that no worker has. */
const SUPERVISOR_OWNER = 0x7fff;

interface Places {
  readonly buckets: number;
  readonly cooldowns: number;
  readonly turns: number;
  readonly latencies: number;
  readonly objects: number;
  readonly counters: number;
  readonly ratios: number;
  readonly outputs: number;
  /** One count per worker. */
  readonly inFlight: readonly number[];
  readonly end: number;
}

function placesOf({ workers, counters, areLeased }: LedgerSize): Places {
  let end = SECRET_BYTES;
  const place = (fields: readonly string[], capacity: number): number => {
    const offset = end;
    end += SharedTable.size(fields.length, capacity);
    return offset;
  };
  const places = {
    buckets: place(BUCKET_FIELDS, ROOM.buckets),
    cooldowns: place(COOLDOWN_FIELDS, ROOM.cooldowns),
    turns: place(TURN_FIELDS, ROOM.turns),
    latencies: place(LATENCY_FIELDS, ROOM.latencies),
    objects: place(OWNER_FIELDS, ROOM.objects),
    counters: place(counterFields(workers, areLeased), counters),
    ratios: place(RATIO_FIELDS, ROOM.ratios),
    outputs: place(QUANTILE_FIELDS, ROOM.outputs),
    inFlight: Array.from({ length: workers }, () => place(IN_FLIGHT_FIELDS, ROOM.inFlight)),
  };
  return { ...places, end };
}
