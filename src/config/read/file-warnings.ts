import { readFile } from 'node:fs/promises';
import { findWeakness, MASTER_KEY } from '../../lib/key-strength.ts';
import { isHashedKey } from '../compile/compile-access.ts';
import type { ConfigFile } from '../schema/schema.ts';
import type { Snapshot } from '../snapshot.ts';

/** Keys that are easily guessed, one sentence each. Hashed keys cannot be judged. */
export function findWeakKeys({ proxy_api_key: only, master_keys: keys }: ConfigFile): string[] {
  const all = [...(typeof only === 'string' ? [{ name: 'default', key: only }] : []), ...(keys ?? [])];
  return all.flatMap(({ name, key }) => {
    const weakness = isHashedKey(key) ? undefined : findWeakness(key, MASTER_KEY);
    return weakness === undefined ? [] : [`Key "${name}" is easily guessed: it ${weakness}.`];
  });
}

/** Certificate files that are missing or empty, one sentence each. The sentence never quotes their contents. */
export async function findMissingAuthorities({ providers }: Pick<Snapshot, 'providers'>): Promise<string[]> {
  const warnings: string[] = [];
  for (const { name, tls } of providers.values()) {
    if (tls.caFile === undefined) continue;
    const fault = await faultOf(tls.caFile);
    if (fault !== undefined)
      warnings.push(`Provider "${name}" has a ca_file that ${fault}: requests to it will fail.`);
  }
  return warnings;
}

async function faultOf(path: string): Promise<string | undefined> {
  try {
    const text = await readFile(path, 'latin1');
    return text.includes('-----BEGIN ') ? undefined : 'holds no certificate in PEM form';
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
    return `cannot be read${code}`;
  }
}
