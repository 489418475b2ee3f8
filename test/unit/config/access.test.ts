import { describe, expect, test } from 'bun:test';
import { hashKey, previewKey } from '../../../src/config/compile/compile-access.ts';
import type { MasterKey, Snapshot } from '../../../src/config/snapshot.ts';
import { problemsOf, snapshotOf } from './configuration.ts';

function keyOf({ access }: Snapshot, key: string): MasterKey | undefined {
  return access.kind === 'keys' ? access.keys.get(hashKey(key)) : undefined;
}

const KEYS = snapshotOf(`
providers: [{name: a, api_base: "https://a.test"}]
master_keys:
  - {name: all, key: sk-all}
  - {name: some, key: sk-some, allowed_models: [gpt-4, "claude-*"]}
  - {name: star, key: sk-star, allowed_models: [gpt-4, "*"]}
  - {name: "off", key: sk-off, enabled: false}
  - {name: slow, key: sk-slow, rate_limit: {requests_per_second: 0.5}}
  - {name: fast, key: sk-fast, rate_limit: {requests_per_second: 50}}
  - {name: burst, key: sk-burst, rate_limit: {requests_per_second: 100, burst_size: 150}}
  - {name: none, key: sk-none, rate_limit: {requests_per_second: 0, burst_size: 0}}
  - {name: nolimit, key: sk-nolimit, rate_limit: null}
`);

test('a key is found by its hash and allows all models, or those it names exactly or by pattern', () => {
  expect(keyOf(KEYS, 'sk-all')).toMatchObject({ name: 'all', unrestricted: true, limit: undefined });
  expect(keyOf(KEYS, 'sk-star')?.unrestricted).toBe(true);
  const some = keyOf(KEYS, 'sk-some');
  expect(['gpt-4', 'claude-3', 'gpt-4o', 'x-claude-3'].map((model) => some?.allows(model))).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test('a disabled key stays in the map, so that the gateway stays locked', () => {
  expect(keyOf(KEYS, 'sk-off')?.enabled).toBe(false);
  const only = snapshotOf('master_keys: [{name: a, key: sk-a, enabled: false}]');
  expect(only.access.kind).toBe('keys');
  expect(only.warnings).toContain('No key is enabled: every request will be refused.');
});

test('a burst that is not given is a second of requests, and at least one', () => {
  expect(keyOf(KEYS, 'sk-slow')?.limit).toEqual({ ratePerSecond: 0.5, burst: 1 });
  expect(keyOf(KEYS, 'sk-fast')?.limit).toEqual({ ratePerSecond: 50, burst: 50 });
  expect(keyOf(KEYS, 'sk-burst')?.limit).toEqual({ ratePerSecond: 100, burst: 150 });
  expect(keyOf(KEYS, 'sk-none')?.limit).toEqual({ ratePerSecond: 0, burst: 0 });
  expect(keyOf(KEYS, 'sk-nolimit')?.limit).toBeUndefined();
});

describe('without a key', () => {
  test('a gateway that only this machine reaches is open', () => {
    for (const listen of ['127.0.0.1:1', 'localhost:1', '[::1]:1', '127.9.9.9:1']) {
      expect(snapshotOf(`listen: "${listen}"`).access).toEqual({ kind: 'open', isIntended: false });
    }
  });

  test('one that others reach is refused, unless that is said to be meant', () => {
    for (const listen of [':1', '0.0.0.0:1', '[::]:1', '192.168.1.1:1', 'example.com:1']) {
      expect(problemsOf(`listen: "${listen}"`)).toHaveLength(1);
    }
    expect(snapshotOf('allow_unauthenticated: true').access).toEqual({ kind: 'open', isIntended: true });
  });

  test('the address that counts is the one it will really listen on', () => {
    expect(snapshotOf('listen: ":1"', { env: { HOST: '127.0.0.1' } }).access.kind).toBe('open');
    expect(problemsOf('listen: "127.0.0.1:1"', { overrides: { host: '0.0.0.0' } })).toHaveLength(1);
  });

  test('a gateway that asked for keys before stays locked', () => {
    for (const text of ['listen: "127.0.0.1:1"', 'listen: ":1"', 'allow_unauthenticated: true']) {
      const { access } = snapshotOf(text, { staysLocked: true });
      expect(access).toMatchObject({ kind: 'keys', keys: new Map() });
    }
  });
});

test('the list of models is public where proxy_api_key is the only key, or where the file says so', () => {
  const isPublic = (text: string) => {
    const { access } = snapshotOf(text);
    return access.kind === 'keys' && access.publicModels;
  };
  expect(isPublic('proxy_api_key: sk-a')).toBe(true);
  expect(isPublic('proxy_api_key: sk-a\npublic_models: false')).toBe(false);
  expect(isPublic('proxy_api_key: sk-a\nmaster_keys: [{name: b, key: sk-b}]')).toBe(false);
  expect(isPublic('master_keys: [{name: b, key: sk-b}]')).toBe(false);
  expect(isPublic('master_keys: [{name: b, key: sk-b}]\npublic_models: true')).toBe(true);
});

test('a key that may use nothing that is served gives a warning', () => {
  const { warnings } = snapshotOf(`
providers: [{name: a, api_base: "https://a.test", model_mapping: {gpt-4: x}}]
master_keys:
  - {name: lost, key: sk-1, allowed_models: [gpt-5, "claude-*"]}
  - {name: fine, key: sk-2, allowed_models: [gpt-5, "gpt-*"]}
`);
  expect(warnings).toEqual(['Key "lost" may not use any model that is served.']);
});

test('5 and 4 characters of a key are shown, and none of a short key', () => {
  expect([previewKey('sk-abcdefghijklmcdef'), previewKey('sk-prod-key')]).toEqual(['sk-ab****cdef', '****']);
});

test('every secret of a configuration is known, for masking; a hash is none', () => {
  const { secrets } = snapshotOf(`
proxy_api_key: sk-proxy
master_keys: [{name: hashed, key: "sha256:${'0'.repeat(64)}"}]
metrics: {token: token-of-metrics}
providers: [{name: a, api_base: "https://a.test", api_key: sk-provider, headers: {X: header-secret}, proxy: "http://u:hunter22@p:1"}]
`);
  expect(secrets).toEqual(['token-of-metrics', 'header-secret', 'sk-provider', 'sk-proxy', 'hunter22']);
});
