import { Database } from 'bun:sqlite';

declare const self: Worker;

/** A task for the thread: one statement in the database of a file. It is answered with the error's text, or ''. */
export interface SqliteOrder {
  readonly file: string;
  readonly statement: string;
}

/** How long the statement waits for other writers. */
const BUSY_MS = 60_000;

self.addEventListener('message', ({ data: { file, statement } }: MessageEvent<SqliteOrder>): void => {
  let problem = '';
  try {
    const database = new Database(file, { readwrite: true, create: false });
    try {
      database.run(`pragma busy_timeout = ${BUSY_MS}`);
      database.run(statement);
    } finally {
      database.close();
    }
  } catch (error) {
    problem = error instanceof Error ? error.message : String(error);
  }
  self.postMessage(problem);
});
