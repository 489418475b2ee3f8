import { type Claim, NO_CLAIMS } from '../../limits/claim.ts';
import type { LimitSettings } from '../read/normalise-limits.ts';
import { ClaimIndex } from './claim-index.ts';
import type { ClaimMaker, EndUserLimit, FilteredClaim } from './claim-maker.ts';
import type { OwnersByName } from './compile-owners.ts';
import type { LimitedKeySettings, SharedClaims } from './shared-claims.ts';

/** The settings and claims from which a key's claims are made. */
export interface ClaimSources {
  readonly maker: ClaimMaker;
  readonly owners: OwnersByName;
  readonly shared: SharedClaims;
  readonly global: readonly FilteredClaim[];
}

/** The limits of one key. Of many keys most are idle, so the claims are made when the key is first used. */
export class KeyClaims {
  readonly #key: LimitedKeySettings;
  readonly #sources: ClaimSources;
  #index: ClaimIndex | undefined;
  #endUsers: readonly EndUserLimit[] | undefined;

  constructor(key: LimitedKeySettings, sources: ClaimSources) {
    this.#key = key;
    this.#sources = sources;
  }

  /** Every claim on its requests but those of end users. */
  get index(): ClaimIndex {
    const { shared, global } = this.#sources;
    this.#index ??= new ClaimIndex([...this.#own(), ...shared.of(this.#key), ...global]);
    return this.#index;
  }

  get endUsers(): readonly EndUserLimit[] {
    const { id, perEndUser } = this.#key;
    this.#endUsers ??= perEndUser.map((limit) => this.#sources.maker.endUserLimit(limit, id, this.#timezone));
    return this.#endUsers;
  }

  get hasLimits(): boolean {
    return this.#lists().some((list) => list.length > 0);
  }

  /** Whether one of them outlives a restart. */
  get hasKept(): boolean {
    return this.#lists().some((list) => list.some(isKept));
  }

  /** Those of the key alone. Made anew if it is not in use. */
  own(): readonly Claim[] {
    const { limitList } = this.#key;
    if (limitList.length === 0) return NO_CLAIMS;
    return (this.#index ?? new ClaimIndex(this.#own())).all.filter(({ scope }) => scope === 'key');
  }

  /** Those that it may have in common with other keys, but for those of the whole gateway. */
  common(): readonly FilteredClaim[] {
    return this.#sources.shared.of(this.#key);
  }

  /** The lists that may hold for this key alone. */
  #lists(): (readonly LimitSettings[])[] {
    const { limitList, perEndUser, team } = this.#key;
    const line = team === undefined ? undefined : this.#sources.owners.teams.get(team)?.line;
    return [limitList, perEndUser, ...(line ?? []).map(({ settings }) => settings.perUser)];
  }

  #own(): readonly FilteredClaim[] {
    const { id, name, limitList } = this.#key;
    const scope = { scope: 'key', ids: [id], name, timezone: this.#timezone } as const;
    return this.#sources.maker.claims(limitList, scope);
  }

  get #timezone(): string | undefined {
    return this.#sources.owners.teams.get(this.#key.team ?? '')?.timezone;
  }
}

function isKept({ per }: LimitSettings): boolean {
  return per !== 'second' && per !== 'minute' && per !== 'hour';
}

/** Finds a list with the same limits, so that keys whose lists were written one by one share one. */
export function listSharer(): (list: readonly LimitSettings[]) => readonly LimitSettings[] {
  const known = new Map<readonly LimitSettings[], readonly LimitSettings[]>();
  const byText = new Map<string, readonly LimitSettings[]>();
  return (list) => {
    const found = known.get(list);
    if (found !== undefined) return found;
    const text = JSON.stringify(list.map(({ at: _, ...limit }) => limit));
    const shared = byText.get(text) ?? list;
    byText.set(text, shared);
    known.set(list, shared);
    return shared;
  };
}
