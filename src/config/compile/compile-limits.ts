import { type CompiledLimits, noLimits } from '../compiled-limits.ts';
import type { OwnerSettings } from '../read/normalise-owners.ts';
import type { Finding, Path } from '../read/problems.ts';
import type { KeySettings } from '../read/settings.ts';
import { ClaimIndex } from './claim-index.ts';
import { type ClaimMaker, createClaimMaker } from './claim-maker.ts';
import type { CompiledTeam, OwnersByName } from './compile-owners.ts';
import { ConfiguredLimits, joined } from './configured-limits.ts';
import { type ClaimSources, KeyClaims, listSharer } from './key-claims.ts';
import type { KeptKeys } from './kept-keys.ts';
import { type LimitedKeySettings, SharedClaims } from './shared-claims.ts';

/** More are an error: each costs every request. */
export const MOST_CLAIMS = 24;

export interface LimitsInput extends Pick<OwnerSettings, 'limits' | 'limitOptions' | 'teams' | 'users'> {
  readonly keys: readonly KeySettings[];
}

/**
 * Compiles the limits of every key. `models` are the public models that the configuration names. With `kept`, the claims of
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
  const before = kept?.limits instanceof ConfiguredLimits ? kept.limits : undefined;
  const parts = before?.parts ?? ownersParts(settings, owners, maker);
  const { byKey, findings } = keyParts(settings.keys, { ...parts.sources, maker }, models);
  const tooManyForAll = tooMany(parts.everybody, ['limits'], { models, extra: 0 });
  const made = { ...parts, byKey, options };
  const limits = new ConfiguredLimits(
    before === undefined ? made : joined(made, before, kept?.replaced ?? []),
  );
  return { limits, findings: [...maker.findings, ...tooManyForAll, ...findings] };
}

/** The limits of keys, and what is wrong with them. */
function keyParts(
  keys: readonly KeySettings[],
  sources: ClaimSources,
  models: Iterable<string>,
): { readonly byKey: ReadonlyMap<string, KeyClaims>; readonly findings: readonly Finding[] } {
  const { owners, maker, global } = sources;
  const byKey = new Map<string, KeyClaims>();
  const findings: Finding[] = [];
  const shareOf = listSharer();
  for (const key of keys) {
    const { at, id, ownership } = key;
    const { team, user, limitList, perEndUser } = ownership;
    if (limitList.length + perEndUser.length === 0 && team === undefined && user === undefined) continue;
    checkLists(key, owners, maker);
    const claims = new KeyClaims(limitedKey(key, shareOf), sources);
    byKey.set(id, claims);
    if (countOf(key, owners) + global.length > MOST_CLAIMS)
      findings.push(...tooMany(claims.index, at, { models, extra: perEndUser.length }));
  }
  return { byKey, findings };
}

/** The parts that do not depend on keys. */
function ownersParts(settings: LimitsInput, owners: OwnersByName, maker: ClaimMaker) {
  const scope = { scope: 'global', ids: [], name: '', timezone: undefined } as const;
  const global = maker.claims(settings.limits, scope);
  const shared = new SharedClaims(maker, owners);
  const sources: ClaimSources = { maker, owners, global, shared };
  return { everybody: new ClaimIndex(global), ofOwners: [...shared.ofOwners()], sources };
}

function hasLimits({ limits, teams, users, keys }: LimitsInput): boolean {
  return (
    limits.length > 0 ||
    teams.some(({ limits, perUser }) => limits.length > 0 || perUser.length > 0) ||
    users.some(({ limits }) => limits.length > 0) ||
    keys.some(({ ownership }) => ownership.limitList.length > 0 || ownership.perEndUser.length > 0)
  );
}

function limitedKey(
  { id, name, ownership }: KeySettings,
  shareOf: ReturnType<typeof listSharer>,
): LimitedKeySettings {
  const { team, user, limitList, perEndUser } = ownership;
  return { id, name, team, user, limitList: shareOf(limitList), perEndUser: shareOf(perEndUser) };
}

/** Finds the problems of the lists that hold for a key. */
function checkLists({ ownership }: KeySettings, owners: OwnersByName, maker: ClaimMaker): void {
  const { team, limitList, perEndUser } = ownership;
  const { line = [], timezone } = owners.teams.get(team ?? '') ?? {};
  maker.check(limitList, timezone);
  maker.check(perEndUser, timezone);
  for (const one of line) maker.check(one.settings.perUser, one.timezone);
}

/** How many limits a key has with those of its owners, whatever their models. */
function countOf({ ownership }: KeySettings, { teams, users }: OwnersByName): number {
  const { team, user, limitList, perEndUser } = ownership;
  const line: readonly CompiledTeam[] = teams.get(team ?? '')?.line ?? [];
  const ofTeams = line.reduce(
    (sum, { settings }) => sum + settings.limits.length + settings.perUser.length,
    0,
  );
  const ofUser = users.get(user ?? '')?.settings.limits.length ?? 0;
  return limitList.length + perEndUser.length + ofTeams + ofUser;
}

function tooMany(
  index: ClaimIndex,
  path: Path,
  { models, extra }: { readonly models: Iterable<string>; readonly extra: number },
): Finding[] {
  const most = MOST_CLAIMS - extra;
  if (index.all.length <= most) return [];
  const count = index.mostAtOnce(models);
  if (count <= most) return [];
  const message = `has ${count + extra} limits that hold for one request, with those of teams, users and the gateway; ${MOST_CLAIMS} are the most`;
  return [{ path, part: 'key', message }];
}
