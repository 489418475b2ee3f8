import type { Header, RequestHead } from './http/request-head.ts';

/** One request as it arrived, and what happened to its connection. */
export interface AttemptRecord {
  /** When it was complete, in milliseconds since 1970. */
  readonly at: number;
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** By lower-case name; the values as they were received. */
  readonly headers: Readonly<Record<string, string>>;
  /** As they were received, in order. */
  readonly rawHeaders: readonly Header[];
  /** Empty if it was too large to keep. */
  readonly body: Uint8Array;
  readonly bodyBytes: number;
  readonly model: string | undefined;
  /** The played faults, joined with `+`; `ok` without any. */
  readonly fault: string;
  /** The status of the answer, sent or not. */
  readonly status: number;
  /** When the peer closed the connection before the end of the answer. */
  readonly closedByPeerAt: number | undefined;
  /** When the answer was written, or the simulator aborted it. */
  readonly endedAt: number | undefined;
  /** The connection that it arrived on. */
  readonly connection: number;
}

/** The bounded memory of attempts. */
export interface AttemptLog {
  readonly records: () => readonly AttemptRecord[];
  /** Records an attempt. The record may be completed until the attempt has ended. */
  readonly add: (attempt: NewAttempt) => OpenAttempt;
  readonly reset: () => void;
  /** Resolves when this many attempts have arrived since the start or the last reset; rejects after the timeout. */
  readonly waitFor: (count: number, timeoutMs: number) => Promise<readonly AttemptRecord[]>;
}

export interface NewAttempt {
  readonly request: RequestHead & { readonly body: Uint8Array };
  readonly model: string | undefined;
  readonly fault: string;
  readonly status: number;
  readonly connection: number;
}

/** A record that is still incomplete. */
export type OpenAttempt = { -readonly [Key in keyof AttemptRecord]: AttemptRecord[Key] };

const MAX_RECORDS = 10_000;
const MAX_BODY_BYTES = 32 * 1024 * 1024;
const MAX_ALL_BODIES_BYTES = 256 * 1024 * 1024;
const NO_BYTES = new Uint8Array();

/** A log that keeps the newest 10,000 records, bodies of up to 32 MB, and 256 MB of bodies in all. */
export function createAttemptLog(): AttemptLog {
  let records: OpenAttempt[] = [];
  let total = 0;
  let keptBytes = 0;
  /** Records before this one have lost their bodies. */
  let firstWithBody = 0;
  let waiters: (() => void)[] = [];

  const trim = (): void => {
    for (; keptBytes > MAX_ALL_BODIES_BYTES && firstWithBody < records.length; firstWithBody++) {
      const oldest = records[firstWithBody];
      if (oldest === undefined) continue;
      keptBytes -= oldest.body.length;
      oldest.body = NO_BYTES;
    }
    // Moving the whole list for every record would cost more than the answer, so it is done for a thousand at once.
    if (records.length < MAX_RECORDS * 1.1) return;
    const dropped = records.splice(0, records.length - MAX_RECORDS);
    for (const record of dropped) keptBytes -= record.body.length;
    firstWithBody = Math.max(0, firstWithBody - dropped.length);
  };
  return {
    records: () => (records.length > MAX_RECORDS ? records.slice(-MAX_RECORDS) : records.slice()),
    add: (attempt) => {
      const record = openAttempt(attempt);
      // The gateway's own requests for model lists are not attempts of a request and come at any time.
      if (attempt.request.headers['user-agent'] === 'llm-proxy/model-list') return record;
      records.push(record);
      total++;
      keptBytes += record.body.length;
      trim();
      for (const check of waiters.slice()) check();
      return record;
    },
    reset: () => {
      records = [];
      total = keptBytes = firstWithBody = 0;
    },
    waitFor: (count, timeoutMs) =>
      new Promise((resolve, reject) => {
        const leave = (): void => {
          clearTimeout(timer);
          waiters = waiters.filter((waiter) => waiter !== check);
        };
        const check = (): void => {
          if (total < count) return;
          leave();
          resolve(records.slice(-MAX_RECORDS));
        };
        const timer = setTimeout(() => {
          leave();
          reject(new Error(`${total} of ${count} attempts came within ${timeoutMs} ms`));
        }, timeoutMs);
        waiters.push(check);
        check();
      }),
  };
}

function openAttempt({ request, model, fault, status, connection }: NewAttempt): OpenAttempt {
  const { method, target, headers, rawHeaders, body } = request;
  return {
    at: Date.now(),
    method,
    path: target,
    headers,
    rawHeaders,
    body: body.length <= MAX_BODY_BYTES ? body : NO_BYTES,
    bodyBytes: body.length,
    model,
    fault,
    status,
    closedByPeerAt: undefined,
    endedAt: undefined,
    connection,
  };
}
