import type { SQL } from 'bun';
import type { AlertEvent } from '../../config/spend-settings.ts';
import type { Database } from '../../store/database.ts';
import { type Alert, alertBody } from './alert.ts';

/**
 * `pending`: to be sent. `sent`: every hook has accepted it. `failed`: a hook has not accepted it in five tries.
 * `logged`: no hook takes its event.
 */
export type AlertState = 'pending' | 'sent' | 'failed' | 'logged';

/** An alert that has to be sent. */
export interface PendingAlert {
  readonly id: string;
  readonly event: AlertEvent;
  readonly tries: number;
  /** JSON, as it is sent. */
  readonly body: string;
  /** The results so far by hook; a number is the status of an answer. */
  readonly results: Readonly<Record<string, number | string>>;
}

/** Identifies an alert. */
export type AlertPlace = Pick<Alert, 'counter' | 'windowMs' | 'threshold'>;

/** The table of alerts. Each function throws `StoreUnavailable` if the database cannot be asked. */
export interface AlertTable {
  /** Stores an alert unless it exists; returns its id, or undefined if another process or check was first. */
  readonly raise: (alert: Alert, state: AlertState, nowMs: number) => Promise<string | undefined>;
  /** The alerts that were raised and may be raised again later, by place. */
  readonly raised: () => Promise<AlertPlace[]>;
  /** Deletes an alert, so that it can be raised again. A pending alert stays. */
  readonly rearm: (place: AlertPlace) => Promise<void>;
  /** The alerts that are due. */
  readonly due: (nowMs: number) => Promise<PendingAlert[]>;
  /** Claims an alert for one try; false: another process was first. Until `nextMs` no other process tries it. */
  readonly take: (alert: PendingAlert, nextMs: number) => Promise<boolean>;
  readonly note: (alert: PendingAlert, state: AlertState) => Promise<void>;
  readonly prune: (beforeMs: number) => Promise<void>;
}

const MOST_AT_ONCE = 20;

export function alertTable(database: Database): AlertTable {
  return {
    raise: (alert, state, nowMs) => database.write((sql) => raise(sql, alert, { state, nowMs })),
    raised: () => database.read(raised),
    rearm: ({ counter, windowMs, threshold }) =>
      database.write(
        (sql) => sql`delete from alerts where counter = ${counter} and window_ms = ${windowMs}
          and threshold = ${threshold} and state <> 'pending'`,
      ),
    due: (nowMs) => database.read((sql) => due(sql, nowMs)),
    take: ({ id, tries }, nextMs) =>
      database.write(async (sql) => {
        const taken: unknown[] = await sql`update alerts set tries = ${tries + 1}, next_ms = ${nextMs}
          where id = ${id} and tries = ${tries} and state = 'pending' returning id`;
        return taken.length > 0;
      }),
    note: ({ id, results }, state) =>
      database.write(
        (sql) =>
          sql`update alerts set state = ${state}, status = ${JSON.stringify(results)} where id = ${id}`,
      ),
    prune: (beforeMs) => database.write((sql) => sql`delete from alerts where created_ms < ${beforeMs}`),
  };
}

async function raise(
  sql: SQL,
  alert: Alert,
  { state, nowMs }: { readonly state: AlertState; readonly nowMs: number },
): Promise<string | undefined> {
  const id = `al_${crypto.randomUUID().replaceAll('-', '')}`;
  const row = {
    counter: alert.counter,
    window_ms: alert.windowMs,
    threshold: alert.threshold,
    id,
    event: alert.event,
    state,
    tries: 0,
    next_ms: nowMs,
    created_ms: nowMs,
    body: alertBody(alert, id, nowMs),
  };
  const inserted: unknown[] = await sql`insert into alerts ${sql(row)} on conflict do nothing returning id`;
  return inserted.length > 0 ? id : undefined;
}

async function raised(sql: SQL): Promise<AlertPlace[]> {
  const rows: { counter: string; window_ms: number | string; threshold: number }[] =
    await sql`select counter, window_ms, threshold from alerts`;
  return rows.map(({ counter, window_ms: windowMs, threshold }) => ({
    counter,
    windowMs: Number(windowMs),
    threshold,
  }));
}

interface DueRow {
  readonly id: string;
  readonly event: AlertEvent;
  readonly tries: number;
  readonly body: string;
  readonly status: string | null;
}

async function due(sql: SQL, nowMs: number): Promise<PendingAlert[]> {
  const rows: DueRow[] = await sql`select id, event, tries, body, status from alerts
    where state = 'pending' and next_ms <= ${nowMs} order by next_ms, id limit ${MOST_AT_ONCE}`;
  return rows.map(({ status, ...row }) => ({ ...row, results: JSON.parse(status ?? '{}') }));
}
