import type { Cancellation } from '../gateway/ports.ts';
import { isForbiddenHost } from '../lib/outgoing-address.ts';
import { systemClock } from '../lib/system-clock.ts';
import { type CheckedWorld, exchangeChecked, resolveName } from './checked-exchange.ts';

/** A message for a webhook. */
export interface HookMessage {
  readonly url: string;
  /** JSON. */
  readonly body: string;
  /** Header fields besides the usual ones. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The outcome of a message. Of the answer, only the status is kept. */
export type HookResult = number | 'forbidden' | 'unreachable' | 'timeout';

/** Sends a message once. Never rejects. */
export type HookSender = (message: HookMessage) => Promise<HookResult>;

/** Private addresses are allowed, as for providers: the hook may run beside the gateway. */
const WORLD: CheckedWorld = { resolve: resolveName, allows: (address) => !isForbiddenHost(address) };

const TIMEOUT_MS = 10_000;

/**
 * Posts messages to webhooks. Their addresses pass the check of `api_base` before each message, once they are resolved;
 * redirects are not followed.
 */
export function createHookSender(world: CheckedWorld = WORLD, timeoutMs = TIMEOUT_MS): HookSender {
  return async ({ url: text, body, headers }) => {
    const url = URL.parse(text);
    if (url === null || isForbiddenHost(url.hostname)) return 'forbidden';
    const cancellation = new Deadline();
    const stopTimer = systemClock.setTimer(timeoutMs, () => cancellation.pass());
    try {
      const bytes = Buffer.from(body);
      const fields = [
        'user-agent: llm-proxy',
        'content-type: application/json',
        `content-length: ${bytes.byteLength}`,
        'accept-encoding: identity',
        ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      ];
      const request = { url, method: 'POST', fields, body: bytes } as const;
      const reply = await Promise.race([exchangeChecked(request, world, cancellation), cancellation.passed]);
      if (reply === 'timeout') return reply;
      if (reply.kind !== 'reply') return reply.kind;
      void reply.body?.cancel().catch(() => undefined);
      return reply.status;
    } finally {
      stopTimer();
    }
  };
}

/** Cancels a message that takes too long, also while its name is being resolved. */
class Deadline implements Cancellation {
  readonly #passed = Promise.withResolvers<'timeout'>();
  isCancelled = false;
  onCancel: (() => void) | undefined;

  get passed(): Promise<'timeout'> {
    return this.#passed.promise;
  }

  pass(): void {
    this.isCancelled = true;
    this.#passed.resolve('timeout');
    this.onCancel?.();
  }
}
