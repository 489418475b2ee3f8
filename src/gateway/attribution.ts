import type { MasterKey, Snapshot } from '../config/snapshot.ts';
import { readTags, type Tags } from './client-tags.ts';
import type { Plan } from './plan.ts';
import type { ClientRequest, Gateway } from './ports.ts';
import { Refusal } from './refusals.ts';

/** For whom a request is counted. It is decided once, before the admission, and never changes. */
export interface Attribution {
  readonly keyId: string | undefined;
  readonly team: string | undefined;
  /** The names of the team's ancestors and the team, from the root on, joined by slashes. */
  readonly teamPath: string | undefined;
  /** The key's user, a resource of the configuration. */
  readonly user: string | undefined;
  /** Whom the client serves: its own name, or the hash of it. */
  readonly endUser: string | undefined;
  readonly tags: Tags | undefined;
  /** The client's tags that the key does not list. */
  readonly droppedTags: number;
}

/** The attribution of a request without a key. */
export const NOBODY: Attribution = {
  keyId: undefined,
  team: undefined,
  teamPath: undefined,
  user: undefined,
  endUser: undefined,
  tags: undefined,
  droppedTags: 0,
};

/** The part of the gateway that attribution depends on. */
export type AttributionPorts = Pick<Gateway, 'keepsRecords' | 'hashEndUser'>;

/** Names the end user. It comes before any member of the body, and is not sent to providers. */
const END_USER_HEADER = 'x-llm-proxy-user';
const MOST_CHARS = 128;

/** Whether anything depends on the end user of this key's requests: a limit, a duty, or a record. */
export function seeksEndUser(
  key: MasterKey | undefined,
  { attribution }: Pick<Snapshot, 'attribution'>,
  { keepsRecords }: AttributionPorts,
): boolean {
  if (attribution.endUser === 'off' || key?.endUsers === 'off') return false;
  return keepsRecords === true || key?.endUsers === 'required' || key?.hasEndUserLimits === true;
}

/** Decides for whom a request is counted. Throws `invalid_tags` or `end_user_required`. */
export function attribute(
  request: Pick<ClientRequest, 'headers' | 'method'>,
  key: MasterKey | undefined,
  { snapshot, plan, ports }: { snapshot: Snapshot; plan: Plan; ports: AttributionPorts },
): Attribution {
  const owners = ownersOf(key, snapshot);
  const endUser = seeksEndUser(key, snapshot, ports)
    ? endUserOf(request.headers, plan, { snapshot, ports })
    : undefined;
  if (endUser === undefined && key?.endUsers === 'required' && isUse(request, plan))
    throw new Refusal('end_user_required', { key: key.name }, { param: 'user' });
  const listed = key?.clientTags ?? NONE;
  if (listed.length === 0) return endUser === undefined ? owners : { ...owners, endUser };
  const { tags, dropped } = readTags(request.headers, owners.tags ?? NO_TAGS, listed);
  return { ...owners, endUser, tags, droppedTags: dropped };
}
