import { expect, test } from 'bun:test';
import { whyNotAllowed } from '../../../src/gateway/web-socket/still-allowed.ts';
import { compileRevision } from '../../../src/store/compile-revision.ts';
import { type Kind, mapKinds } from '../../../src/store/resource-kinds.ts';
import type { JsonObject, Resource, Revision } from '../../../src/store/revision.ts';
import { markOf } from '../../../src/store/stored-key.ts';

const AT = '2026-11-29T00:00:00.000Z';

function resource(id: string, fields: JsonObject): [string, Resource] {
  return [id, { id, position: 1, fields, createdAt: AT, updatedAt: AT }];
}

function revision(resources: Partial<Record<Kind, readonly [string, Resource][]>>): Revision {
  return {
    version: 3,
    changedAt: AT,
    hadKeys: true,
    resources: mapKinds((kind) => new Map(resources[kind] ?? [])),
  };
}

function compiled(keyFields: JsonObject, limits: JsonObject[] = []) {
  return compileRevision(
    revision({
      providers: [resource('a', { api_base: 'http://127.0.0.1' })],
      master_keys: [resource('key-1', { name: 'app', ...markOf('mk-app'), ...keyFields })],
      settings: limits.length === 0 ? [] : [resource('limits', { value: limits })],
    }),
    { env: {}, overrides: {}, now: new Date(AT), isStale: () => false },
  );
}

test('a key of a revision is counted by the id of its resource, which outlives its name and its secret', () => {
  const previous = { ...markOf('mk-old'), expires_at: '2026-11-30T00:00:00Z' };
  const result = compiled({ previous, limits: [{ cost: 50, per: 'month' }] }, [{ concurrent: 500 }]);
  if (result.kind === 'refused') throw new Error(JSON.stringify(result.findings));
  const { access, limits } = result.snapshot;
  const keys = access.kind === 'keys' ? [...access.keys.values()] : [];
  expect(keys.map(({ id, name }) => [id, name])).toEqual([
    ['key-1', 'app'],
    ['key-1', 'app'],
  ]);
  for (const key of keys)
    expect(limits.claimsOf(key, 'm').map(({ counter, name }) => [counter, name])).toEqual([
      ['key:key-1/cost/month', 'app'],
      ['global/concurrent', ''],
    ]);
});

test('a wrong limit of a revision is found at its resource', () => {
  const result = compiled({ limits: [{ cost: 50 }] });
  expect(result).toEqual({
    kind: 'refused',
    findings: [
      {
        resource: { kind: 'master_keys', id: 'key-1' },
        path: ['limits', 0],
        message: 'say per: month, day, … or total',
      },
    ],
  });
});

/** A time at which no key has expired. */
const BEFORE = { epochMs: () => 0 };

test('a connection that a former secret has opened ends when that secret is revoked, and no other does', () => {
  const previous = { ...markOf('mk-old'), expires_at: '2026-11-30T00:00:00Z' };
  const [rotating, revoked] = [compiled({ previous }), compiled({})];
  if (rotating.kind === 'refused' || revoked.kind === 'refused') throw new Error('it was refused');
  const { access } = rotating.snapshot;
  const keys = access.kind === 'keys' ? [...access.keys.values()] : [];
  const ends = keys.map((key) => {
    const connection = { api: 'responses', key, provider: undefined, model: undefined } as const;
    expect(whyNotAllowed(connection, rotating.snapshot, BEFORE)).toBeUndefined();
    return whyNotAllowed(connection, revoked.snapshot, BEFORE) !== undefined;
  });
  expect(ends).toEqual([false, true]);
});
