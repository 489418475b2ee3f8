import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';

/** A file that is looked at again and again. */
export interface FileWatch {
  /** Looks at once, and waits until a change that is found has been dealt with. */
  readonly check: () => Promise<void>;
  readonly close: () => void;
}

/** Two looks fit into the second within which a change has to take effect. */
const INTERVAL_MS = 400;

/** File systems count time in steps: a file touched this lately may change again and look the same. */
const SETTLED_MS = 2000;

/**
 * Calls `onChange` when the content of a file has changed, at most once at a time. It looks at the file itself
 * twice a second, because notifications miss what matters: editors put a new file in the old one's place, and
 * Kubernetes swaps a link above it. A look costs one `stat`; only a file that looks different is read.
 *
 * What counts is the content at the time of the call: begin to watch before the file is first loaded. While the
 * file is missing nothing is reported. A rejection of `onChange` is thrown by `check`, and not retried until the
 * next change.
 */
export function watchFile(path: string, onChange: () => Promise<void> | void): FileWatch {
  let stamp = stampOf(path);
  let digest = digestOf(path);
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

function stampOf(path: string): Stamp | undefined {
  try {
    const { ino, dev, size, mtimeNs, ctimeNs, mtimeMs } = statSync(path, { bigint: true });
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
    return createHash('sha256').update(readFileSync(path)).digest('hex');
  } catch {
    return undefined;
  }
}
