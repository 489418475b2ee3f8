import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { compileText } from '../../../src/config/read/compile-text.ts';
import { formatProblem } from '../../../src/config/read/problems.ts';
import { checkShape } from '../../../src/config/read/shape.ts';
import { expandEnvironment } from '../../../src/config/read/environment.ts';
import type { Snapshot } from '../../../src/config/snapshot.ts';
import { parseSource } from '../../../src/config/read/source.ts';
import { authenticate } from '../../../src/gateway/authenticate.ts';
import { Refusal } from '../../../src/gateway/refusals.ts';
import { systemClock } from '../../../src/lib/system-clock.ts';
import { exportFile } from '../../../src/migrate/export-file.ts';
import { planImport } from '../../../src/migrate/import-file.ts';
import { setField } from '../../../src/store/json-path.ts';
import { mapKinds, RESOURCE_KINDS } from '../../../src/store/resource-kinds.ts';
import type { JsonObject } from '../../../src/store/revision.ts';
import type { Store } from '../../../src/store/store.ts';
import { openTestStore } from '../store/databases.ts';

const EVERYTHING = `
listen: "127.0.0.1:9000"
master_keys:
  - { name: One, key: mk-one-0123456789abcdef, allowed_models: ["gpt-*"], rate_limit: { requests_per_second: 2, burst_size: 5 } }
  - { name: Off, key: mk-off, enabled: false }
backends:
  - { name: b, url: "https://b.example.com", api_key: "\${B_KEY}", timeouts: { connect_timeout: 3 } }
providers:
  - name: a
    api_base: https://a.example.com/v1
    api_key: sk-a-0123456789abcdef
    headers: { X-Team: red }
    proxy: "http://user:word@127.0.0.1:3128"
    weight: 0.5
    model_mapping: { "gpt-*": "*", "cheap": "gpt-4o-mini" }
models:
  chat: { routes: [{ backend: b, model: m, priority: 2 }, { provider: a }], rewrite_response_model: true }
  off: { enabled: false, routes: [{ backend: b }] }
fallback: { cooldown_seconds: 7, alias_fallback: { chat: [cheap], cheap: [chat] } }
detection: { error_codes: [500, "4xx"], error_patterns: ["$\${literal"] }
load_balancing: { strategy: lowest_latency }
metrics: { token: metrics-token }
logging: { level: warn, language: zh }
rewrite_response_model: false
max_body_mb: 3
`;
const SEED_B_LIKE = `
listen: ":8765"
proxy_api_key: sk-for-all
backends: [{ name: x, url: "https://x.example.com/v1", api_key: k }]
models: { "vendor/m": { routes: [{ backend: x, model: up }] } }
`;
const EMPTY_KEYS = `
allow_unauthenticated: true
providers: [{ name: x, api_base: "https://x.example.com/v1" }]
`;

const ENV = { B_KEY: 'sk-b-from-environment' };

function fileOf(text: string) {
  const source = parseSource(text);
  if (source.kind === 'invalid') throw new Error(JSON.stringify(source.faults));
  const { file } = checkShape(expandEnvironment(source.value, { env: ENV }));
  if (file === undefined) throw new Error('not a configuration');
  return file;
}

async function importText(store: Store, text: string, prunes = false): Promise<string[]> {
  const { steps } = planImport(fileOf(text), (await store.read()).resources, { now: '', prunes });
  await store.change(({ resources }, now) => planImport(fileOf(text), resources, { now, prunes }).resources, {
    actor: 'test',
    action: 'import',
  });
  return steps
    .filter(({ action }) => action !== 'unchanged')
    .map(({ action, kind, id }) => `${action} ${kind} ${id}`);
}

function compiled(text: string): Snapshot {
  const result = compileText(text, { file: 'x.yaml', env: ENV, overrides: {}, version: 1, now: new Date() });
  if (result.kind === 'refused') throw new Error(result.problems.map(formatProblem).join('\n'));
  return result.snapshot;
}

/** The comparable part of a snapshot. */
function essence({
  models,
  patterns,
  access,
  server,
  warnings: _,
  secrets: __,
  loadedAt: ___,
  version: ____,
  findModel: _____,
  translation,
  limits,
  ...rest
}: Snapshot) {
  return {
    ...rest,
    limits: [...limits.all()],
    limitOptions: limits.options,
    patterns,
    server: {
      ...server,
      rewriteResponseModel: [server.rewriteResponseModel('chat'), server.rewriteResponseModel('x')],
    },
    errors: Array.from({ length: 300 }, (_, n) => rest.detection.isErrorStatus(300 + n)),
    detection: rest.detection.errorPatterns,
    providers: [...rest.providers],
    translations: [...rest.providers.values()].flatMap((provider) =>
      ['chat', 'x'].map((model) => translation(model, provider)),
    ),
    models: [...models.values()].map(({ fallbacks, ...model }) => ({
      ...model,
      fallbacks: fallbacks.map(({ name }) => name),
    })),
    access:
      access.kind === 'open'
        ? access
        : {
            publicModels: access.publicModels,
            keys: [...access.keys.values()].map(({ allows: _, preview: __, ...key }) => key),
          },
  };
}

