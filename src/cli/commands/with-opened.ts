import { EXIT } from '../../exit-code.ts';
import { explainStoreError } from '../../app/database-environment.ts';

/** What a command opens and has to close again. */
interface Closable {
  readonly close: () => Promise<unknown>;
}

/** Opens something for one command, works with it and closes it; a failure that has an explanation is printed. */
export async function withOpened<T extends Closable>(
  open: () => T | Promise<T>,
  work: (opened: T) => Promise<number>,
): Promise<number> {
  let opened: T | undefined;
  try {
    opened = await open();
    return await work(opened);
  } catch (error) {
    const lines = explainStoreError(error);
    if (lines === undefined) throw error;
    return failed(lines);
  } finally {
    await opened?.close().catch(() => undefined);
  }
}

/** Prints why a command can't do its work; returns its exit code. */
export function failed(lines: readonly string[]): number {
  for (const line of lines) console.error(`llm-proxy: ${line}`);
  return EXIT.failed;
}
