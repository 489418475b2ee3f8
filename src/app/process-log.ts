import type { Snapshot } from '../config/snapshot.ts';
import { type OpenLog, openLog } from '../telemetry/log/open-log.ts';

/** Writes to standard error, outside of the log. */
export function complain(text: string): void {
  void Bun.write(Bun.stderr, text).catch(() => undefined);
}

/** Writes to standard output and resolves when it is written. */
export function print(text: string | Uint8Array): Promise<unknown> {
  return Bun.write(Bun.stdout, text);
}

/** Opens the log of this process. `printLines` writes to the terminal. */
export function openProcessLog(
  snapshot: () => Snapshot,
  printLines: (lines: Uint8Array) => Promise<unknown> = print,
): OpenLog {
  return openLog({ snapshot, print: printLines, complain, epochMs: Date.now });
}
