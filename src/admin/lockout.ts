/** Wrong keys before responses are delayed, per address and for all addresses together. */
const FREE_TRIES = 5;
const FREE_TRIES_IN_ALL = 1_000;
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 8_000;
/** An address is forgotten after this time without a wrong key. */
const FORGOTTEN_AFTER_MS = 15 * 60_000;
/** More addresses at a time are not real clients. */
const MOST_ADDRESSES = 10_000;
/** The maximum number of delayed responses. More would let a guesser fill the process with connections. */
const MOST_WAITING = 64;

interface Record {
  failures: number;
  lastMs: number;
}

/** The response to a wrong key. */
export interface Penalty {
  /** How long the response waits. */
  readonly delayMs: number;
  /** Whether the response says that there were too many attempts. */
  readonly isTooMany: boolean;
}

/**
 * Slows down guessing. After some wrong keys from one address, or from all addresses together, the response to each
 * further one is delayed, twice as long each time. It is not a lockout: the right key is admitted at once, so nobody
 * can lock the operators out behind a shared address. A right key does not reset the count either, or it would reset
 * that of a guesser at the same address.
 */
export class Lockout {
  readonly #records = new Map<string, Record>();
  readonly #all: Record = { failures: 0, lastMs: 0 };
  readonly #nowMs: () => number;
  #waiting = 0;

  /** `nowMs` is monotonic, since the wall clock may be set. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Counts a wrong key. */
  failed(address: string): Penalty {
    const network = networkOf(address);
    const record = this.#records.get(network) ?? { failures: 0, lastMs: 0 };
    // Moves it to the end, so that the first record is the one that was quiet for longest.
    this.#records.delete(network);
    this.#records.set(network, record);
    const [oldest] = this.#records.keys();
    if (this.#records.size > MOST_ADDRESSES && oldest !== undefined) this.#records.delete(oldest);
    const beyond = Math.max(this.#count(record) - FREE_TRIES, this.#count(this.#all) - FREE_TRIES_IN_ALL);
    if (beyond <= 0) return { delayMs: 0, isTooMany: false };
    return { delayMs: Math.min(FIRST_DELAY_MS * 2 ** (beyond - 1), LONGEST_DELAY_MS), isTooMany: true };
  }

  /**
   * Resolves when the response may be sent. If many wait already, it resolves at once: guessing in parallel gains
   * nothing but refusals.
   */
  async served({ delayMs }: Penalty): Promise<void> {
    if (delayMs === 0 || this.#waiting >= MOST_WAITING) return;
    this.#waiting++;
    await Bun.sleep(delayMs);
    this.#waiting--;
  }

  /** The number of remembered addresses. */
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

/** An IPv6 customer has at least a /64, so all of its addresses count as one. */
function networkOf(address: string): string {
  if (!address.includes(':') || address.startsWith('::ffff:')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head.split(':');
  if (tail === undefined) return groups.slice(0, 4).join(':');
  const missing = 8 - groups.length - tail.split(':').length;
  const all = [...groups, ...Array.from({ length: missing }, () => '0'), ...tail.split(':')];
  return all.slice(0, 4).join(':');
}
