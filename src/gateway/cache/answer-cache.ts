import type { MasterKey, Snapshot } from '../../config/snapshot.ts';
import type { Broadcast } from './broadcast.ts';
import { originOf } from './config-print.ts';
import { Flight } from './flight.ts';
import { MemoryAnswers } from './memory-answers.ts';
import type { AnswerOrigin, AnswerStore, StoredAnswer } from './stored-answer.ts';

/** Whose answers are to be forgotten: of a model, to a key (by name or id), both, or all. */
export interface ForgottenAnswers {
  readonly model?: string | undefined;
  readonly key?: string | undefined;
}

/** The answers that this process has, and those that are under way. */
export class AnswerCache {
  /** Makes the names of answers. They are only known to this process. */
  readonly secret = crypto.getRandomValues(new Uint8Array(32));
  readonly store: AnswerStore;
  readonly #memory: MemoryAnswers;
  readonly #flights = new Map<string, Flight>();
  #snapshot: Snapshot;
  /** The keys of the snapshot by id, once they are needed. */
  #keys: ReadonlyMap<string, MasterKey> | undefined;

  constructor(snapshot: Snapshot) {
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

  /** An identical request that is under way and can be joined. */
  flight(id: string): Flight | undefined {
    const flight = this.#flights.get(id);
    return flight?.canBeJoined === true ? flight : undefined;
  }

  /** Begins a flight, which others may join from now on. */
  begin(id: string, origin: AnswerOrigin, broadcast: Broadcast): Flight {
    const flight = new Flight(id, origin, broadcast);
    this.#flights.set(id, flight);
    return flight;
  }

  /** No further request joins the flight. */
  close(flight: Flight): void {
    if (this.#flights.get(flight.id) === flight) this.#flights.delete(flight.id);
  }

  /** Keeps an answer, unless it was forgotten while it was under way. */
  keep(flight: Flight, answer: StoredAnswer): void {
    if (!flight.isForgotten && this.#isCurrent(answer)) this.store.keep(flight.id, answer);
  }

  /** Forgets answers, also those under way. Returns how many were kept. */
  forget({ model, key }: ForgottenAnswers): number {
    return this.#forget(
      (origin) =>
        (model === undefined || origin.model === model) &&
        (key === undefined || origin.keyName === key || origin.keyId === key),
    );
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
