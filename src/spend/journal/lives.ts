import type { JournalFolder } from './folder.ts';
import { isLifeHeld, removeDeadLocks } from './life-lock.ts';
import type { ScannedFile } from './scan.ts';

type OfLife = Pick<ScannedFile, 'node' | 'life'>;

/**
 * The processes that write journals in a folder: those of this start, and those of earlier starts that are still alive.
 */
export class Lives {
  readonly #folder: JournalFolder;
  readonly #own = new Set<number>();
  /** Whether processes of earlier starts were alive at the last check. */
  readonly #held = new Map<string, boolean>();
  /** The first process of this start. */
  readonly first: number;

  constructor(folder: JournalFolder) {
    this.#folder = folder;
    this.first = this.begin();
    removeDeadLocks({ folder: folder.path, node: folder.node, life: this.first });
  }

  /** The number of the next process. It counts as alive until `end`. */
  begin(): number {
    const life = this.#folder.nextLife();
    this.#own.add(life);
    return life;
  }

  /** Records that a process has died. */
  end(life: number): void {
    this.#own.delete(life);
    const { path: folder, node } = this.#folder;
    // Removes its file.
    isLifeHeld({ folder, node, life });
  }

  /** Whether a process of an earlier start wrote it. Journals of an abandoned folder have another node. */
  isForeign({ node, life }: OfLife): boolean {
    return node !== this.#folder.node || life < this.first;
  }

  /** Whether a process may still write to it. */
  isAlive(file: OfLife): boolean {
    if (!this.isForeign(file)) return this.#own.has(file.life);
    const { node, life } = file;
    const key = `${node} ${life}`;
    const isHeld = this.#held.get(key) ?? isLifeHeld({ folder: this.#folder.path, node, life });
    this.#held.set(key, isHeld);
    return isHeld;
  }

  /** Checks the processes of earlier starts again. */
  look(): void {
    this.#held.clear();
  }
}
