import { readFileSync, statSync } from 'node:fs';

/** A file that is checked at intervals. */
export interface FileWatch {
  /** Checks now, and resolves when a detected change has been handled. */
  readonly check: () => Promise<void>;
  readonly close: () => void;
}

/** Two checks fit into the second within which a change must take effect. */
const INTERVAL_MS = 400;

/** File systems have coarse timestamps: a recently touched file may change again and look the same. */
const SETTLED_MS = 2000;

/**
 * Calls `onChange` when the contents of a file have changed, one call at a time. It polls the file twice a second,
 * because notifications miss what matters: editors replace the file, and Kubernetes swaps a link above it. A check
 * costs one `stat`, and the file is read only if it looks different.
 *
 * Changes are relative to the contents at the time of the call, so start watching before the file is first loaded. A
 * missing file is not reported, nor is a pipe, whose contents can be read only once. If `onChange` rejects, `check`
 * throws, and there is no retry until the next change.
 */
export function watchFile(path: string, onChange: () => Promise<void> | void): FileWatch {
  let stamp = stampOf(path);
  let digest = stamp === undefined ? undefined : digestOf(path);
  let running = Promise.resolve();

  const look = async () => {
    const newStamp = stampOf(path);
    if (newStamp === undefined || (newStamp.text === stamp?.text && stamp.isSettled)) return;
    stamp = newStamp;
    const newDigest = digestOf(path);
    if (newDigest === undefined || newDigest === digest) return;
    digest = newDigest;
    await onChange();
  };
  const check = () => {
    running = running.then(look, look);
    return running;
  };

  const timer = setInterval(() => void check().catch(() => undefined), INTERVAL_MS);
  timer.unref();
  return { check, close: () => clearInterval(timer) };
}

interface Stamp {
  readonly text: string;
  readonly isSettled: boolean;
}

/** undefined: there is no regular file. */
function stampOf(path: string): Stamp | undefined {
  try {
    const status = statSync(path, { bigint: true });
    if (!status.isFile()) return undefined;
    const { ino, dev, size, mtimeNs, ctimeNs, mtimeMs } = status;
    return {
      text: [dev, ino, size, mtimeNs, ctimeNs].join(':'),
      isSettled: Math.abs(Date.now() - Number(mtimeMs)) > SETTLED_MS,
    };
  } catch {
    return undefined;
  }
}

function digestOf(path: string): string | undefined {
  try {
    return Bun.CryptoHasher.hash('sha256', readFileSync(path), 'hex');
  } catch {
    return undefined;
  }
}
