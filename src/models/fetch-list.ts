import type { Provider } from '../config/snapshot.ts';
import type { ByteSource, Cancellation, Gateway } from '../gateway/ports.ts';
import { type ListedModel, type ListPage, readListPage } from './provider-list.ts';

/** Reading a provider's list stops at these bounds. */
const MOST_BYTES = 4 * 1024 * 1024;
const MOST_PAGES = 10;
const MOST_MODELS = 2_000;
const LONGEST_MS = 10_000;

/** The result of asking a provider for its models. */
export type Fetched =
  | { readonly kind: 'list'; readonly models: readonly ListedModel[] }
  /** `error` contains neither address nor secret. */
  | { readonly kind: 'failed'; readonly error: string };

/** Asks a provider for its models, page by page, within limits of time, bytes and number. Never rejects. */
export async function fetchList(provider: Provider, gateway: Gateway): Promise<Fetched> {
  const cancellation = new Limit();
  const stopTimer = gateway.clock.setTimer(LONGEST_MS, () => cancellation.end());
  try {
    const models: ListedModel[] = [];
    let search: string | undefined = hasList(provider) ? (FIRST_PAGES[provider.type] ?? '') : undefined;
    for (let page = 0; page < MOST_PAGES && search !== undefined; page++) {
      const got = await fetchPage(provider, search, { gateway, cancellation });
      if (typeof got === 'string') return { kind: 'failed', error: got };
      models.push(...got.models);
      search = models.length < MOST_MODELS ? got.next : undefined;
    }
    return { kind: 'list', models: models.slice(0, MOST_MODELS) };
  } finally {
    stopTimer();
  }
}

/** The query of the first page, where one says how much a page may hold. */
const FIRST_PAGES: Readonly<Partial<Record<Provider['type'], string>>> = {
  anthropic: '?limit=1000',
  gemini: '?pageSize=1000',
};

/** Vertex and Bedrock have no list of models at the address where they are asked. */
function hasList({ type }: Provider): boolean {
  return type !== 'vertex' && type !== 'bedrock';
}

/** Aborts what is under way when the time is up. */
class Limit implements Cancellation {
  isCancelled = false;
  onCancel: (() => void) | undefined;

  end(): void {
    this.isCancelled = true;
    this.onCancel?.();
  }
}

interface Asking {
  readonly gateway: Gateway;
  readonly cancellation: Limit;
}

/** A page, or what was wrong. */
async function fetchPage(
  provider: Provider,
  search: string,
  { gateway, cancellation }: Asking,
): Promise<ListPage | string> {
  const reply = await gateway.upstream.send({
    provider,
    method: 'GET',
    path: provider.type === 'gemini' ? '/v1beta/models' : '/v1/models',
    search,
    clientHeaders: new Headers({
      accept: 'application/json',
      'user-agent': 'llm-proxy/model-list',
      ...(provider.type === 'anthropic' && { 'anthropic-version': '2023-06-01' }),
    }),
    clientCredentials: [],
    body: undefined,
    cancellation,
    onConnectTimeout: () => cancellation.end(),
  });
  if (reply.kind === 'aborted') return `no answer within ${LONGEST_MS / 1000} s`;
  if (reply.kind === 'unreachable') return `unreachable (${reply.reason})`;
  if (reply.status !== 200) {
    reply.body?.cancel().catch(() => undefined);
    return `status ${reply.status}`;
  }
  const text = reply.body === null ? '' : await textOf(reply.body, cancellation);
  if (text === undefined)
    return `not complete within ${LONGEST_MS / 1000} s and ${MOST_BYTES / 1024 / 1024} MB`;
  return readListPage(text) ?? 'no list of models';
}

/** A whole body as text; undefined if it is too large, too slow or incomplete. */
async function textOf(body: ByteSource, cancellation: Limit): Promise<string | undefined> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await body.read();
      if (done) return cancellation.isCancelled ? undefined : Buffer.concat(pieces, size).toString('utf8');
      size += value?.length ?? 0;
      if (value !== undefined) pieces.push(value);
      if (size > MOST_BYTES || cancellation.isCancelled) break;
    }
    body.cancel().catch(() => undefined);
  } catch {
    // The body was incomplete.
  }
  return undefined;
}
