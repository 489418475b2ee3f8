import { fstatSync, write } from 'node:fs';
import type { Snapshot } from '../config/snapshot.ts';
import { type OpenLog, openLog } from '../telemetry/log/open-log.ts';

/** Writes to standard error, outside of the log. */
export function complain(text: string): void {
  void Bun.write(Bun.stderr, text).catch(() => undefined);
}

/** Writes to standard output and resolves when it is written. */
export function print(text: string | Uint8Array): Promise<unknown> {
  if (!printsToFile()) return Bun.write(Bun.stdout, text);
  return writeOut(typeof text === 'string' ? Buffer.from(text) : text);
}

let isFile: boolean | undefined;
const printsToFile = (): boolean => (isFile ??= fstatSync(STDOUT).isFile());

/**
 * Writes at the file's own position. `Bun.write` keeps one for each process, and behind a file that is opened to append it
 * leaves NUL bytes (Bun 1.4.5).
 */
async function writeOut(bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += await new Promise<number>((resolve, reject) => {
      write(STDOUT, bytes, at, undefined, null, (error, written) =>
        error === null ? resolve(written) : reject(error),
      );
    });
  }
}

const STDOUT = 1;

/** Opens the log of this process. `printLines` writes to the terminal. */
export function openProcessLog(
  snapshot: () => Snapshot,
  printLines: (lines: Uint8Array) => Promise<unknown> = print,
): OpenLog {
  return openLog({ snapshot, print: printLines, complain, epochMs: Date.now });
}
