import type { Provider } from '../../config/snapshot.ts';
import { PlainFields } from '../../lib/http/fields.ts';
import type { AuthenticatedRequest } from '../authenticated-request.ts';
import { upstreamFields } from '../headers.ts';
import { requestUrl } from '../request-url.ts';
import { type Target, targetOf } from './target.ts';

/** The head of a request up to the declared length of its body, and where it goes. */
export interface Opening {
  readonly target: Target;
  readonly text: string;
}

/** Everything besides the client's fields that an opening depends on. */
interface Origin extends Pick<AuthenticatedRequest, 'provider' | 'method' | 'path' | 'search' | 'azure'> {
  readonly model?: string | undefined;
  readonly contentType?: string | undefined;
  readonly withheld?: readonly string[] | undefined;
}

interface Remembered {
  readonly origin: Origin;
  readonly opening: Opening;
}

/** The last opening for each client's fields. A client that repeats its head mostly goes to the same provider. */
const remembered = new WeakMap<object, Remembered>();

/** Returns the opening of a request; undefined if its provider has no such method. */
export function openingOf(request: AuthenticatedRequest): Opening | undefined {
  const { clientHeaders } = request;
  if (!(clientHeaders instanceof PlainFields) || !isPlain(request)) return makeOpening(request);
  const last = remembered.get(clientHeaders.shared);
  if (last !== undefined && isSame(last.origin, request)) return last.opening;
  const opening = makeOpening(request);
  if (opening !== undefined) remembered.set(clientHeaders.shared, { origin: originOf(request), opening });
  return opening;
}

/** Whether the opening depends on nothing but the client's fields and the `Origin`. */
function isPlain({ target, traceContext, authentication, clientCredentials }: AuthenticatedRequest): boolean {
  return (
    target === undefined &&
    traceContext === undefined &&
    authentication === undefined &&
    clientCredentials.length === 0
  );
}

function originOf({ provider, method, path, search, azure, model, contentType, withheld }: Origin): Origin {
  return { provider, method, path, search, azure, model, contentType, withheld };
}

function isSame(one: Origin, other: Origin): boolean {
  return (
    one.provider === other.provider &&
    one.path === other.path &&
    one.search === other.search &&
    areSameAzure(one.azure, other.azure) &&
    one.model === other.model &&
    one.method === other.method &&
    one.contentType === other.contentType &&
    areSame(one.withheld ?? [], other.withheld ?? [])
  );
}

function areSameAzure(one: Origin['azure'], other: Origin['azure']): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one.deployment === other.deployment;
}

function areSame(some: readonly string[], others: readonly string[]): boolean {
  if (some.length !== others.length) return false;
  for (let index = 0; index < some.length; index++) if (some[index] !== others[index]) return false;
  return true;
}

function makeOpening(request: AuthenticatedRequest): Opening | undefined {
  const url = requestUrl(request);
  if (url === undefined) return undefined;
  const { url: parsedUrl, host, path } = parsed(url);
  let text = `${request.method} ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\n`;
  const fields = upstreamFields(request);
  for (const name in fields) text += `${name}: ${fields[name] ?? ''}\r\n`;
  return { target: targetFor(request.provider, parsedUrl), text };
}

/** A parsed address. */
interface Address {
  readonly url: URL;
  readonly host: string;
  /** The path with its query. */
  readonly path: string;
}

/** The addresses of recent requests. Most requests share a few. */
const addresses = new Map<string, Address>();
const MOST_ADDRESSES = 1_000;
const LONGEST_ADDRESS = 256;

function parsed(text: string): Address {
  const known = addresses.get(text);
  if (known !== undefined) return known;
  const url = new URL(text);
  const address = { url, host: url.host, path: url.pathname + url.search };
  if (text.length > LONGEST_ADDRESS) return address;
  if (addresses.size >= MOST_ADDRESSES) addresses.clear();
  addresses.set(text, address);
  return address;
}

/** Each configuration creates new provider objects, and each provider has one target. */
const targets = new WeakMap<Provider, Target>();

function targetFor(provider: Provider, url: URL): Target {
  let target = targets.get(provider);
  if (target === undefined) {
    target = targetOf(url, provider);
    targets.set(provider, target);
  }
  return target;
}
