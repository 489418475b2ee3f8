import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ADMIN_KEY } from './db-program.ts';
import { sharePostgres, type TestDatabaseServer } from './db-postgres.ts';
import { startProcess } from './process.ts';

const tokenOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** Beside the one below, 50 in all. */
const MORE_KEYS = Array.from({ length: 49 }, (_, at) => ({
  token: tokenOf(`sk-virtual-more-${at}`),
  key_alias: `more-${at}`,
  max_budget: at + 0.5,
  budget_duration: at % 2 === 0 ? '1d' : '7d',
  rpm_limit: at + 1,
  tpm_limit: 1000 * (at + 1),
  max_parallel_requests: at + 2,
  spend: 0,
}));

/** The amounts of a key's limits, by counter. */
function limitsOf(key: (typeof MORE_KEYS)[number]): [string, number][] {
  const counter = `key:${key.key_alias}`;
  return [
    [`${counter}/cost/${key.budget_duration === '1d' ? 'day' : 'week'}`, key.max_budget],
    [`${counter}/requests/minute`, key.rpm_limit],
    [`${counter}/tokens/minute`, key.tpm_limit],
    [`${counter}/concurrent`, key.max_parallel_requests],
  ];
}

const LISTS = {
  organizations: [{ organization_id: 'o-1', organization_alias: 'acme' }],
  teams: [
    {
      team_id: 't-1',
      team_alias: 'search',
      organization_id: 'o-1',
      max_budget: 200,
      budget_duration: '1mo',
      spend: 150.25,
    },
  ],
  users: [
    { user_id: 'u-1', user_email: 'alice@example.com', max_budget: 60, budget_duration: '7d', spend: 0 },
  ],
  keys: [
    {
      token: tokenOf('sk-virtual-1'),
      key_alias: 'app',
      max_budget: 50,
      budget_duration: '30d',
      spend: 12.5,
      team_id: 't-1',
      user_id: 'u-1',
    },
    ...MORE_KEYS,
  ],
};

let postgres: TestDatabaseServer;
let folder: string;

beforeAll(async () => {
  postgres = await sharePostgres();
  folder = mkdtempSync(join(tmpdir(), 'llm-proxy-litellm-'));
  writeFileSync(join(folder, 'owners.json'), JSON.stringify(LISTS));
});

afterAll(async () => {
  await postgres.stop();
  rmSync(folder, { recursive: true });
});

test.each(['postgres', 'sqlite'])('budgets of LiteLLM and their use arrive once in %s', async (engine) => {
  const url = engine === 'postgres' ? await postgres.emptyDatabase() : `sqlite://${join(folder, 'proxy.db')}`;
  const run = async (...args: string[]) => {
    const program = startProcess(args, { cwd: folder, env: { DB_URL: url, ADMIN_KEY } });
    const code = await program.exited;
    return { code, out: program.stdout(), err: program.stderr() };
  };
  const first = await run('import', '--from', 'litellm', '--with-spend', 'owners.json');
  expect([first.code, first.err]).toEqual([0, '']);
  expect(first.out).toContain('created   team search');
  expect(first.out).toContain('entered what 2 budgets have used');
  const again = await run('import', '--from', 'litellm', '--with-spend', 'owners.json');
  expect(again.out).toContain('nothing to do: the database already contains it');
  expect(again.out).toContain('entered what 0 budgets have used');
  const limits = JSON.parse((await run('limits', '--json')).out) as {
    counter: string;
    used: number;
    amount: number;
  }[];
  const isMore = ({ counter }: { counter: string }): boolean => counter.startsWith('key:more-');
  expect(Object.fromEntries(limits.filter(isMore).map(({ counter, amount }) => [counter, amount]))).toEqual(
    Object.fromEntries(MORE_KEYS.flatMap(limitsOf)),
  );
  const others = limits.filter((limit) => !isMore(limit));
  expect(Object.fromEntries(others.map(({ counter, used }) => [counter, used]))).toEqual({
    'key:app/cost/month': 12.5,
    'team:search/cost/month': 150.25,
    'user:alice@example.com/cost/week': 0,
  });
  expect(await run('spend', 'verify')).toMatchObject({ code: 0 });
  expect(JSON.parse((await run('spend', 'report', '--json')).out).total.cost).toBe('0.000000000');
});

test('--with-spend is for files of LiteLLM', async () => {
  const program = startProcess(['import', '--with-spend', 'owners.json'], { cwd: folder });
  expect(await program.exited).toBe(2);
  expect(program.stderr()).toContain('--with-spend belongs to --from litellm.');
});
