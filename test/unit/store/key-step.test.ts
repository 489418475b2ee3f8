import { expect, test } from 'bun:test';
import type { MasterKey, Snapshot } from '../../../src/config/snapshot.ts';
import { compileRevision } from '../../../src/store/compile-revision.ts';
import { compileKeyStep } from '../../../src/store/compile-key-step.ts';
import { EqualParts } from '../../../src/store/equal-parts.ts';
import { keyStep } from '../../../src/store/key-step.ts';
import { mapKinds } from '../../../src/store/resource-kinds.ts';
import { type JsonObject, type Resource, type Revision, withChanges } from '../../../src/store/revision.ts';
import { markOf } from '../../../src/store/stored-key.ts';

const NOW = '2026-11-30T08:00:00.000Z';
const CONTEXT = { env: {}, overrides: {}, now: new Date(NOW), isStale: () => false };
const MODELS = ['m', 'n', 'other'];

function resources(entries: Readonly<Record<string, JsonObject>>): ReadonlyMap<string, Resource> {
  return withChanges(new Map(), Object.entries(entries), NOW);
}

function revisionWith(
  keys: ReadonlyMap<string, Resource>,
  settings: Record<string, JsonObject> = {},
): Revision {
  const all = {
    ...mapKinds(() => new Map<string, Resource>()),
    providers: resources({ a: { api_base: 'http://127.0.0.1:1' } }),
    models: resources({
      m: { routes: [{ provider: 'a', model: 'm' }], cache: { enabled: true } },
      n: { routes: [{ provider: 'a', model: 'n' }] },
    }),
    teams: resources({
      acme: { limits: [{ cost: 100, per: 'month' }] },
      search: { parent: 'acme', per_user: [{ cost: 5, per: 'day' }], allowed_models: ['m'] },
      idle: {},
    }),
    users: resources({ alice: { limits: [{ tokens: 100, per: 'day' }] }, bob: {} }),
    settings: resources(settings),
    master_keys: keys,
  };
  return { version: 1, changedAt: NOW, hadKeys: true, resources: all };
}

/** Everything that may differ between two compilations, as data. */
function contentsOf({ access, limits, warnings, caching, secrets }: Snapshot): unknown {
  const keys = (access.kind === 'keys' ? [...access.keys] : []).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return {
    keys: keys.map(([hash, key]) => [hash, keyContents(key)]),
    isPublic: access.kind === 'keys' && access.publicModels,
    claims: keys.map(([hash, key]) => [
      hash,
      ...MODELS.map((model) => [limits.claimsOf(key, model), limits.endUserClaims(key, 'u', model)]),
    ]),
    everybody: limits.claimsOf(undefined, 'm'),
    all: [...limits.all()].toSorted((a, b) => (a.counter < b.counter ? -1 : 1)),
    scopes: [...limits.all()].every((claim) =>
      limits
        .inScope(`${claim.scope}:${claim.scopeId}`)
        .some((one) => JSON.stringify(one) === JSON.stringify(claim)),
    ),
    flags: [limits.isEmpty, limits.needsJournal],
    rules: keys.map(([hash, { id }]) => [hash, ...MODELS.map((model) => caching?.ruleFor(id, model))]),
    warnings: warnings.toSorted(),
    secrets,
  };
}

function keyContents(key: MasterKey): unknown {
  return { ...key, allows: MODELS.map((model) => key.allows(model)) };
}

/** A repeatable choice of numbers below a bound. */
function chances(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
}

function randomFields(n: number, chance: (below: number) => number): JsonObject {
  const maybe = (fields: JsonObject): JsonObject => (chance(3) === 0 ? fields : {});
  return {
    name: `Key ${n}`,
    ...markOf(`mk-${n}-${chance(2)}`),
    ...maybe({ team: ['acme', 'search'][chance(2)] ?? 'acme' }),
    ...maybe({ user: ['alice', 'bob'][chance(2)] ?? 'bob' }),
    ...maybe({
      limits: [
        { cost: 1 + chance(3), per: 'month' },
        { requests: 5, per: 'minute', models: ['gone'] },
      ],
    }),
    ...maybe({ per_end_user: [{ requests: 5, per: 'minute' }] }),
    ...maybe({ allowed_models: [['m', 'gone'][chance(2)] ?? 'm'] }),
    ...maybe({ is_enabled: false }),
    ...maybe({ cache: { enabled: chance(2) === 0 } }),
    ...maybe({ expires_at: ['2026-11-01T00:00:00Z', '2027-11-01T00:00:00Z'][chance(2)] ?? '' }),
    ...maybe({ previous: { ...markOf(`mk-${n}-old`), expires_at: '2026-12-01T00:00:00Z' } }),
  };
}

function compiledWhole(revision: Revision): Snapshot {
  const whole = compileRevision(revision, CONTEXT);
  if (whole.kind === 'refused') throw new Error(JSON.stringify(whole.findings));
  return whole.snapshot;
}

