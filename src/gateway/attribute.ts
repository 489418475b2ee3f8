import type { Fields } from '../lib/http/fields.ts';
import type { Tags } from '../config/owners.ts';
import type { MasterKey, Snapshot } from '../config/snapshot.ts';
import { type Attribution, ownersOf, seeksEndUser } from './attribution.ts';
import { readTags } from './client-tags.ts';
import { headerText } from './header-text.ts';
import type { Plan } from './plan.ts';
import type { ClientRequest, Gateway } from './ports.ts';
import { Refusal } from './refusals.ts';

/** The data that attribution depends on besides the request and its key. */
export interface AttributionContext {
  readonly snapshot: Pick<Snapshot, 'attribution'>;
  /** undefined: a handshake of a WebSocket, which has no body. */
  readonly plan: Pick<Plan, 'peek' | 'call'> | undefined;
  readonly gateway: Pick<Gateway, 'hashEndUser'>;
}

/** Names the end user, before any member of the body. */
const END_USER_HEADER = 'x-llm-proxy-user';
const MOST_CHARS = 128;

/** Determines the attribution of a request. Throws `invalid_tags` or `end_user_required`. */
export function attribute(
  request: Pick<ClientRequest, 'headers' | 'method'>,
  key: MasterKey | undefined,
  context: AttributionContext,
): Attribution {
  const { snapshot, plan, gateway } = context;
  const owners = ownersOf(key);
  let endUser: string | undefined;
  if (seeksEndUser(key, snapshot)) {
    endUser = endUserOf(request.headers, plan);
    if (endUser === undefined) requireNoEndUser(request, key, context);
    else endUser = snapshot.attribution.endUser === 'hash' ? gateway.hashEndUser?.(endUser) : cut(endUser);
  }
  const listed = key?.clientTags ?? NONE;
  if (listed.length === 0) return endUser === undefined ? owners : { ...owners, endUser };
  const { tags, dropped } = readTags(request.headers, owners.tags ?? NO_TAGS, listed);
  return { ...owners, endUser, tags, droppedTags: dropped };
}

const NONE: readonly string[] = [];
const NO_TAGS: Tags = {};

/** The end user in the header, or else in the body. */
function endUserOf(headers: Fields, plan: Pick<Plan, 'peek'> | undefined): string | undefined {
  const named = headers.get(END_USER_HEADER)?.trim();
  if (named) return headerText(named);
  return plan?.peek.kind === 'json' ? plan.peek.endUser : undefined;
}

/** PostgreSQL accepts neither NUL nor half a surrogate pair. */
function cut(name: string): string {
  return name.slice(0, MOST_CHARS).replaceAll('\0', '\u{fffd}').toWellFormed();
}

/** Counting tokens and reading use nothing, and their clients often cannot name an end user. */
function requireNoEndUser(
  { method }: Pick<ClientRequest, 'method'>,
  key: MasterKey | undefined,
  { snapshot, plan }: AttributionContext,
): void {
  if ((key?.endUsers ?? snapshot.attribution.endUsers) !== 'required') return;
  if (plan !== undefined && (method !== 'POST' || plan.call?.operation === 'count')) return;
  throw new Refusal('end_user_required', { key: key?.name ?? '' }, { param: 'user' });
}
