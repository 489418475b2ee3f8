import { describe, expect, test } from 'bun:test';
import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Snapshot } from '../../../src/config/snapshot.ts';
import { findJournalProblem, type Mode, startWarnings } from '../../../src/app/start-warnings.ts';
import { snapshotOf } from '../config/configuration.ts';

const SERVED = `allow_unauthenticated: true
providers: [{ name: a, api_base: "http://127.0.0.1:8000/v1" }]
models:
${['m1', 'm2', 'm3'].map((name) => `  ${name}: { routes: [{ backend: a, model: ${name} }] }`).join('\n')}
`;

function warningsOf(more: string, options: { env?: Record<string, string>; mode?: Mode } = {}) {
  return startWarnings(snapshotOf(SERVED + more), options.env ?? {}, options.mode ?? 'file');
}

test('a configuration without limits has no doubts of them, and reads no prices', async () => {
  expect(await warningsOf('')).toEqual([]);
  expect(await warningsOf('', { mode: 'postgres' })).toEqual([]);
});

test('a budget says which of its models it refuses because nobody knows their price', async () => {
  const priced = 'prices: { models: { a/m1: { input: 1, output: 2 }, a/m2: { free: true } } }\n';
  expect(await warningsOf(`${priced}limits: [{ cost: 5, per: day }]`)).toEqual([
    expect.stringContaining(
      'The gateway has a budget, and 1 of its 3 models has no known price: it is refused',
    ),
  ]);
  expect(await warningsOf(`limits: [{ cost: 5, per: day }]`)).toEqual([
    'The gateway has a budget, and 3 of its 3 models have no known price: they are refused (price_unknown): m1, m2, m3. ' +
      'Write under prices.models: "a/m1": {input: …, output: …}, in dollars a million tokens, or {free: true}.',
  ]);
});

test('only models that a budget counts, and that its key may use, are refused', async () => {
  for (const harmless of [
    'limits: [{ cost: 5, per: day, on_exceed: warn }]',
    'limits: [{ tokens: 5, per: day }]',
    'prices: { unknown_with_budget: { input: 10, output: 40 } }\nlimits: [{ cost: 5, per: day }]',
    'prices: { models: { "a/*": { free: true } } }\nlimits: [{ cost: 5, per: day }]',
    'prices: { models: { a/m1: { free: true } } }\nlimits: [{ cost: 5, per: day, models: [m1] }]',
    'prices: { models: { a/m1: { free: true } } }\nmaster_keys: [{ name: k, key: mk-1, allowed_models: [m1], limits: [{ cost: 5, per: day }] }]',
  ])
    expect(await warningsOf(harmless)).toEqual([]);
  expect(
    await warningsOf(
      'master_keys: [{ name: "a/b", key: mk-1, allowed_models: [m1], limits: [{ cost: 5, per: day }] }]',
    ),
  ).toEqual([expect.stringContaining('Key "a/b" has a budget, and 1 of its 1 models has no known price')]);
});

test('a fallback without a price refuses the model too', async () => {
  const fallback = `fallback: { alias_fallback: { m1: [m2] } }
prices: { models: { a/m1: { free: true }, a/m3: { free: true } } }
limits: [{ cost: 5, per: day }]`;
  expect(await warningsOf(fallback)).toEqual([expect.stringContaining('(price_unknown): m1, m2.')]);
});

test('hashed end users need a key, which a database has', async () => {
  const hashed = 'attribution: { end_user: hash }';
  expect(await warningsOf(hashed)).toEqual([expect.stringContaining('needs SECRET_KEY')]);
  expect(await warningsOf(hashed, { env: { SECRET_KEY: 'x' } })).toEqual([]);
  expect(await warningsOf(hashed, { mode: 'postgres' })).toEqual([]);
});

test('a journal in memory is told where a limit would need another', async () => {
  const forgetful = 'spend: { journal: memory }\n';
  expect(await warningsOf(`${forgetful}limits: [{ tokens: 5, per: minute }]`)).toEqual([]);
  expect(await warningsOf(`${forgetful}limits: [{ tokens: 5, per: day }]`)).toEqual([
    'spend.journal is memory: a restart resets the counts of limits of a day or longer.',
  ]);
});

test('replicas of a database that share nothing are told to count each for itself', async () => {
  const alone = 'shared_state: { driver: none }\nlimits: [{ tokens: 5, per: minute }]';
  expect(await warningsOf(alone, { mode: 'postgres' })).toEqual([
    'Each replica counts limits for itself: N replicas allow up to N times a limit. See docs/limits.md.',
  ]);
  expect(await warningsOf(alone, { mode: 'sqlite' })).toEqual([]);
  expect(await warningsOf('limits: [{ tokens: 5, per: minute }]', { mode: 'postgres' })).toEqual([]);
});

describe('a journal that a limit needs', () => {
  const limited = (journal: string): Snapshot =>
    snapshotOf(`${SERVED}limits: [{ tokens: 5, per: day }]\nspend: { journal: "${journal}" }`);

  test('has no problem in a folder that can be made, also relative to the data folder, and is not made', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-journal-'));
    try {
      expect(await findJournalProblem(limited(join(folder, 'a', 'b')), {})).toBeUndefined();
      expect(await findJournalProblem(limited('a/b'), { LLM_PROXY_DATA_DIR: folder })).toBeUndefined();
      expect(await readdir(folder)).toEqual([]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('cannot be a file, below a file, or a link, and the sentence says whose limits need it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-journal-'));
    try {
      const file = join(folder, 'file');
      await writeFile(file, '');
      await symlink(folder, join(folder, 'link'));
      expect(await findJournalProblem(limited(join(file, 'journal')), {})).toBe(
        `limits of the whole gateway need a writable folder for spend.journal (${file}/journal: a part of the path is a file). Mount one, or set spend.journal: memory.`,
      );
      expect(await findJournalProblem(limited(file), {})).toContain(`(${file}: it is a file)`);
      expect(await findJournalProblem(limited(join(folder, 'link')), {})).toContain('it is a symbolic link');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('is not looked for where no limit needs it', async () => {
    const idle = snapshotOf(
      `${SERVED}limits: [{ tokens: 5, per: minute }]\nspend: { journal: "/dev/null/x" }`,
    );
    expect(await findJournalProblem(idle, {})).toBeUndefined();
    expect(await findJournalProblem(limited('memory'), {})).toBeUndefined();
  });
});

test('a file that asks for shared limits says which ones its gateway counts for itself', async () => {
  const redis = 'shared_state: { driver: redis, url: "redis://127.0.0.1:6379/0" }\n';
  expect(await warningsOf('shared_state: { driver: postgres }\n')).toEqual([
    expect.stringContaining('shared_state.driver: postgres needs the configuration in PostgreSQL (DB_URL)'),
  ]);
  expect(await warningsOf(`${redis}limits: [{ requests: 5, per: minute }]\n`)).toEqual([]);
  expect(await warningsOf(`${redis}limits: [{ requests: 5, per: day }]\n`)).toEqual([
    expect.stringContaining('Limits of a day or longer are shared only with the configuration in PostgreSQL'),
  ]);
  expect(await warningsOf(redis, { mode: 'postgres' })).toEqual([]);
  expect(await warningsOf('shared_state: { driver: none }\n')).toEqual([]);
});
