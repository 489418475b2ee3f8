import { createHash, createHmac } from 'node:crypto';
import type { AlertHook } from '../../config/spend-settings.ts';
import type { AlertTable, PendingAlert } from './alert-table.ts';

/** A message to a webhook. */
export interface HookMessage {
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Sends a message once, and returns the status of the answer, or a word for the reason if there is none. Never rejects.
 */
export type SendHook = (message: HookMessage) => Promise<number | string>;

/** Milliseconds from each try to the next one: five tries in ten minutes. */
const PAUSES_MS = [15_000, 60_000, 180_000, 345_000] as const;
const MOST_TRIES = PAUSES_MS.length + 1;
/** Longer than a try takes: if a process dies in its last try, another process takes over. */
const LAST_TRY_MS = 60_000;

export interface DeliveryContext {
  readonly table: Pick<AlertTable, 'take' | 'note'>;
  readonly hooks: readonly AlertHook[];
  readonly send: SendHook;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
}

/**
 * Tries once to send an alert to each hook that takes its event and has not accepted it. Returns its state afterwards;
 * undefined if another process tries it.
 */
export async function deliver(
  alert: PendingAlert,
  { table, hooks, send, nowMs }: DeliveryContext,
): Promise<'pending' | 'sent' | 'failed' | 'logged' | undefined> {
  const pause = PAUSES_MS[alert.tries] ?? LAST_TRY_MS;
  if (!(await table.take(alert, nowMs() + pause))) return undefined;
  const wanting = hooks.filter(({ events }) => events.includes(alert.event));
  const results: Record<string, number | string> = { ...alert.results };
  // If a process died in its last try, the alert may have been sent or not, so it is sent again.
  await Promise.all(
    wanting.map(async (hook) => {
      const name = hookName(hook);
      if (isAccepted(results[name])) return;
      results[name] = await send(messageFor(hook, alert.body, nowMs()));
    }),
  );
  const isSent = wanting.every((hook) => isAccepted(results[hookName(hook)]));
  const state =
    wanting.length === 0 ? 'logged' : isSent ? 'sent' : alert.tries + 1 >= MOST_TRIES ? 'failed' : 'pending';
  await table.note({ ...alert, results }, state);
  return state;
}

export function isAccepted(result: number | string | undefined): boolean {
  return typeof result === 'number' && result >= 200 && result < 300;
}

/** The host, and a part of the hash of the URL, which may contain a secret. */
export function hookName({ url }: AlertHook): string {
  const hash = createHash('sha256').update(url).digest('hex').slice(0, 8);
  return `${URL.parse(url)?.host ?? ''}#${hash}`;
}

/** The message for a hook, signed if the hook has a secret. The timestamp is in Unix seconds. */
export function messageFor({ url, secret }: AlertHook, body: string, nowMs: number): HookMessage {
  const timestamp = String(Math.floor(nowMs / 1000));
  const signature = secret && createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
  return {
    url,
    body,
    headers: {
      'x-llm-proxy-timestamp': timestamp,
      ...(signature && { 'x-llm-proxy-signature': `sha256=${signature}` }),
    },
  };
}
