import type { Tags, Team } from '../config/owners.ts';
import type { MasterKey, Snapshot } from '../config/snapshot.ts';
import { readTags } from './client-tags.ts';
import { headerText } from './header-text.ts';
import type { Plan } from './plan.ts';
import type { ClientRequest, Gateway } from './ports.ts';
import { Refusal } from './refusals.ts';

/** For whom a request is counted. It is decided once, before limits are asked, and does not change any more. */
export interface Attribution {
  /** undefined, here and below: nothing is known or configured. */
  readonly keyId: string | undefined;
  readonly team: string | undefined;
  /** The names from the root team to the key's, joined by slashes. */
  readonly teamPath: string | undefined;
  /** The ids of the same teams: `/root/child/`. */
  readonly teamIds: string | undefined;
  readonly userId: string | undefined;
  /** The name of the key's user. */
  readonly user: string | undefined;
  /** The person that the client serves, as the client names it, or a hash of that. At most 128 characters. */
  readonly endUser: string | undefined;
  readonly tags: Tags | undefined;
  /** How many of the client's tags were dropped because its key does not list them. */
  readonly droppedTags: number;
}

/** The attribution of a request without a key. */
export const NOBODY: Attribution = {
  keyId: undefined,
  team: undefined,
  teamPath: undefined,
  teamIds: undefined,
  userId: undefined,
  user: undefined,
  endUser: undefined,
  tags: undefined,
  droppedTags: 0,
};

/** What attribution depends on besides the request and its key. */
export interface AttributionContext {
  readonly snapshot: Pick<Snapshot, 'attribution'>;
  /** undefined: a handshake of a WebSocket, which has no body. */
  readonly plan: Pick<Plan, 'peek' | 'call'> | undefined;
  readonly gateway: Pick<Gateway, 'hashEndUser'>;
}

/** Names the end user, before any member of the body. */
const END_USER_HEADER = 'x-llm-proxy-user';
const MOST_CHARS = 128;

/** Whether the end users of a key's requests are told apart. */
export function seeksEndUser(
  key: MasterKey | undefined,
  { attribution }: Pick<Snapshot, 'attribution'>,
): boolean {
  return attribution.endUser !== 'off' && (key?.endUsers ?? attribution.endUsers) !== 'off';
}

/** Decides for whom a request is counted. Throws `invalid_tags` or `end_user_required`. */
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

/** The attribution of each key without an end user and without the client's tags. */
const known = new WeakMap<MasterKey, Attribution>();

/** The attribution of a key's requests, without what the client says. */
export function ownersOf(key: MasterKey | undefined): Attribution {
  if (key === undefined) return NOBODY;
  let owners = known.get(key);
  if (owners === undefined) {
    const { id, team, user, tags } = key;
    owners = {
      keyId: id,
      team: team?.name,
      teamPath: team?.path,
      teamIds: team && `/${idsOf(team)}/`,
      userId: user?.id,
      user: user?.name,
      endUser: undefined,
      tags: Object.keys(tags).length === 0 ? undefined : tags,
      droppedTags: 0,
    };
    known.set(key, owners);
  }
  return owners;
}

function idsOf({ id, parent }: Team): string {
  return parent === undefined ? id : `${idsOf(parent)}/${id}`;
}

/** The end user in the header, or else in the body. */
function endUserOf(headers: Headers, plan: Pick<Plan, 'peek'> | undefined): string | undefined {
  const named = headers.get(END_USER_HEADER)?.trim();
  if (named) return headerText(named);
  return plan?.peek.kind === 'json' ? plan.peek.endUser : undefined;
}

/** PostgreSQL accepts neither NUL nor half a surrogate pair. */
function cut(name: string): string {
  return name.slice(0, MOST_CHARS).replaceAll('\0', '\u{fffd}').toWellFormed();
}

/** Counting tokens and reading are no use of anybody's, and their clients often cannot name an end user. */
function requireNoEndUser(
  { method }: Pick<ClientRequest, 'method'>,
  key: MasterKey | undefined,
  { snapshot, plan }: AttributionContext,
): void {
  if ((key?.endUsers ?? snapshot.attribution.endUsers) !== 'required') return;
  if (plan !== undefined && (method !== 'POST' || plan.call?.operation === 'count')) return;
  throw new Refusal('end_user_required', { key: key?.name ?? '' }, { param: 'user' });
}
