import type { MasterKey, Snapshot } from '../config/snapshot.ts';
import { presentedKey } from '../gateway/credentials.ts';
import type { AdminClient, AdminEndpoint } from './admin-port.ts';

/** The header in which the Admin API names the key on whose behalf a request continues. It never leaves the gateway. */
export const PERMIT_HEADER = 'x-llm-proxy-permit';

/** The permit of an open gateway, which has no keys. */
export const NO_KEY = '-';

const PLAYGROUND = /^([a-z]+:\/\/[^/?]*)\/admin\/v1\/playground(\/v1\/[^?]+)(\?.*)?$/;

/** A request from the playground, as it is to be served. */
export interface PlaygroundRequest {
  readonly path: string;
  readonly search: string;
  readonly headers: Headers;
  /** null: the gateway is open. */
  readonly key: MasterKey | null;
}

/** The path of the gateway that a request from the playground is for; undefined: it is not from there. */
export function playgroundPath({ method, url }: Request): { path: string; search: string } | undefined {
  const [, , path, search = ''] = method === 'POST' ? (PLAYGROUND.exec(url) ?? []) : [];
  return path === undefined ? undefined : { path, search };
}

/**
 * Asks the Admin API on whose behalf a playground request continues. Returns its refusal, or the request as the gateway
 * serves it: with the key, and without what only the Admin API needs.
 */
export async function permitted(
  request: Request,
  target: { readonly path: string; readonly search: string },
  { admin, client, access }: Asking,
): Promise<PlaygroundRequest | Response> {
  const headers = new Headers(request.headers);
  for (const name of OF_THE_BODY) headers.delete(name);
  const permit = await admin(new Request(request.url, { method: 'POST', headers }), client);
  const hash = permit.headers.get(PERMIT_HEADER);
  if (hash === null) return permit;
  const key = hash === NO_KEY ? null : keyOf(hash, access);
  if (key === undefined) return new Response(null, { status: 503, headers: { 'retry-after': '1' } });
  const passed = new Headers(request.headers);
  for (const name of OF_THE_ADMIN_API) passed.delete(name);
  return { ...target, headers: passed, key };
}

interface Asking {
  readonly admin: AdminEndpoint;
  readonly client: AdminClient;
  readonly access: Snapshot['access'];
}

/** The key whose session a request about a key has with it; undefined: it has none, or brings a credential. */
export async function keyOfSession(request: Request, asking: Asking): Promise<MasterKey | undefined> {
  const { headers, url } = request;
  if (!headers.has('cookie') || presentedKey(headers) !== undefined) return undefined;
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  const asked = new Headers(headers);
  for (const name of OF_THE_BODY) asked.delete(name);
  const origin = /^[a-z]+:\/\/[^/?]*/.exec(url)?.[0] ?? 'http://localhost';
  const path = isRead ? '/admin/v1/session' : '/admin/v1/playground/v1/chat/completions';
  const told = new Request(`${origin}${path}`, { method: isRead ? 'GET' : 'POST', headers: asked });
  const answer = await asking.admin(told, asking.client);
  const isKey = answer.headers.get('x-llm-proxy-role') === 'key';
  return isKey ? keyOf(answer.headers.get(PERMIT_HEADER) ?? '', asking.access) : undefined;
}

function keyOf(hash: string, access: Snapshot['access']): MasterKey | undefined {
  return access.kind === 'keys' ? access.keys.get(hash) : undefined;
}

const OF_THE_BODY = ['content-length', 'content-type', 'content-encoding', 'transfer-encoding', 'expect'];

/** Neither a provider nor the log gets to see what signs in to the Admin API. */
const OF_THE_ADMIN_API = ['authorization', 'cookie', 'x-csrf-token', 'x-llm-proxy-as', 'x-api-key'];
