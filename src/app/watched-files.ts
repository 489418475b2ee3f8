import type { Files } from '../config/read/load.ts';
import { readSecretFile } from '../config/read/secret-file.ts';
import { type FileWatch, watchFile } from '../config/read/watch.ts';

/** Watches the files that a configuration names, whichever they are at the moment. */
export class WatchedFiles {
  readonly #watches = new Map<string, FileWatch>();
  readonly #onChange: () => Promise<void>;

  constructor(onChange: () => Promise<void>) {
    this.#onChange = onChange;
  }

  /** From now on these files are watched, and no others. Resolves when a change that came in between has been dealt with. */
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
      // A watch notices changes from its beginning on, and the file was read before.
      isOutdated ||= !Bun.deepEquals(readSecretFile(path), file);
    }
    if (isOutdated) await this.#onChange();
  }

  close(): void {
    for (const watch of this.#watches.values()) watch.close();
    this.#watches.clear();
  }
}
