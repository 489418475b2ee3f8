import type { ClientApi, ProviderApi } from './conversation.ts';
import { rfc3339, secondsOf } from './rfc3339.ts';

/** One kind of rate limit of a provider, in an API-neutral form. */
interface Limit {
  readonly limit: number | undefined;
  readonly remaining: number | undefined;
  /** In seconds from now. */
  readonly reset: number | undefined;
}

type Headers = ReadonlyMap<string, string>;

/**
 * Converts the provider's rate-limit headers to those of the client's API. `headers` is keyed by lower-case name; `now`
 * is Unix time in seconds. Gemini and Bedrock have none.
 */
export function rateLimitHeaders(
  pair: { readonly from: ProviderApi; readonly to: ClientApi },
  headers: Headers,
  now: number,
): Readonly<Record<string, string>> {
  const { from, to } = pair;
  if (to === 'gemini' || from === 'gemini' || from === 'converse') return {};
  const out: Record<string, string> = {};
  for (const what of ['requests', 'tokens'] as const) {
    const read = from === 'messages' ? anthropic(headers, what, now) : openAi(headers, what);
    if (read === undefined) continue;
    const fields = to === 'messages' ? asAnthropic(read, what, now) : asOpenAi(read, what);
    for (const [name, value] of Object.entries(fields)) if (value !== undefined) out[name] = value;
  }
  return out;
}

type What = 'requests' | 'tokens';

function anthropic(headers: Headers, what: What, now: number): Limit | undefined {
  const named = (name: string): Limit | undefined => {
    const prefix = `anthropic-ratelimit-${name}-`;
    const reset = secondsOf(headers.get(`${prefix}reset`) ?? '');
    return ifAny({
      limit: numberIn(headers, `${prefix}limit`),
      remaining: numberIn(headers, `${prefix}remaining`),
      reset: reset === undefined ? undefined : Math.max(0, reset - now),
    });
  };
  const own = named(what);
  if (own !== undefined || what === 'requests') return own;
  const input = named('input-tokens');
  const output = named('output-tokens');
  if (input === undefined || output === undefined) return input ?? output;
  return {
    limit: added(input.limit, output.limit),
    remaining: added(input.remaining, output.remaining),
    reset: input.reset === undefined ? output.reset : Math.max(input.reset, output.reset ?? 0),
  };
}

function openAi(headers: Headers, what: What): Limit | undefined {
  return ifAny({
    limit: numberIn(headers, `x-ratelimit-limit-${what}`),
    remaining: numberIn(headers, `x-ratelimit-remaining-${what}`),
    reset: durationOf(headers.get(`x-ratelimit-reset-${what}`) ?? ''),
  });
}

function ifAny(limit: Limit): Limit | undefined {
  return limit.limit === undefined && limit.remaining === undefined && limit.reset === undefined
    ? undefined
    : limit;
}

function asOpenAi({ limit, remaining, reset }: Limit, what: What): Record<string, string | undefined> {
  return {
    [`x-ratelimit-limit-${what}`]: limit?.toString(),
    [`x-ratelimit-remaining-${what}`]: remaining?.toString(),
    [`x-ratelimit-reset-${what}`]: reset === undefined ? undefined : duration(reset),
  };
}

function asAnthropic(
  { limit, remaining, reset }: Limit,
  what: What,
  now: number,
): Record<string, string | undefined> {
  return {
    [`anthropic-ratelimit-${what}-limit`]: limit?.toString(),
    [`anthropic-ratelimit-${what}-remaining`]: remaining?.toString(),
    [`anthropic-ratelimit-${what}-reset`]: reset === undefined ? undefined : rfc3339(Math.ceil(now + reset)),
  };
}

function numberIn(headers: Headers, name: string): number | undefined {
  const value = headers.get(name);
  return value !== undefined && /^\d+$/.test(value) ? Number(value) : undefined;
}

function added(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : a + b;
}

/** Parses `6m0s`, `850ms`, `1h2m3.5s` to seconds; undefined if the text is not a duration. */
function durationOf(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|h|m|s))+$/.test(text)) return undefined;
  let seconds = 0;
  for (const [, count = '', unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g)) {
    seconds += Number(count) * (UNITS[unit] ?? 0);
  }
  return seconds;
}

const UNITS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600 };

/** Formats seconds: `1m0s`, `20s`, `850ms`. */
function duration(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)}ms`;
  const whole = Math.ceil(seconds);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  const head = hours > 0 ? `${hours}h${minutes}m` : minutes > 0 ? `${minutes}m` : '';
  return `${head}${whole % 60}s`;
}
