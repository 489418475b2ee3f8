import { asArray, asObject, type JsonObject } from '../../../src/translation/json.ts';

/** A golden case of the translation, from `test/golden/translation/*.json`. */
export interface GoldenCase {
  readonly name: string;
  readonly client_api: string;
  readonly provider_api: string;
  readonly target: JsonObject & { readonly provider: string; readonly model: string };
  readonly fixed: { readonly request_id: string; readonly now: number };
  readonly request?: unknown;
  readonly request_raw?: string;
  readonly request_path?: string;
  readonly request_headers?: Readonly<Record<string, string>>;
  readonly expected_upstream_request?: {
    readonly body?: unknown;
    readonly path?: string;
    readonly unsuitable?: { readonly path: string };
  };
  readonly expected_upstream_contains?: readonly string[];
  readonly upstream_response?: {
    readonly status: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: unknown;
    readonly stream?: readonly UpstreamEvent[];
    readonly cut?: boolean;
  };
  readonly expected_client_response?: {
    readonly status: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: unknown;
    readonly stream?: readonly ClientEvent[];
    readonly json_array?: readonly unknown[];
    readonly unclosed?: boolean;
    readonly broken?: boolean;
  };
  readonly expected_losses?: readonly string[];
}

/** A server-sent event, or a frame of Amazon's event stream. */
export type UpstreamEvent = JsonObject & {
  readonly event?: string;
  readonly data?: unknown;
  readonly payload?: unknown;
  readonly ':event-type'?: string;
  readonly ':exception-type'?: string;
};

export interface ClientEvent {
  readonly event?: string;
  readonly data: unknown;
}

/**
 * Describes the first place where a value differs from the expected one; undefined if none does. Supports the wildcards
 * of the cases.
 */
export function difference(want: unknown, got: unknown, at: string): string | undefined {
  if (want === '<any>' || (want === '<text>' && typeof got === 'string' && got !== '')) return undefined;
  const wanted = asObject(want);
  const given = asObject(got);
  if (wanted !== undefined && given !== undefined) return objectDifference(wanted, given, at);
  if (Array.isArray(want) && Array.isArray(got)) return listDifference(want, got, at);
  if (at.endsWith('.jsonSchema.schema') && typeof want === 'string' && typeof got === 'string') {
    return difference(JSON.parse(want), JSON.parse(got), `${at}!`);
  }
  return Object.is(want, got) ? undefined : `${at}: expected ${short(want)}, got ${short(got)}`;
}

type Members = Readonly<Record<string, unknown>>;

function objectDifference(wanted: Members, given: Members, at: string): string | undefined {
  const missing = Object.keys(wanted).find((key) => !(key in given));
  if (missing !== undefined) return `${at}.${missing}: missing, expected ${short(wanted[missing])}`;
  const extra = Object.keys(given).find((key) => !(key in wanted));
  if (extra !== undefined) return `${at}.${extra}: not expected, got ${short(given[extra])}`;
  return firstOf(Object.keys(wanted), (key) => difference(wanted[key], given[key], `${at}.${key}`));
}

function listDifference(want: readonly unknown[], got: readonly unknown[], at: string): string | undefined {
  const inner = firstOf([...want.keys()].slice(0, got.length), (i) =>
    difference(want[i], got[i], `${at}[${i}]`),
  );
  if (inner !== undefined) return inner;
  if (want.length > got.length) return `${at}[${got.length}]: missing, expected ${short(want[got.length])}`;
  return got.length > want.length
    ? `${at}[${want.length}]: not expected, got ${short(got[want.length])}`
    : undefined;
}

function firstOf<Key>(keys: readonly Key[], look: (key: Key) => string | undefined): string | undefined {
  for (const key of keys) {
    const found = look(key);
    if (found !== undefined) return found;
  }
  return undefined;
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

/** A value with its envelopes opened, so that the order of their members does not matter. */
export function opened(value: unknown): unknown {
  if (typeof value === 'string')
    return value.replace(/llmp1\.(\w+)\.([\w-]+)/g, (_, origin, body) => openedOne(origin, body));
  if (Array.isArray(value)) return asArray(value).map(opened);
  const object = asObject(value);
  if (object === undefined) return value;
  return Object.fromEntries(Object.entries(object).map(([key, inner]) => [key, opened(inner)]));
}

function openedOne(origin: string, body: string): string {
  const content = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>;
  return `llmp1.${origin}.${JSON.stringify(Object.entries(content).sort(([a], [b]) => a.localeCompare(b)))}`;
}

/** The events of a client's stream, parsed strictly. JSON data is parsed. */
export function clientEvents(text: string): ClientEvent[] {
  const blocks = text.split(/\r\n\r\n|\n\n/);
  if (blocks.pop() !== '') throw new Error(`the stream ends with half an event: ${short(text.slice(-200))}`);
  return blocks.map((block) => {
    const event: { event?: string; data?: unknown } = {};
    const data: string[] = [];
    for (const line of block.split(/\r\n|\n/)) {
      if (line.startsWith('event: ')) event.event = line.slice(7);
      else if (line.startsWith('data: ')) data.push(line.slice(6));
      else throw new Error(`a line that is not of SSE: ${line}`);
    }
    const joined = data.join('\n');
    return { ...event, data: /^[{[]/.test(joined) && joined !== '[DONE]' ? JSON.parse(joined) : joined };
  });
}
