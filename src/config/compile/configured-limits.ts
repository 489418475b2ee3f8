import { type Claim, isBucketPeriod, NO_CLAIMS } from '../../limits/claim.ts';
import type { CompiledLimits, LimitedKey, LimitOptions } from '../compiled-limits.ts';
import type { Team } from '../owners.ts';
import type { MasterKey } from '../snapshot.ts';
import type { ClaimIndex } from './claim-index.ts';
import { type EndUserLimit, scopeIdOf } from './claim-maker.ts';
import type { KeptKeys } from './kept-keys.ts';

interface Parts {
  /** The claims on requests without a key. */
  readonly everybody: ClaimIndex;
  /** By the id of the key. */
  readonly byKey: ReadonlyMap<string, ClaimIndex>;
  readonly endUsers: ReadonlyMap<string, readonly EndUserLimit[]>;
  readonly all: readonly Claim[];
  readonly options: LimitOptions;
}

/** The limits of a configuration that has some. */
export class ConfiguredLimits implements CompiledLimits {
  readonly parts: Parts;
  readonly isEmpty: boolean;
  readonly needsJournal: boolean;
  readonly options: LimitOptions;

  constructor(parts: Parts) {
    const { all, endUsers, options } = parts;
    this.parts = parts;
    this.options = options;
    this.isEmpty = all.length === 0 && endUsers.size === 0;
    this.needsJournal = all.some(isKept) || hasKept(endUsers.values());
  }

  claimsOf = (key: LimitedKey | undefined, publicModel: string): readonly Claim[] => {
    const { byKey, everybody } = this.parts;
    return ((key === undefined ? undefined : byKey.get(key.id)) ?? everybody).claimsFor(publicModel);
  };

  endUserClaims = (key: LimitedKey | undefined, endUser: string, publicModel: string): readonly Claim[] => {
    const list = key === undefined ? undefined : this.parts.endUsers.get(key.id);
    if (list === undefined) return NO_CLAIMS;
    return list.filter(({ fits }) => fits(publicModel)).map(({ claimOf }) => claimOf(endUser));
  };

  perEndUser = ({ id }: LimitedKey): readonly Claim[] =>
    (this.parts.endUsers.get(id) ?? []).map(({ claimOf }) => claimOf(''));

  all = (): readonly Claim[] => this.parts.all;
}

function hasKept(endUsers: Iterable<readonly EndUserLimit[]>): boolean {
  for (const list of endUsers) if (list.some(({ claimOf }) => isKept(claimOf('')))) return true;
  return false;
}

function isKept({ period }: Claim): boolean {
  return period === undefined || !isBucketPeriod(period);
}

/** The limits of keys that were just compiled, and those of the keys that stay. */
export function joined(made: Parts, { limits, keys, replaced }: KeptKeys): Parts {
  if (!(limits instanceof ConfiguredLimits)) return made;
  const before = limits.parts;
  const byKey = new Map(before.byKey);
  const endUsers = new Map(before.endUsers);
  for (const { id } of replaced) {
    byKey.delete(id);
    endUsers.delete(id);
  }
  for (const [id, index] of made.byKey) byKey.set(id, index);
  for (const [id, list] of made.endUsers) endUsers.set(id, list);
  const gone = goneScopes(replaced, keys);
  const stays = ({ scope, scopeId }: Claim): boolean =>
    scope === 'key' ? !gone.keys.has(scopeId) : scope !== 'team_user' || !gone.teamUsers.has(scopeId);
  const staying = gone.keys.size === 0 ? before.all : before.all.filter(stays);
  return { ...made, byKey, endUsers, all: [...staying, ...newClaims(made.all, staying)] };
}

/** The claims that are not in the list. Those of teams, users and the whole gateway are. */
function newClaims(made: readonly Claim[], staying: readonly Claim[]): readonly Claim[] {
  const ofMembers = new Set(made.flatMap((claim) => (claim.scope === 'team_user' ? [claim.counter] : [])));
  const known = new Set<string>();
  if (ofMembers.size > 0)
    for (const { scope, counter } of staying)
      if (scope === 'team_user' && ofMembers.has(counter)) known.add(counter);
  return made.filter(
    ({ scope, counter }) => scope === 'key' || (scope === 'team_user' && !known.has(counter)),
  );
}

/** The scopes of replaced keys, and of their users in their teams where these have no other key there. */
function goneScopes(
  replaced: readonly MasterKey[],
  keys: readonly MasterKey[],
): { readonly keys: ReadonlySet<string>; readonly teamUsers: ReadonlySet<string> } {
  const users = new Set(replaced.map(({ user }) => user?.id));
  const teamUsers = new Set(replaced.flatMap(memberScopes));
  if (teamUsers.size > 0)
    for (const scope of keys.filter(({ user }) => user && users.has(user.id)).flatMap(memberScopes))
      teamUsers.delete(scope);
  return { keys: new Set(replaced.map(({ id }) => scopeIdOf([id]))), teamUsers };
}

/** The scopes of a key's user in each of its teams; a key without a user counts as one of its own. */
function memberScopes({ id, user, team }: MasterKey): string[] {
  const scopes: string[] = [];
  for (let one: Team | undefined = team; one !== undefined; one = one.parent)
    scopes.push(scopeIdOf(user === undefined ? [one.id, 'key', id] : [one.id, user.id]));
  return scopes;
}
