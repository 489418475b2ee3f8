/** A model as its provider lists it. */
export interface ListedModel {
  /** The provider's name for it, without Google's prefix `models/`. */
  readonly id: string;
  readonly displayName: string | undefined;
  /** Seconds since 1970. */
  readonly createdS: number | undefined;
  readonly ownedBy: string | undefined;
}

/** A provider's list, as far as it is known. Data that can be sent between processes. */
export interface ProviderList {
  readonly provider: string;
  readonly models: readonly ListedModel[];
  /** When `models` was fetched, in milliseconds since 1970; undefined: never. */
  readonly fetchedAtMs: number | undefined;
  /** Why the last fetch failed, without address or secret; undefined: it did not. */
  readonly error: string | undefined;
}

/** A page of a provider's list. */
export interface ListPage {
  readonly models: readonly ListedModel[];
  /** The query of the next page; undefined: this is the last one. */
  readonly next: string | undefined;
}

/** Longer names cannot be asked for. */
const LONGEST_ID = 512;

/**
 * Parses a page of a list in the shape of OpenAI (`{data: [{id, created}]}`), Anthropic (`{data: [{id, display_name,
 * created_at}], has_more, last_id}`), Google (`{models: [{name, displayName}], nextPageToken}`) or of a bare array.
 * Returns undefined for anything else.
 */
export function readListPage(text: string): ListPage | undefined {
  const value = parsed(text);
  if (Array.isArray(value)) return { models: listed(value), next: undefined };
  if (!isRecord(value)) return undefined;
  if (Array.isArray(value['models'])) return { models: listed(value['models']), next: googleNext(value) };
  if (!Array.isArray(value['data'])) return undefined;
  return { models: listed(value['data']), next: anthropicNext(value) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function googleNext({ nextPageToken: token }: Record<string, unknown>): string | undefined {
  return typeof token === 'string' && token !== ''
    ? `?pageSize=1000&pageToken=${encodeURIComponent(token)}`
    : undefined;
}

function anthropicNext({ has_more: hasMore, last_id: last }: Record<string, unknown>): string | undefined {
  return hasMore === true && typeof last === 'string' && last !== ''
    ? `?limit=1000&after_id=${encodeURIComponent(last)}`
    : undefined;
}

function listed(items: readonly unknown[]): ListedModel[] {
  return items.flatMap((item): ListedModel[] => {
    if (!isRecord(item)) return [];
    const id = text(item['id']) ?? text(item['name']);
    if (id === undefined || Buffer.byteLength(id) > LONGEST_ID) return [];
    return [
      {
        id: id.startsWith('models/') ? id.slice('models/'.length) : id,
        displayName: text(item['display_name']) ?? text(item['displayName']),
        createdS: createdOf(item),
        ownedBy: text(item['owned_by']),
      },
    ];
  });
}

function createdOf({ created, created_at: createdAt }: Record<string, unknown>): number | undefined {
  for (const one of [created, createdAt]) {
    if (typeof one === 'number' && Number.isFinite(one) && one >= 0) return Math.floor(one);
    const ms = typeof one === 'string' ? Date.parse(one) : Number.NaN;
    if (!Number.isNaN(ms)) return Math.floor(ms / 1000);
  }
  return undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
