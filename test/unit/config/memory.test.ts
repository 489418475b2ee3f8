import { expect, test } from 'bun:test';
import { compile } from '../../../src/config/compile/compile.ts';
import { normalise } from '../../../src/config/read/normalise.ts';
import type { Snapshot } from '../../../src/config/snapshot.ts';
import { configSchema } from '../../../src/config/schema/schema.ts';

const FILE = configSchema.parse({
  providers: [{ name: 'a', api_base: 'http://127.0.0.1', model_mapping: { 'gpt-*': '*' } }],
  models: { m: { routes: [{ backend: 'a' }], translation: { unsupported: 'drop' } } },
  fallback: { alias_fallback: { m: ['gpt-4o'] } },
  teams: [{ name: 't', per_user: [{ cost: 1, per: 'day' }], allowed_models: ['m'] }],
  master_keys: [
    { name: 'k', key: 'sk-1', team: 't', limits: [{ cost: 1, per: 'day', models: ['m'] }] },
    { name: 'l', key: 'sk-2', per_end_user: [{ requests: 1, per: 'minute' }] },
  ],
});

function compiled(): { readonly snapshot: Snapshot; readonly settings: WeakRef<object> } {
  const { settings } = normalise(FILE);
  const result = compile(settings, { version: 1, now: new Date(0) });
  if (result.kind === 'refused') throw new Error(JSON.stringify(result.findings));
  return { snapshot: result.snapshot, settings: new WeakRef(settings) };
}

test('a snapshot does not keep the settings that it was made from, which are as large again', async () => {
  const all = Array.from({ length: 40 }, compiled);
  await Bun.sleep(0);
  Bun.gc(true);
  const kept = all.filter(({ settings }) => settings.deref() !== undefined);
  // The collector may take some numbers on the stack for references.
  expect(kept.length).toBeLessThan(20);
  expect(all.every(({ snapshot }) => snapshot.findModel('gpt-5') !== undefined)).toBe(true);
});
