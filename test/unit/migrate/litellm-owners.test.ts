import { createHash } from 'node:crypto';
import { describe, expect, test } from 'bun:test';
import { readLitellm } from '../../../src/migrate/from-litellm.ts';
import type { Snapshot } from '../../../src/config/snapshot.ts';
import { snapshotOf } from '../config/configuration.ts';

const tokenOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** As `/key/list?return_full_object=true`, `/team/list` and `/user/list` answer, shortened. */
const LISTS = {
  organizations: [
    {
      organization_id: 'o-1',
      organization_alias: 'acme',
      litellm_budget_table: { max_budget: 5000, budget_duration: '30d' },
    },
  ],
  teams: [
    {
      team_id: 't-1',
      team_alias: 'search',
      organization_id: 'o-1',
      max_budget: 200,
      budget_duration: '1mo',
      tpm_limit: 400_000,
      models: ['gpt-4o', 'all-proxy-models'],
      metadata: { tags: ['cost_center:4711'] },
      team_member_budget_table: { max_budget: 25, budget_duration: '30d' },
    },
    { team_id: 't-2', team_alias: 'search', blocked: true },
  ],
  users: [
    { user_id: 'u-1', user_email: 'alice@example.com', max_budget: 60, budget_duration: '7d', models: [] },
  ],
  keys: [
    {
      token: tokenOf('sk-virtual-1'),
      key_alias: 'app',
      spend: 12.5,
      max_budget: 50,
      soft_budget: 40,
      budget_duration: '24h',
      rpm_limit: 60,
      tpm_limit: null,
      max_parallel_requests: 8,
      model_max_budget: { 'gpt-4o': { budget_limit: 5, time_period: '1d' } },
      expires: '2027-03-31T00:00:00',
      team_id: 't-1',
      user_id: 'u-1',
      models: ['gpt-4o'],
      metadata: { tags: ['batch', 'not a tag'] },
    },
    { token: tokenOf('sk-virtual-2'), key_alias: 'app', max_budget: 100, models: ['all-team-models'] },
    { token: tokenOf('sk-virtual-3'), team_id: 't-2', max_budget: 10, budget_duration: '14d' },
    { token: tokenOf('sk-virtual-4'), key_alias: 'rich', max_budget: 1e9, models: ['no-default-models'] },
    'a3f1',
  ],
};

const compiled = (value: unknown): Snapshot => snapshotOf(JSON.stringify(readLitellm(value, {}).file));

describe('keys, teams and users of LiteLLM', () => {
  const { file, unmapped } = readLitellm(LISTS, {});

  test('become ours, with their limits', () => {
    expect(file['teams']).toEqual([
      { name: 'acme', limits: [{ cost: 5000, per: 'month' }] },
      {
        name: 'search',
        parent: 'acme',
        tags: { cost_center: '4711' },
        limits: [
          { cost: 200, per: 'month' },
          { tokens: 400_000, per: 'minute' },
        ],
        per_user: [{ cost: 25, per: 'month' }],
      },
      { name: 'search-2' },
    ]);
    expect(file['users']).toEqual([
      { name: 'alice@example.com', email: 'alice@example.com', limits: [{ cost: 60, per: 'week' }] },
    ]);
    expect(file['master_keys']).toEqual([
      {
        name: 'app',
        key: `sha256:${tokenOf('sk-virtual-1')}`,
        team: 'search',
        user: 'alice@example.com',
        expires_at: '2027-03-31T00:00:00.000Z',
        allowed_models: ['gpt-4o'],
        tags: { batch: 'true' },
        limits: [
          { cost: 50, per: 'day' },
          { cost: 40, per: 'day', on_exceed: 'warn' },
          { requests: 60, per: 'minute' },
          { concurrent: 8 },
          { cost: 5, per: 'day', models: ['gpt-4o'] },
        ],
      },
      { name: 'app-2', key: `sha256:${tokenOf('sk-virtual-2')}`, limits: [{ cost: 100, per: 'total' }] },
      {
        name: `litellm-${tokenOf('sk-virtual-3').slice(0, 8)}`,
        key: `sha256:${tokenOf('sk-virtual-3')}`,
        enabled: false,
        team: 'search-2',
      },
      { name: 'rich', key: `sha256:${tokenOf('sk-virtual-4')}`, enabled: false },
    ]);
  });

  test('keep their secrets: LiteLLM knows the SHA-256 that we look up', () => {
    const { access } = compiled(LISTS);
    expect(access.kind === 'keys' && access.keys.get(tokenOf('sk-virtual-1'))?.name).toBe('app');
  });

  test('are reported where there is no counterpart', () => {
    expect(unmapped).toEqual([
      { path: 'keys[0].metadata.tags', reason: '"not a tag" cannot be a tag here' },
      {
        path: 'keys[2].budget_duration',
        reason: 'there is no period like "14d" here, so the budget is left out',
      },
      { path: 'keys[3].max_budget', reason: 'is more than 9000000, the largest budget here; it is left out' },
      { path: 'keys[3].models', reason: 'allows no model, so it is disabled' },
      {
        path: 'keys[4]',
        reason: 'has no token, which is the SHA-256 of the key; ask for /key/list?return_full_object=true',
      },
    ]);
  });

  test('tell what was spent of their budgets', () => {
    expect(readLitellm(LISTS, {}).spend).toEqual([
      {
        scope: 'key',
        name: 'app',
        per: 'day',
        dollars: 12.5,
        externalId: `token:${tokenOf('sk-virtual-1')}`,
      },
    ]);
  });

  test('that name teams and users outside of the file are told', () => {
    const { unmapped: left, file: alone } = readLitellm({ keys: [LISTS.keys[0]] }, {});
    expect(left.map(({ path }) => path)).toEqual([
      'keys[0].team_id',
      'keys[0].user_id',
      'keys[0].metadata.tags',
    ]);
    expect(alone['master_keys']).toMatchObject([{ name: 'app' }]);
  });

  test('make the same limits for fifty keys', () => {
    const keys = Array.from({ length: 50 }, (_, at) => ({
      token: tokenOf(`sk-${at}`),
      key_alias: `key ${at}`,
      max_budget: at + 0.25,
      budget_duration: at % 2 === 0 ? '30d' : '1d',
      rpm_limit: at + 1,
    }));
    const claims = [...compiled({ keys }).limits.all()];
    for (const [at, key] of keys.entries()) {
      const own = claims.filter(({ scope, name }) => scope === 'key' && name === key.key_alias);
      expect(Object.fromEntries(own.map(({ limitId, amount }) => [limitId, amount]))).toEqual({
        [at % 2 === 0 ? 'cost/month' : 'cost/day']: Math.round((at + 0.25) * 1e9),
        'requests/minute': at + 1,
      });
    }
  });
});

test('the budget of the whole proxy becomes a limit of the gateway', () => {
  const { file } = readLitellm({ litellm_settings: { max_budget: 100, budget_duration: '30d' } }, {});
  expect(file['limits']).toEqual([{ cost: 100, per: 'month' }]);
});

test('the keys of a file join its master key', () => {
  const { file } = readLitellm({ general_settings: { master_key: 'sk-1234' }, keys: [LISTS.keys[1]] }, {});
  expect(file['master_keys']).toMatchObject([{ name: 'litellm master key' }, { name: 'app' }]);
});