test.each([1, 2, 3, 4])(
  'a step of few keys makes what compiling all makes, over random writes %#',
  (seed) => {
    const chance = chances(seed);
    let keys = withChanges(
      new Map(),
      Array.from({ length: 12 }, (_, n) => [`id-${n}`, randomFields(n, chance)] as const),
      NOW,
    );
    let before = revisionWith(keys);
    let snapshot = compiledWhole(before);
    for (let version = 2; version < 40; version++) {
      const n = chance(16);
      const fields = chance(4) === 0 ? undefined : randomFields(n, chance);
      keys = withChanges(before.resources.master_keys, [[`id-${n}`, fields]], NOW);
      const after = { ...before, version, resources: { ...before.resources, master_keys: keys } };
      const step = keyStep(before, after);
      const compiled = step && compileKeyStep(step, snapshot, CONTEXT);
      if (compiled?.kind !== 'compiled') throw new Error('the step was not taken');
      expect(contentsOf(compiled.snapshot)).toEqual(contentsOf(compiledWhole(after)));
      [before, snapshot] = [after, compiled.snapshot];
    }
  },
);

test('a step leaves all other keys and their claims as they are', () => {
  const fields = (n: number): JsonObject => ({
    name: `Key ${n}`,
    ...markOf(`mk-${n}`),
    limits: [{ cost: n, per: 'day' }],
  });
  const before = revisionWith(
    resources(Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`id-${n}`, fields(n)]))),
  );
  const snapshot = compiledWhole(before);
  const keys = withChanges(before.resources.master_keys, [['id-7', fields(70)]], NOW);
  const step = keyStep(before, {
    ...before,
    version: 2,
    resources: { ...before.resources, master_keys: keys },
  });
  expect(step?.changed).toEqual(['id-7']);
  const compiled = step && compileKeyStep(step, snapshot, CONTEXT);
  const [former, access] = [
    snapshot.access,
    compiled?.kind === 'compiled' ? compiled.snapshot.access : undefined,
  ];
  if (former.kind !== 'keys' || access?.kind !== 'keys') throw new Error('there are no keys');
  const changed = [...access.keys.values()].filter((key) => former.keys.get(key.secretHash) !== key);
  expect(changed.map(({ id }) => id)).toEqual(['id-7']);
});

test('a step that takes the name or the secret of another key, or starts elsewhere, compiles all', () => {
  const fields = (name: string, secret: string): JsonObject => ({ name, ...markOf(secret) });
  const before = revisionWith(
    resources({ a: fields('A', 'mk-a'), b: fields('B', 'mk-b'), c: fields('C', 'mk-c') }),
  );
  const snapshot = compiledWhole(before);
  const stepTo = (changed: JsonObject) => {
    const keys = withChanges(before.resources.master_keys, [['c', changed]], NOW);
    return keyStep(before, { ...before, version: 2, resources: { ...before.resources, master_keys: keys } });
  };
  const taken = [fields('A', 'mk-c'), fields('C', 'mk-b'), { ...fields('C', 'mk-c'), team: 'nobody' }];
  for (const changed of taken) {
    const step = stepTo(changed);
    expect(step && compileKeyStep(step, snapshot, CONTEXT)).toBeUndefined();
  }
  const step = stepTo(fields('D', 'mk-d'));
  expect(step && compileKeyStep(step, { ...snapshot, version: 9 }, CONTEXT)).toBeUndefined();
  expect(step && compileKeyStep(step, snapshot, CONTEXT)?.kind).toBe('compiled');
});

test('keys that share one list of limits have its windows in the time zones of their teams', () => {
  const limits = [{ cost: 5, per: 'day' }];
  const zones = ['Asia/Tokyo', 'America/New_York', 'Asia/Tokyo'];
  const keyOf = (zone: string, at: number) => [
    `id-${at}`,
    { name: `Key ${at}`, ...markOf(`mk-${at}`), team: zone, limits },
  ];
  const whole = revisionWith(resources(Object.fromEntries(zones.map(keyOf))));
  const teams = resources(Object.fromEntries(zones.map((timezone) => [timezone, { timezone }])));
  const snapshot = compiledWhole({ ...whole, resources: { ...whole.resources, teams } });
  if (snapshot.access.kind !== 'keys') throw new Error('there are no keys');
  const found = [...snapshot.access.keys.values()].map((key) => [
    key.team?.name,
    ...snapshot.limits
      .claimsOf(key, 'm')
      .map(({ period }) => period && 'timezone' in period && period.timezone),
  ]);
  expect(found).toEqual(zones.map((zone) => [zone, zone]));
});

test('equal parts of rows become one object, and others stay apart', () => {
  const parts = new EqualParts();
  const row = (id: string, cost: number) => ({
    id,
    position: 1,
    body: { name: id, limits: [{ cost, per: 'month' }], tags: {} },
    secrets: {},
    created_at: NOW,
    updated_at: NOW,
  });
  const [a, b, c] = [parts.shared(row('a', 5)), parts.shared(row('b', 5)), parts.shared(row('c', 6))];
  expect([a, c]).toEqual([row('a', 5), row('c', 6)]);
  expect(a.body['limits']).toBe(b.body['limits']);
  expect(c.body['limits']).not.toBe(b.body['limits']);
});
