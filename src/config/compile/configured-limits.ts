import { type Claim, isBucketPeriod, NO_CLAIMS } from '../../limits/claim.ts';
import type { CompiledLimits, LimitedKey, LimitOptions } from '../compiled-limits.ts';
import type { ClaimIndex } from './claim-index.ts';
import { idIn } from './claim-maker.ts';
import type { MasterKey } from '../snapshot.ts';
import type { ClaimSources, KeyClaims } from './key-claims.ts';

interface Parts {
  /** The claims on requests without a key. */
  readonly everybody: ClaimIndex;
  /** By the id of the key. */
  readonly byKey: ReadonlyMap<string, KeyClaims>;
  /** Those of teams and users. */
  readonly ofOwners: readonly Claim[];
  readonly sources: ClaimSources;
  readonly options: LimitOptions;
}

/** The limits of a configuration that has some. */
export class ConfiguredLimits implements CompiledLimits {
  readonly parts: Parts;
  readonly isEmpty: boolean;
  readonly needsJournal: boolean;
  readonly options: LimitOptions;
  #byScope: ReadonlyMap<string, readonly Claim[]> | undefined;

  constructor(parts: Parts) {
    const keys = [...parts.byKey.values()];
    const shared = [...parts.ofOwners, ...parts.sources.global.map(({ claim }) => claim)];
    this.parts = parts;
    this.options = parts.options;
    this.isEmpty = shared.length === 0 && !keys.some(hasAny);
    this.needsJournal = shared.some(isKept) || keys.some(hasAnyKept);
  }

  claimsOf = (key: LimitedKey | undefined, publicModel: string): readonly Claim[] => {
    const { byKey, everybody } = this.parts;
    return ((key === undefined ? undefined : byKey.get(key.id)?.index) ?? everybody).claimsFor(publicModel);
  };

  endUserClaims = (key: LimitedKey | undefined, endUser: string, publicModel: string): readonly Claim[] => {
    const list = key === undefined ? undefined : this.parts.byKey.get(key.id)?.endUsers;
    if (list === undefined || list.length === 0) return NO_CLAIMS;
    return list.filter(({ fits }) => fits(publicModel)).map(({ claimOf }) => claimOf(endUser));
  };

  perEndUser = ({ id }: LimitedKey): readonly Claim[] =>
    (this.parts.byKey.get(id)?.endUsers ?? []).map(({ claimOf }) => claimOf(''));

  *all(from?: string): Generator<Claim> {
    let isBefore = from !== undefined;
    const first = isBefore && from?.startsWith('key:') ? idIn(from.slice(4, from.indexOf('/'))) : undefined;
    for (const [id, key] of this.parts.byKey) {
      isBefore &&= id !== first;
      if (!isBefore) yield* key.own();
    }
    yield* this.#ofSeveral();
  }

  /** Also those of teams, users and the whole gateway, which are few. */
  *notIn(other: CompiledLimits | undefined): Generator<Claim> {
    const known = other instanceof ConfiguredLimits ? other.parts.byKey : undefined;
    for (const [id, key] of this.parts.byKey) {
      if (known === undefined || known.get(id) !== key) for (const claim of key.own()) yield claim;
    }
    yield* this.#ofSeveral(known);
  }

  inScope = (scope: string): readonly Claim[] => {
    const [kind, ...ids] = scope.split(':');
    const keyId = kind === 'key' ? ids[0] : kind === 'team_user' ? ids[2] : undefined;
    if (keyId === undefined) {
      this.#byScope ??= Map.groupBy(this.#ofSeveral(), scopeOf);
      return this.#byScope.get(scope) ?? NO_CLAIMS;
    }
    const key = this.parts.byKey.get(idIn(keyId));
    if (key === undefined) return NO_CLAIMS;
    return kind === 'key'
      ? key.own()
      : key.common().flatMap(({ claim }) => (scopeOf(claim) === scope ? claim : []));
  };

  /** Those that may hold for several keys, each once. `known`: these keys need not be looked at. */
  *#ofSeveral(known?: ReadonlyMap<string, KeyClaims>): Generator<Claim> {
    const seen = new Set<string>();
    for (const [id, key] of this.parts.byKey) {
      if (known?.get(id) === key) continue;
      for (const { claim } of key.common()) {
        if (claim.scope !== 'team_user' || seen.has(claim.counter)) continue;
        seen.add(claim.counter);
        yield claim;
      }
    }
    yield* this.parts.ofOwners;
    for (const { claim } of this.parts.sources.global) yield claim;
  }
}

function scopeOf({ scope, scopeId }: Claim): string {
  return `${scope}:${scopeId}`;
}

function hasAny({ hasLimits }: KeyClaims): boolean {
  return hasLimits;
}

function hasAnyKept({ hasKept }: KeyClaims): boolean {
  return hasKept;
}

function isKept({ period }: Claim): boolean {
  return period === undefined || !isBucketPeriod(period);
}

/** The limits of keys that were just compiled, and those of the keys that stay. */
export function joined(made: Parts, { parts }: ConfiguredLimits, replaced: readonly MasterKey[]): Parts {
  const byKey = new Map(parts.byKey);
  for (const { id } of replaced) byKey.delete(id);
  for (const [id, claims] of made.byKey) byKey.set(id, claims);
  return { ...made, byKey };
}
