import type { Files } from '../config/read/load-result.ts';
import { readSecretFile } from '../config/read/secret-file.ts';
import { type FileWatch, watchFile } from '../config/read/watch.ts';

/** Watches the files that the current configuration names. */
export class WatchedFiles {
  readonly #watches = new Map<string, FileWatch>();
  readonly #onChange: () => Promise<void>;

  constructor(onChange: () => Promise<void>) {
    this.#onChange = onChange;
  }

  /**
   * Watches these files and no others from now on. Resolves when a change that happened in between has been handled.
   */
  async follow(files: Files): Promise<void> {
    for (const [path, watch] of this.#watches) {
      if (files.has(path)) continue;
      watch.close();
      this.#watches.delete(path);
    }
    let isOutdated = false;
    for (const [path, file] of files) {
      if (this.#watches.has(path)) continue;
      this.#watches.set(path, watchFile(path, this.#onChange));
      // A watch sees changes only after its start, and the file was read before.
      isOutdated ||= !Bun.deepEquals(readSecretFile(path), file);
    }
    if (isOutdated) await this.#onChange();
  }

  close(): void {
    for (const watch of this.#watches.values()) watch.close();
    this.#watches.clear();
  }
}
