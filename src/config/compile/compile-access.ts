import { createHash } from 'node:crypto';
import { isPattern, matcher } from './name-pattern.ts';
import { type Finding, formatPath, type Path } from '../read/problems.ts';
import { compileKeyLimits, findLimitFaults } from './key-limits.ts';
import type { KeySettings, Settings } from '../read/settings.ts';
import type { KeyOwnership } from '../owners.ts';
import type { Access, MasterKey } from '../snapshot.ts';
import { findDuplicates } from '../read/duplicates.ts';

/**
 * Determines who may use the gateway. Disabled keys stay in the map, so that disabling the last key does not open the
 * gateway.
 */
export function compileAccess(
  {
    keys,
    publicModels,
    allowUnauthenticated,
  }: Pick<Settings, 'keys' | 'publicModels' | 'allowUnauthenticated'>,
  staysLocked: boolean,
): { readonly access: Access; readonly findings: readonly Finding[] } {
  const findings = [
    ...findDuplicates(keys, 'name', 'a key'),
    ...findSharedSecrets(keys),
    ...keys.flatMap(({ at, limits }) => findLimitFaults(limits, at)),
  ];
  if (keys.length === 0 && !staysLocked)
    return { access: { kind: 'open', isIntended: allowUnauthenticated }, findings };
  const compiled = keys.map(compileKey);
  return {
    access: { kind: 'keys', keys: new Map(compiled.map((key) => [key.hash, key])), publicModels },
    findings,
  };
}

function compileKey(settings: KeySettings): MasterKey {
  const { name, key, enabled, allowedModels, limits, mayRelaxTranslation } = settings;
  const exact = new Set(allowedModels.filter((model) => !isPattern(model)));
  const patterns = allowedModels.filter(isPattern).map(matcher);
  const unrestricted = allowedModels.length === 0 || allowedModels.includes('*');
  return {
    ...NO_OWNERSHIP,
    id: name,
    name,
    hash: hashKey(key),
    preview: previewMasterKey(key),
    refusedFromMs: Infinity,
    enabled,
    allows: unrestricted
      ? () => true
      : (model) => exact.has(model) || patterns.some((matches) => matches(model)),
    unrestricted,
    allowedModels: unrestricted ? [] : allowedModels,
    mayRelaxTranslation,
    ...compileKeyLimits(limits),
  };
}

const NO_OWNERSHIP: Omit<KeyOwnership, 'id'> = {
  team: undefined,
  user: undefined,
  expiresAtMs: undefined,
  tags: {},
  clientTags: [],
  endUsers: 'off',
  selfRotate: false,
  renamedFrom: undefined,
};

/** A key of which only the hash is known, as `llm-proxy export` writes it. */
const HASHED = /^sha256:([0-9a-f]{64})$/;

/** Whether this is the hash of a key. A hash lets nobody in, so it is not a secret. */
export function isHashedKey(key: string): boolean {
  return HASHED.test(key);
}

/**
 * The form in which a configured key is stored and looked up: SHA-256 in lower-case hex. `sha256:` with 64 hex digits
 * already is that form. Never apply this to a key that a client presents: the hash itself would be accepted.
 */
export function hashKey(key: string): string {
  const known = HASHED.exec(key)?.[1];
  return known ?? createHash('sha256').update(key, 'utf8').digest('hex');
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
