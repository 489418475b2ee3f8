import { expect, test } from 'bun:test';
import { UnspokenApis } from '../../../../src/gateway/translated/unspoken-apis.ts';
import { snapshotOf } from '../../config/configuration.ts';

const HOUR_MS = 3_600_000;

function provider(apiBase: string) {
  const { providers } = snapshotOf(
    `allow_unauthenticated: true\nproviders: [{ name: local, api_base: "${apiBase}" }]`,
  );
  return providers.get('local')!;
}

test('an API that a provider lacks is remembered for an hour, unless the provider has moved', () => {
  const unspoken = new UnspokenApis();
  const [local, moved] = [provider('http://a.test'), provider('http://b.test')];
  expect(unspoken.isEmpty).toBe(true);
  unspoken.note(local, { api: 'messages', operation: 'generate' }, 1000);
  unspoken.note(local, { api: 'messages', operation: 'count' }, 1000);
  expect(unspoken.of(local, 1000)).toEqual(['messages', 'messages (count)']);
  expect(unspoken.has(local, { api: 'messages', operation: 'generate' }, HOUR_MS)).toBe(true);
  expect(unspoken.has(local, { api: 'chat', operation: 'generate' }, 1000)).toBe(false);
  expect(unspoken.has(moved, { api: 'messages', operation: 'generate' }, 1000)).toBe(false);
  expect(unspoken.of(local, HOUR_MS + 1001)).toEqual([]);
});
