/** Wrong keys that an address may try before it has to wait. */
const FREE_TRIES = 5;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 15 * 60_000;
/** More addresses at a time are no clients. */
const MOST_ADDRESSES = 10_000;

interface Record {
  failures: number;
  untilMs: number;
}

/**
 * Makes addresses wait that present wrong keys: a second after the fifth, and twice as long after each one more. While
 * it waits even the right key is not looked at, or waiting would not slow a guesser down. An address that has waited
 * long enough without another wrong key is forgotten.
 */
export class Lockout {
  readonly #records = new Map<string, Record>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** How many milliseconds the address still has to wait; 0: it may try. */
  waitMs(address: string): number {
    return Math.max(0, (this.#records.get(networkOf(address))?.untilMs ?? 0) - this.#nowMs());
  }

  failed(address: string): void {
    const network = networkOf(address);
    const nowMs = this.#nowMs();
    const known = this.#records.get(network);
    const isForgotten = known === undefined || nowMs > known.untilMs + LONGEST_WAIT_MS;
    const failures = (isForgotten ? 0 : known.failures) + 1;
    const waitMs =
      failures < FREE_TRIES ? 0 : Math.min(FIRST_WAIT_MS * 2 ** (failures - FREE_TRIES), LONGEST_WAIT_MS);
    // Put last again, so that the first is the one that was quiet for longest.
    this.#records.delete(network);
    this.#records.set(network, { failures, untilMs: nowMs + waitMs });
    const [oldest] = this.#records.keys();
    if (this.#records.size > MOST_ADDRESSES && oldest !== undefined) this.#records.delete(oldest);
  }

  succeeded(address: string): void {
    this.#records.delete(networkOf(address));
  }

  /** How many addresses are remembered. */
  get size(): number {
    return this.#records.size;
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
