import type { MasterKey, Snapshot } from '../../config/snapshot.ts';
import type { Broadcast } from './broadcast.ts';
import { originOf } from './config-print.ts';
import { Flight } from './flight.ts';
import { MemoryAnswers } from './memory-answers.ts';
import type {
  AnswerOrigin,
  AnswerStore,
  ForgottenAnswers,
  SharedAnswers,
  StoredAnswer,
} from './stored-answer.ts';

/** The answers that this process has, and those that are under way. */
export class AnswerCache {
  /** Makes the names of answers. Without shared answers, only this process knows it. */
  readonly secret: Uint8Array;
  readonly store: AnswerStore;
  readonly #memory: MemoryAnswers;
  readonly #flights = new Map<string, Flight>();
  readonly #shared: SharedAnswers | undefined;
  #snapshot: Snapshot;
  /** The keys of the snapshot by id, once they are needed. */
  #keys: ReadonlyMap<string, MasterKey> | undefined;

  /** `shared`: where answers are kept for several gateways. Then none are kept in this process. */
  constructor(snapshot: Snapshot, shared?: SharedAnswers) {
    this.#shared = shared;
    this.secret = shared?.secret ?? crypto.getRandomValues(new Uint8Array(32));
    this.#memory = new MemoryAnswers();
    this.store = this.#memory;
    this.#snapshot = snapshot;
    this.#bound();
  }

  get bytes(): number {
    return this.#memory.bytes;
  }

  get entries(): number {
    return this.#memory.entries;
  }

  /** Whether answers are kept for several gateways. */
  get isShared(): boolean {
    return this.#shared !== undefined;
  }

  /** A kept answer. A promise if it is kept for several gateways. */
  find(id: string, nowMs: number): StoredAnswer | undefined | Promise<StoredAnswer | 'away' | undefined> {
    return this.#shared === undefined
      ? this.store.find(id, nowMs)
      : this.#findShared(id, nowMs, this.#shared);
  }

  /** An identical request that is under way and can be joined. `joinsKept`: also one whose answer is kept already. */
  flight(id: string, joinsKept = false): Flight | undefined {
    const flight = this.#flights.get(id);
    if (flight?.isKept === true && !joinsKept) return undefined;
    return flight?.canBeJoined === true ? flight : undefined;
  }

  /** Begins a flight, which others may join from now on. */
  begin(id: string, origin: AnswerOrigin, broadcast: Broadcast, nowMs: number): Flight {
    const flight = new Flight(id, origin, broadcast, nowMs);
    this.#flights.set(id, flight);
    return flight;
  }

  /**
   * A flight that can be joined although other gateways may have forgotten its answer since it began: the same one, or
   * another one that has begun meanwhile.
   */
  async unforgotten(flight: Flight, nowMs: number): Promise<Flight | undefined> {
    const asked = flight.asking ?? this.#shared?.isForgotten(flight.origin, nowMs - flight.beganMs);
    flight.asking = asked;
    const isForgotten = await asked;
    flight.asking = undefined;
    if (isForgotten !== true) return flight.canBeJoined ? flight : this.flight(flight.id);
    flight.isForgotten = true;
    this.close(flight);
    return this.flight(flight.id);
  }

  /** No further request joins the flight. */
  close(flight: Flight): void {
    if (this.#flights.get(flight.id) === flight) this.#flights.delete(flight.id);
  }

  /** Keeps an answer in this process, unless it was forgotten while it was under way. */
  keep(flight: Flight, answer: StoredAnswer): void {
    if (this.#isWorthKeeping(flight, answer)) this.store.keep(flight.id, answer);
  }

  /** Keeps an answer for several gateways, once its cost is known. `sinceMs`: for how long it has been asked for. */
  async share(flight: Flight, answer: StoredAnswer, sinceMs: number): Promise<void> {
    if (!this.#isWorthKeeping(flight, answer)) return;
    flight.isKept = (await this.#shared?.keep(flight.id, answer, sinceMs)) === true;
  }

  /**
   * Forgets answers, also those under way. Returns how many this process kept; `away`: only this process forgot them, since
   * what several gateways share was not reached.
   */
  async forget(forgotten: ForgottenAnswers): Promise<number | 'away'> {
    const { model, key } = forgotten;
    const count = this.#forget(
      (origin) =>
        (model === undefined || origin.model === model) &&
        (key === undefined || origin.keyName === key || origin.keyId === key),
    );
    try {
      await this.#shared?.forget(forgotten);
      return count;
    } catch {
      return 'away';
    }
  }

  /** Closes the connection to the answers that are shared. */
  end(): void {
    this.#shared?.close();
  }

  /** Forgets what models and keys have answered whose settings differ now. */
  swap(next: Snapshot): void {
    this.#snapshot = next;
    this.#keys = undefined;
    this.#bound();
    if (this.entries === 0 && this.#flights.size === 0) return;
    this.#forget((origin) => !this.#isCurrent(origin));
  }

  /** Drops what has expired. */
  sweep(nowMs: number): void {
    if (this.entries > 0) this.#memory.sweep(nowMs);
  }

  #bound(): void {
    this.#memory.bound(this.#snapshot.caching ?? { maxBytes: 0, maxEntries: 0 });
  }

  /** Another gateway may have another configuration, and its answer may be that of a former one of this. */
  async #findShared(
    id: string,
    nowMs: number,
    shared: SharedAnswers,
  ): Promise<StoredAnswer | 'away' | undefined> {
    const found = await shared.find(id, nowMs);
    return found === undefined || found === 'away' || this.#isCurrent(found) ? found : undefined;
  }

  #isWorthKeeping({ isForgotten }: Flight, answer: StoredAnswer): boolean {
    return !isForgotten && this.#isCurrent(answer);
  }

  /** Whether the configuration has not changed for an answer since it was asked for. */
  #isCurrent({ model: name, keyId, print }: AnswerOrigin): boolean {
    const snapshot = this.#snapshot;
    const model = snapshot.findModel(name);
    if (model === undefined || snapshot.caching?.ruleFor(keyId, name) === undefined) return false;
    this.#keys ??= keysOf(snapshot);
    const key = keyId === undefined ? undefined : this.#keys.get(keyId);
    return originOf(model, key, snapshot).print === print;
  }

  #forget(isMeant: (origin: AnswerOrigin) => boolean): number {
    for (const flight of this.#flights.values()) {
      if (!isMeant(flight.origin)) continue;
      flight.isForgotten = true;
      this.close(flight);
    }
    return this.store.forget(isMeant);
  }
}

/** The keys by id. */
function keysOf({ access }: Snapshot): ReadonlyMap<string, MasterKey> {
  if (access.kind === 'open') return new Map();
  return new Map([...access.keys.values()].map((key) => [key.id, key]));
}
