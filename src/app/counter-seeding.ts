import { whenLate } from '../lib/late.ts';
import type { Seeder, UnknownRecord, UsedOf } from '../limits/claim-taking.ts';
import type { CounterLedger } from '../limits/counter.ts';
import type { LeaseQuestion, LeaseSource, LeaseVerdict } from '../limits/lease-report.ts';

/** How long a request waits until a counter is known. A busy machine needs more than the usual millisecond. */
const LONGEST_MS = 1_000;

/** The same for a lease. The supervisor waits for the store itself, for the `deadline_ms` of the configuration: five seconds at most. */
const LONGEST_LEASE_MS = 6_000;

/** How long the supervisor waits for a worker's holds. */
export const PUBLISH_MS = 250;

/** The sources from which the supervisor restores a counter's record. */
export interface SeedSources {
  readonly records: Pick<CounterLedger, 'seed'>;
  /** Makes every worker write its holds into the record. Resolves when each has done so or timed out. */
  readonly publishAll: (key: string) => Promise<unknown>;
  /** The use according to the ledger, including requests that are not in the database yet. */
  readonly usedOf: UsedOf;
}

/**
 * The supervisor's side of seeding: an unknown record gets the holds of the living workers and the use from the ledger.
 * Several workers that miss the same record wait for one seeding.
 */
export function seedForAll({ records, publishAll, usedOf }: SeedSources): Seeder {
  const underWay = new Map<string, Promise<boolean>>();
  const seed = async ({ counter, windowMs, endMs, key }: UnknownRecord): Promise<boolean> => {
    await publishAll(key);
    records.seed(key, usedOf(counter, windowMs), endMs);
    return true;
  };
  return (record) => {
    const known = underWay.get(record.key);
    if (known !== undefined) return known;
    const seeding = seed(record).finally(() => underWay.delete(record.key));
    underWay.set(record.key, seeding);
    return seeding;
  };
}

/** A worker's side: asks the supervisor, and gives up if it does not answer. */
export function seedBySupervisor(ask: (record: UnknownRecord) => Promise<boolean>): Seeder {
  return (record) => inTime(ask(record), LONGEST_MS, false);
}

/** A worker's side of leases. */
export function leasesOfSupervisor(ask: (question: LeaseQuestion) => Promise<LeaseVerdict>): LeaseSource {
  return { lease: (question) => inTime(ask(question), LONGEST_LEASE_MS, 'away') };
}

/** The answer, or `otherwise` if there is none in time. */
async function inTime<T>(answer: Promise<T>, ms: number, otherwise: T): Promise<T> {
  const late = Promise.withResolvers<T>();
  const stopTimer = whenLate(ms, () => late.resolve(otherwise));
  try {
    return await Promise.race([answer, late.promise]);
  } catch {
    return otherwise;
  } finally {
    stopTimer();
  }
}
