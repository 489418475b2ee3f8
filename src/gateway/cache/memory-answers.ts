import type { CacheBounds } from '../../config/caching.ts';
import type { AnswerStore, StoredAnswer } from './stored-answer.ts';

/** The memory of an entry besides its bytes and fields. */
const ENTRY_BYTES = 512;
/** The memory of a piece besides its bytes. */
const PIECE_BYTES = 128;

/** Answers in the memory of this process. Those that were used least recently make room. */
export class MemoryAnswers implements AnswerStore {
  /** In the order of use, the least recent first. */
  readonly #answers = new Map<string, StoredAnswer>();
  #bytes = 0;
  #bounds: Pick<CacheBounds, 'maxBytes' | 'maxEntries'> = { maxBytes: 0, maxEntries: 0 };

  get bytes(): number {
    return this.#bytes;
  }

  get entries(): number {
    return this.#answers.size;
  }

  readonly find = (id: string, nowMs: number): StoredAnswer | undefined => {
    const answer = this.#answers.get(id);
    if (answer === undefined) return undefined;
    if (isExpired(answer, nowMs)) {
      this.#delete(id, answer);
      return undefined;
    }
    this.#answers.delete(id);
    this.#answers.set(id, answer);
    return answer;
  };

  readonly keep = (id: string, answer: StoredAnswer): void => {
    const former = this.#answers.get(id);
    if (former !== undefined) this.#delete(id, former);
    this.#answers.set(id, answer);
    this.#bytes += sizeOf(answer);
    this.#makeRoom();
  };

  readonly forget = (isMeant: (answer: StoredAnswer) => boolean): number => {
    const before = this.#answers.size;
    for (const [id, answer] of this.#answers) if (isMeant(answer)) this.#delete(id, answer);
    return before - this.#answers.size;
  };

  /** Applies other bounds. */
  bound(bounds: Pick<CacheBounds, 'maxBytes' | 'maxEntries'>): void {
    this.#bounds = bounds;
    this.#makeRoom();
  }

  /** Drops what has expired. */
  sweep(nowMs: number): void {
    this.forget((answer) => isExpired(answer, nowMs));
  }

  #makeRoom(): void {
    const { maxBytes, maxEntries } = this.#bounds;
    for (const [id, answer] of this.#answers) {
      if (this.#bytes <= maxBytes && this.#answers.size <= maxEntries) return;
      this.#delete(id, answer);
    }
  }

  #delete(id: string, answer: StoredAnswer): void {
    this.#answers.delete(id);
    this.#bytes -= sizeOf(answer);
  }
}

function isExpired({ storedAtMs, ttlMs }: StoredAnswer, nowMs: number): boolean {
  return nowMs - storedAtMs >= ttlMs;
}

function sizeOf({ byteLength, fields, pieces, print }: StoredAnswer): number {
  let size = ENTRY_BYTES + byteLength + pieces.length * PIECE_BYTES + print.length;
  for (const name in fields) size += name.length + (fields[name]?.length ?? 0);
  return size;
}
