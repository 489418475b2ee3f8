import type { SqliteOrder } from './sqlite-worker.ts';

/** The statement failed. */
export class ThreadFailed extends Error {}

/**
 * Runs a statement in a thread with a connection of its own, since SQLite blocks the thread that asks it. Throws
 * `ThreadFailed` with the database's message.
 */
export function runInThread(order: SqliteOrder): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./sqlite-worker.ts', import.meta.url).href);
    // The thread must not keep the program running: SQLite rolls back what is not complete.
    worker.unref();
    worker.addEventListener('message', ({ data }: MessageEvent<string>) => {
      worker.terminate();
      if (data === '') resolve();
      else reject(new ThreadFailed(data));
    });
    worker.addEventListener('error', (event) => reject(new ThreadFailed(event.message)));
    worker.postMessage(order);
  });
}
