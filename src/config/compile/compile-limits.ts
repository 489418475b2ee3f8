import type { Claim } from '../../limits/claim.ts';
import { type CompiledLimits, noLimits } from '../compiled-limits.ts';
import type { LimitSettings } from '../read/normalise-limits.ts';
import type { OwnerSettings } from '../read/normalise-owners.ts';
import type { Finding, Path } from '../read/problems.ts';
import type { KeySettings } from '../read/settings.ts';
import {
  type ClaimMaker,
  createClaimMaker,
  type EndUserLimit,
  type FilteredClaim,
  type Scope,
} from './claim-maker.ts';
import { ClaimIndex } from './claim-index.ts';
import { ConfiguredLimits, joined } from './configured-limits.ts';
import type { KeptKeys } from './kept-keys.ts';
import type { OwnersByName } from './compile-owners.ts';

/** More are an error: each costs every request. */
export const MOST_CLAIMS = 24;

export interface LimitsInput extends Pick<OwnerSettings, 'limits' | 'limitOptions' | 'teams' | 'users'> {
  readonly keys: readonly KeySettings[];
}

/**
 * Makes the claims of every key. `models` are the public models that the configuration names. With `kept`, the claims of
 * those keys are taken over.
 */
export function compileLimits(
  settings: LimitsInput,
  owners: OwnersByName,
  { models, kept }: { readonly models: Iterable<string>; readonly kept?: KeptKeys | undefined },
): { readonly limits: CompiledLimits; readonly findings: readonly Finding[] } {
  const { limitOptions: options } = settings;
  const maker = createClaimMaker(options);
  if (!hasLimits(settings) && kept?.limits.isEmpty !== false)
    return { limits: noLimits(options), findings: maker.findings };
  const global = maker.claims(settings.limits, { scope: 'global', ids: [], name: '', timezone: undefined });
  const shared = new SharedClaims(maker, owners);
  const everybody = new ClaimIndex(global);
  const byKey = new Map<string, ClaimIndex>();
  const endUsers = new Map<string, readonly EndUserLimit[]>();
  const own: Claim[] = [];
  const findings: Finding[] = [...tooMany(everybody, ['limits'], { models, extra: 0 })];
  for (const key of settings.keys) {
    const { at, id, name, ownership } = key;
    const timezone = owners.teams.get(ownership.team ?? '')?.timezone;
    const claims = maker.claims(ownership.limitList, { scope: 'key', ids: [id], name, timezone });
    for (const { claim } of claims) own.push(claim);
    const perEndUser = ownership.perEndUser.map((limit) => maker.endUserLimit(limit, id, timezone));
    if (perEndUser.length > 0) endUsers.set(id, perEndUser);
    const index = new ClaimIndex([...claims, ...shared.of(key), ...global]);
    byKey.set(id, index);
    findings.push(...tooMany(index, at, { models, extra: perEndUser.length }));
  }
  shared.makeAll();
  const all = [...own, ...shared.all(), ...global.map(({ claim }) => claim)];
  const made = { everybody, byKey, endUsers, all, options };
  const limits = new ConfiguredLimits(kept === undefined ? made : joined(made, kept));
  return { limits, findings: [...maker.findings, ...findings] };
}

function hasLimits({ limits, teams, users, keys }: LimitsInput): boolean {
  return (
    limits.length > 0 ||
    teams.some(({ limits, perUser }) => limits.length > 0 || perUser.length > 0) ||
    users.some(({ limits }) => limits.length > 0) ||
    keys.some(({ ownership }) => ownership.limitList.length > 0 || ownership.perEndUser.length > 0)
  );
}

/** The claims that several keys have in common, each made once. */
class SharedClaims {
  readonly #maker: ClaimMaker;
  readonly #owners: OwnersByName;
  readonly #made = new Map<string, readonly FilteredClaim[]>();

  constructor(maker: ClaimMaker, owners: OwnersByName) {
    this.#maker = maker;
    this.#owners = owners;
  }

  /** Those of the key's user in each of its teams, of the user, and of the teams from the nearest to the root. */
  of({ id, name, ownership }: KeySettings): FilteredClaim[] {
    const line = this.#owners.teams.get(ownership.team ?? '')?.line ?? [];
    const user = this.#owners.users.get(ownership.user ?? '');
    const claims: FilteredClaim[] = [];
    for (const { team, settings, timezone } of line) {
      const ids = user === undefined ? [team.id, 'key', id] : [team.id, user.user.id];
      const scope = { scope: 'team_user', ids, name: user?.user.name ?? name, timezone } as const;
      claims.push(...this.#claims(settings.perUser, scope));
    }
    if (user !== undefined) claims.push(...this.#ofUser(user));
    for (const team of line) claims.push(...this.#ofTeam(team));
    return claims;
  }

  /** Makes those of teams and users without keys too, so that their problems are found. */
  makeAll(): void {
    for (const team of this.#owners.teams.values()) this.#ofTeam(team);
    for (const user of this.#owners.users.values()) this.#ofUser(user);
  }

  *all(): Iterable<Claim> {
    for (const claims of this.#made.values()) for (const { claim } of claims) yield claim;
  }

  #ofTeam({ team, settings, timezone }: OwnedTeam): readonly FilteredClaim[] {
    return this.#claims(settings.limits, { scope: 'team', ids: [team.id], name: team.name, timezone });
  }

  #ofUser({ user, settings }: OwnedUser): readonly FilteredClaim[] {
    const scope = { scope: 'user', ids: [user.id], name: user.name, timezone: undefined } as const;
    return this.#claims(settings.limits, scope);
  }

  #claims(list: readonly LimitSettings[], scope: Scope): readonly FilteredClaim[] {
    if (list.length === 0) return [];
    const key = [scope.scope, ...scope.ids].join('\n');
    let claims = this.#made.get(key);
    if (claims === undefined) {
      claims = this.#maker.claims(list, scope);
      this.#made.set(key, claims);
    }
    return claims;
  }
}

type OwnedTeam = NonNullable<ReturnType<OwnersByName['teams']['get']>>;
type OwnedUser = NonNullable<ReturnType<OwnersByName['users']['get']>>;

function tooMany(
  index: ClaimIndex,
  path: Path,
  { models, extra }: { readonly models: Iterable<string>; readonly extra: number },
): Finding[] {
  const most = MOST_CLAIMS - extra;
  if (index.size <= most) return [];
  const count = index.mostAtOnce(models);
  if (count <= most) return [];
  const message = `has ${count + extra} limits that hold for one request, with those of teams, users and the gateway; ${MOST_CLAIMS} are the most`;
  return [{ path, part: 'key', message }];
}
