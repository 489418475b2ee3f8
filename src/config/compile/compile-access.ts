import { sha256Hex } from '../../lib/sha256.ts';
import { isPattern, matcher } from './name-pattern.ts';
import { type Finding, formatPath, type Path } from '../read/problems.ts';
import { compileKeyLimits, findLimitFaults } from './key-limits.ts';
import type { KeySettings, Settings } from '../read/settings.ts';
import { joinTags, type OwnersByName } from './compile-owners.ts';
import type { Access, MasterKey } from '../snapshot.ts';
import { findDuplicates } from '../read/duplicates.ts';

type AccessSettings = Pick<
  Settings,
  'keys' | 'publicModels' | 'allowUnauthenticated' | 'attribution' | 'limitOptions'
>;

/**
 * Determines who may use the gateway. Disabled keys stay in the map, so that disabling the last key does not open the
 * gateway.
 */
export function compileAccess(
  settings: AccessSettings,
  owners: OwnersByName,
  staysLocked: boolean,
): { readonly access: Access; readonly findings: readonly Finding[] } {
  const { keys, publicModels, allowUnauthenticated } = settings;
  const findings = [
    ...findDuplicates(keys, 'name', 'a key'),
    ...findSharedSecrets(keys),
    ...keys.flatMap(({ at, limits }) => findLimitFaults(limits, at)),
    ...keys.flatMap((key) => findIdleEndUserLimits(key, settings)),
  ];
  if (keys.length === 0 && !staysLocked)
    return { access: { kind: 'open', isIntended: allowUnauthenticated }, findings };
  const compiled = keys.map((key) => compileKey(key, { ...settings, owners }));
  return {
    access: { kind: 'keys', keys: new Map(compiled.map((key) => [key.hash, key])), publicModels },
    findings,
  };
}

/** Compiles a key, which the teams of its line and the settings of attribution complete. */
function compileKey(settings: KeySettings, context: KeyContext): MasterKey {
  const { id, name, key, enabled, limits, mayRelaxTranslation, ownership } = settings;
  const hash = hashKey(key);
  const line = context.owners.teams.get(ownership.team ?? '')?.line ?? [];
  const lists = [settings.allowedModels, ...line.map((team) => team.settings.allowedModels)].filter(
    isRestricting,
  );
  return {
    id,
    name,
    hash,
    secretHash: hash,
    preview: previewMasterKey(key),
    refusedFromMs: (ownership.expiresAtMs ?? Infinity) + context.limitOptions.graceAfterExpiryMs,
    enabled,
    allows: allowedBy(lists),
    unrestricted: lists.length === 0,
    allowedModels: lists[0] ?? [],
    mayRelaxTranslation,
    team: line[0]?.team,
    user: context.owners.users.get(ownership.user ?? '')?.user,
    expiresAtMs: ownership.expiresAtMs,
    tags: joinTags(line[0]?.team.tags, ownership.tags),
    clientTags: ownership.clientTags,
    endUsers:
      ownership.endUsers ?? (ownership.perEndUser.length > 0 ? 'optional' : context.attribution.endUsers),
    selfRotate: ownership.selfRotate,
    ...compileKeyLimits(limits),
  };
}

interface KeyContext extends Pick<Settings, 'attribution' | 'limitOptions'> {
  readonly owners: OwnersByName;
}

function isRestricting(allowed: readonly string[]): boolean {
  return allowed.length > 0 && !allowed.includes('*');
}

/** Whether every list contains a model, by name or by pattern. */
function allowedBy(lists: readonly (readonly string[])[]): (model: string) => boolean {
  const [only, ...others] = lists.map(allowedByOne);
  if (only === undefined) return () => true;
  return others.length === 0 ? only : (model) => only(model) && others.every((allows) => allows(model));
}

function allowedByOne(allowed: readonly string[]): (model: string) => boolean {
  const exact = new Set(allowed.filter((model) => !isPattern(model)));
  const patterns = allowed.filter(isPattern).map(matcher);
  return (model) => exact.has(model) || patterns.some((matches) => matches(model));
}

/** End users that are never known cannot be limited. */
function findIdleEndUserLimits({ at, ownership }: KeySettings, { attribution }: AccessSettings): Finding[] {
  const isLimited = ownership.perEndUser.length > 0;
  if (attribution.endUser === 'off' && (isLimited || ownership.endUsers === 'required')) {
    const message =
      'needs to tell end users apart, and attribution.end_user is off; write hash there to store no names';
    return [{ path: [...at, isLimited ? 'per_end_user' : 'end_users'], part: 'key', message }];
  }
  if (ownership.endUsers !== 'off' || !isLimited) return [];
  const message = 'is off, and per_end_user limits end users; write optional or required';
  return [{ path: [...at, 'end_users'], message }];
}

/** A key of which only the hash is known, as `llm-proxy export` writes it. */
const HASHED = /^sha256:([0-9a-f]{64})$/;

/** Whether this is the hash of a key. A hash grants no access, so it is not a secret. */
export function isHashedKey(key: string): boolean {
  return HASHED.test(key);
}

/**
 * The form in which a configured key is stored and looked up: SHA-256 in lower-case hex. `sha256:` with 64 hex digits
 * already is that form. Never apply this to a key that a client presents: the hash itself would be accepted.
 */
export function hashKey(key: string): string {
  const known = HASHED.exec(key)?.[1];
  return known ?? sha256Hex(key);
}

/** The first 5 and last 4 characters of keys that are long enough to keep the rest secret. */
export function previewKey(key: string): string {
  return key.length < 16 || HASHED.test(key) ? '****' : `${key.slice(0, 5)}****${key.slice(-4)}`;
}

/** Leaves most of a key secret although 12 characters of it are shown. */
const LONG_KEY = 32;

/** The first 8 and last 4 characters of a long master key; of a shorter one as much as of any secret. */
export function previewMasterKey(key: string): string {
  return key.length < LONG_KEY || HASHED.test(key)
    ? previewKey(key)
    : `${key.slice(0, 8)}****${key.slice(-4)}`;
}

function findSharedSecrets(keys: readonly KeySettings[]): Finding[] {
  const first = new Map<string, Path>();
  const findings: Finding[] = [];
  for (const { at, key } of keys) {
    const other = first.get(key);
    if (other === undefined) first.set(key, at);
    else
      findings.push({ path: [...at, 'key'], message: `is the same secret as that of ${formatPath(other)}` });
  }
  return findings;
}
