import { matcher } from '../../config/compile/name-pattern.ts';
import { readTeamIds } from '../../config/owners.ts';
import type { Claim } from '../../limits/claim.ts';

/** The owners of a use. A missing id is ''. */
export interface UseOwners {
  readonly keyId: string;
  /** `/root/child/`. */
  readonly teamIds: string;
  readonly userId: string;
  /** The public model. */
  readonly model: string;
}

/** Something about a claim, found by the claim's scope. */
export interface ByScope<T> {
  readonly get: (scope: string) => readonly T[] | undefined;
}

export function byScope<T>(all: Iterable<T>, claimOf: (one: T) => Claim): ByScope<T> {
  return Map.groupBy(all, (one) => {
    const { scope, scopeId } = claimOf(one);
    return `${scope}:${scopeId}`;
  });
}

/** Those whose claims count this use. */
export function counting<T>(index: ByScope<T>, owners: UseOwners, claimOf: (one: T) => Claim): T[] {
  return scopesOf(owners)
    .flatMap((scope) => index.get(scope) ?? [])
    .filter((one) => fits(claimOf(one), owners.model));
}

/** The scopes that count a use, as `scope:scopeId` of their claims. End users are not among them. */
function scopesOf({ keyId, teamIds, userId }: UseOwners): string[] {
  const teams = readTeamIds(teamIds);
  const member = userId === '' ? ['key', keyId] : [userId];
  return [
    'global:',
    ...(keyId === '' ? [] : [`key:${idOf([keyId])}`]),
    ...(userId === '' ? [] : [`user:${idOf([userId])}`]),
    ...teams.flatMap((id) => [`team:${idOf([id])}`, `team_user:${idOf([id, ...member])}`]),
  ];
}

/** As claims write ids: escaped, and joined by colons. */
function idOf(ids: readonly string[]): string {
  return ids.map((id) => id.replaceAll(/[%:/]/g, (found) => encodeURIComponent(found))).join(':');
}

function fits({ models }: Claim, model: string): boolean {
  return models === undefined || models.some((pattern) => matcher(pattern)(model));
}
