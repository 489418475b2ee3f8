/** The command that starts a worker. It is internal, so the help does not list it. */
export const WORKER = 'worker';

/** The command line that starts a worker: a binary starts itself, otherwise the runtime starts the same script. */
export function workerCommand(): string[] {
  // A binary contains its script, and only the binary finds it.
  const isBinary = Bun.main.startsWith('/$bunfs/') || /^[A-Z]:[\\/]~BUN[\\/]/i.test(Bun.main);
  return isBinary ? [process.execPath, WORKER] : [process.execPath, Bun.main, WORKER];
}
