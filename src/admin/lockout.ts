/** Wrong keys that an address may try before its answers are slowed, and those of all addresses together. */
const FREE_TRIES = 5;
const FREE_TRIES_IN_ALL = 1_000;
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 8_000;
/** An address without a wrong key for so long is forgotten. */
const FORGOTTEN_AFTER_MS = 15 * 60_000;
/** More addresses at a time are no clients. */
const MOST_ADDRESSES = 10_000;
/** Answers that wait at a time. More would let a guesser fill the process with connections. */
const MOST_WAITING = 64;

interface Record {
  failures: number;
  lastMs: number;
}

/** How a wrong key is answered. */
export interface Penalty {
  /** How long the answer waits. */
  readonly delayMs: number;
  /** Whether the answer says that too many came. */
  readonly isTooMany: boolean;
}

/**
 * Slows guessers down: after some wrong keys of an address, or of all addresses together, the answer to each further one
 * waits, twice as long each time. It is no lock: the right key is let in at once, so that nobody locks the operators out
 * behind a shared address. A right key clears nothing either, or it would reset the count of a guesser beside it.
 */
export class Lockout {
  readonly #records = new Map<string, Record>();
  readonly #all: Record = { failures: 0, lastMs: 0 };
  readonly #nowMs: () => number;
  #waiting = 0;

  /** `nowMs` is monotonic: the wall clock may be set. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Counts a wrong key. */
  failed(address: string): Penalty {
    const network = networkOf(address);
    const record = this.#records.get(network) ?? { failures: 0, lastMs: 0 };
    // Put last again, so that the first is the one that was quiet for longest.
    this.#records.delete(network);
    this.#records.set(network, record);
    const [oldest] = this.#records.keys();
    if (this.#records.size > MOST_ADDRESSES && oldest !== undefined) this.#records.delete(oldest);
    const beyond = Math.max(this.#count(record) - FREE_TRIES, this.#count(this.#all) - FREE_TRIES_IN_ALL);
    if (beyond <= 0) return { delayMs: 0, isTooMany: false };
    return { delayMs: Math.min(FIRST_DELAY_MS * 2 ** (beyond - 1), LONGEST_DELAY_MS), isTooMany: true };
  }

  /** Resolves when the answer may go. Where many wait already, at once: who asks in parallel gains nothing but refusals. */
  async served({ delayMs }: Penalty): Promise<void> {
    if (delayMs === 0 || this.#waiting >= MOST_WAITING) return;
    this.#waiting++;
    await Bun.sleep(delayMs);
    this.#waiting--;
  }

  /** How many addresses are remembered. */
  get size(): number {
    return this.#records.size;
  }

  #count(record: Record): number {
    const nowMs = this.#nowMs();
    const isForgotten = nowMs - record.lastMs > FORGOTTEN_AFTER_MS;
    record.failures = (isForgotten ? 0 : record.failures) + 1;
    record.lastMs = nowMs;
    return record.failures;
  }
}

/** An IPv6 customer has a /64 at least: every address of it is the same party. */
function networkOf(address: string): string {
  if (!address.includes(':') || address.startsWith('::ffff:')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head.split(':');
  if (tail === undefined) return groups.slice(0, 4).join(':');
  const missing = 8 - groups.length - tail.split(':').length;
  const all = [...groups, ...Array.from({ length: missing }, () => '0'), ...tail.split(':')];
  return all.slice(0, 4).join(':');
}
