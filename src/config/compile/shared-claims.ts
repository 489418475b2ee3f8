import type { Claim } from '../../limits/claim.ts';
import type { LimitSettings } from '../read/normalise-limits.ts';
import type { KeySettings } from '../read/settings.ts';
import type { ClaimMaker, FilteredClaim, Scope } from './claim-maker.ts';
import type { CompiledTeam, CompiledUser, OwnersByName } from './compile-owners.ts';

/** The parts of a key's settings that its limits depend on. */
export interface LimitedKeySettings extends Pick<KeySettings, 'id' | 'name'> {
  readonly team: string | undefined;
  readonly user: string | undefined;
  readonly limitList: readonly LimitSettings[];
  readonly perEndUser: readonly LimitSettings[];
}

/** The claims that several keys have in common, each made once. */
export class SharedClaims {
  readonly #maker: ClaimMaker;
  readonly #owners: OwnersByName;
  readonly #made = new Map<string, readonly FilteredClaim[]>();

  constructor(maker: ClaimMaker, owners: OwnersByName) {
    this.#maker = maker;
    this.#owners = owners;
  }

  /** Those of the key's user in each of its teams, of the user, and of the teams from the nearest to the root. */
  of({ id, name, team, user: userName }: LimitedKeySettings): readonly FilteredClaim[] {
    if (team === undefined && userName === undefined) return NONE;
    const line = this.#owners.teams.get(team ?? '')?.line ?? [];
    const user = this.#owners.users.get(userName ?? '');
    const claims: FilteredClaim[] = [];
    for (const { team, settings, timezone } of line) {
      const ids = user === undefined ? [team.id, 'key', id] : [team.id, user.user.id];
      const scope = { scope: 'team_user', ids, name: user?.user.name ?? name, timezone } as const;
      // A key without a user shares them with no other key.
      claims.push(
        ...(user === undefined
          ? this.#maker.claims(settings.perUser, scope)
          : this.#claims(settings.perUser, scope)),
      );
    }
    if (user !== undefined) claims.push(...this.#ofUser(user));
    for (const team of line) claims.push(...this.#ofTeam(team));
    return claims;
  }

  /** Those of all teams and users. */
  *ofOwners(): Iterable<Claim> {
    for (const team of this.#owners.teams.values()) for (const { claim } of this.#ofTeam(team)) yield claim;
    for (const user of this.#owners.users.values()) for (const { claim } of this.#ofUser(user)) yield claim;
  }

  #ofTeam({ team, settings, timezone }: CompiledTeam): readonly FilteredClaim[] {
    return this.#claims(settings.limits, { scope: 'team', ids: [team.id], name: team.name, timezone });
  }

  #ofUser({ user, settings }: CompiledUser): readonly FilteredClaim[] {
    const scope = { scope: 'user', ids: [user.id], name: user.name, timezone: undefined } as const;
    return this.#claims(settings.limits, scope);
  }

  #claims(list: readonly LimitSettings[], scope: Scope): readonly FilteredClaim[] {
    if (list.length === 0) return NONE;
    const key = [scope.scope, ...scope.ids].join('\n');
    let claims = this.#made.get(key);
    if (claims === undefined) {
      claims = this.#maker.claims(list, scope);
      this.#made.set(key, claims);
    }
    return claims;
  }
}

const NONE: readonly FilteredClaim[] = [];
