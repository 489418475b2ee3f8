import { EXIT } from '../../exit-code.ts';
import { explainStoreError } from '../../app/database-environment.ts';

/** Something that a command opens and must close. */
interface Closable {
  readonly close: () => Promise<unknown>;
}

/** Opens something for a command, uses it and closes it. Prints a failure that has an explanation. */
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

/** Prints why a command failed and returns its exit code. */
export function failed(lines: readonly string[]): number {
  for (const line of lines) console.error(`llm-proxy: ${line}`);
  return EXIT.failed;
}
