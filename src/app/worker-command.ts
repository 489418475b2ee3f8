/** The name of the command that a worker is started by. It is not for people, and no help names it. */
export const WORKER = 'worker';

/** What starts a worker of this program: a binary starts itself, elsewhere the runtime starts the same script. */
export function workerCommand(): string[] {
  // In a binary the script is inside of it, where only the binary finds it.
  const isBinary = Bun.main.startsWith('/$bunfs/') || /^[A-Z]:[\\/]~BUN[\\/]/i.test(Bun.main);
  return isBinary ? [process.execPath, WORKER] : [process.execPath, Bun.main, WORKER];
}
