import { type Tags, teamIdsOf } from '../config/owners.ts';
import type { MasterKey, Snapshot } from '../config/snapshot.ts';

/** The owners whose limits and reports count a request. Determined once, before limits are checked. */
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
  /** The end user by the client's name for that person, or a hash of the name. At most 128 characters. */
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

/** Whether a key's requests are attributed to end users. */
export function seeksEndUser(
  key: MasterKey | undefined,
  { attribution }: Pick<Snapshot, 'attribution'>,
): boolean {
  return attribution.endUser !== 'off' && (key?.endUsers ?? attribution.endUsers) !== 'off';
}

/** The attribution of each key without an end user and without the client's tags. */
const known = new WeakMap<MasterKey, Attribution>();

/** The attribution of a key's requests, without the parts that the client sets. */
export function ownersOf(key: MasterKey | undefined): Attribution {
  if (key === undefined) return NOBODY;
  let owners = known.get(key);
  if (owners === undefined) {
    const { id, team, user, tags } = key;
    owners = {
      keyId: id,
      team: team?.name,
      teamPath: team?.path,
      teamIds: team && teamIdsOf(team),
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