const golden = (name: string) => Bun.file(join(import.meta.dir, '../../golden/config', name)).text();

describe.each([
  ['the shape of the first README', await golden('seed-a.yaml')],
  ['the shape of the second README', await golden('seed-b.yaml')],
  ['everything', EVERYTHING],
  ['one key for all', SEED_B_LIKE],
  ['no key', EMPTY_KEYS],
])('a configuration file with %s', (_, text) => {
  test('comes to the same in the database as on its own, and is the same again when it is exported', async () => {
    const { store, inForce } = await openTestStore('sqlite::memory:');
    await importText(store, text);
    expect(essence(inForce())).toEqual(essence(compiled(text)));
    const exported = stringify(exportFile(await store.read(), { withSecrets: true }));
    expect(essence(compiled(exported))).toEqual(essence(compiled(text)));
    expect(await importText(store, exported)).toEqual([]);
    expect(await importText(store, text)).toEqual([]);
    await store.close();
  });
});

test('an import changes what differs, and takes away only what it is told to', async () => {
  const { store, inForce } = await openTestStore('sqlite::memory:');
  await importText(store, EVERYTHING);
  const changed = EVERYTHING.replace('weight: 0.5', 'weight: 2').replace(/ {2}- \{ name: Off.*\n/, '');
  expect(await importText(store, changed)).toEqual(['updated providers a']);
  expect(await importText(store, changed, true)).toEqual(['deleted master_keys Off']);
  expect(inForce().access).toMatchObject({ kind: 'keys' });
  await store.close();
});

test('an export without secrets has variables in their place, and hashes for the master keys', async () => {
  const { store } = await openTestStore('sqlite::memory:');
  await importText(store, EVERYTHING);
  const text = stringify(exportFile(await store.read(), { withSecrets: false }));
  expect(text).not.toMatch(/sk-a-|sk-b-|user:word|red|metrics-token|mk-one/);
  for (const name of ['A_API_KEY', 'B_API_KEY', 'A_PROXY', 'A_X_TEAM', 'METRICS_TOKEN'])
    expect(text).toContain(`\${${name}}`);
  expect(text).toMatch(/key: sha256:[0-9a-f]{64}/);
  await store.close();
});

test('an export without secrets replaces every field that the database seals, of whatever kind', async () => {
  const { store } = await openTestStore('sqlite::memory:');
  await importText(store, EVERYTHING);
  const { resources, ...rest } = await store.read();
  /** Sets the field. The setting "metrics" keeps its section; those of other names become lists where a list has it. */
  const marked = (id: string, fields: JsonObject, path: string): JsonObject => {
    const [list = '', inner = ''] = path.split('.*.');
    if (inner === '') return setField(fields, path, 'marked-secret');
    const entries = [{ [inner]: 'marked-secret' }, { [inner]: 'marked-secret' }];
    return id === 'metrics' ? fields : setField(fields, list, entries);
  };
  const resourcesWithMarks = mapKinds(
    (kind) =>
      new Map(
        [...resources[kind]].map(([id, resource]) => {
          const fields = RESOURCE_KINDS[kind].secrets.reduce<JsonObject>(
            (fields, path) => marked(id, fields, path),
            resource.fields,
          );
          return [id, { ...resource, fields }];
        }),
      ),
  );
  const revision = { ...rest, resources: resourcesWithMarks };
  expect(stringify(exportFile(revision, { withSecrets: true }))).toContain('marked-secret');
  expect(stringify(exportFile(revision, { withSecrets: false }))).not.toContain('marked-secret');
  await store.close();
});

test('an export has no list that is empty', async () => {
  const { store } = await openTestStore('sqlite::memory:');
  for (const withSecrets of [true, false])
    expect(exportFile(await store.read(), { withSecrets })).toEqual({});
  await store.close();
});

test('a hash that was exported stands for its key, and is no key itself', async () => {
  const { store } = await openTestStore('sqlite::memory:');
  await importText(store, SEED_B_LIKE);
  const exported = stringify(exportFile(await store.read(), { withSecrets: true }));
  const hashed = /sha256:[0-9a-f]{64}/.exec(exported)?.[0] ?? '';
  for (const { access } of [store.snapshot(), compiled(exported)]) {
    const present = (key: string) =>
      authenticate(
        { headers: new Headers({ authorization: `Bearer ${key}` }), search: '' },
        access,
        systemClock,
      )?.name;
    expect(present('sk-for-all')).toBe('default');
    for (const stolen of [hashed, hashed.slice('sha256:'.length)])
      expect(() => present(stolen)).toThrow(Refusal);
  }
  await store.close();
});
