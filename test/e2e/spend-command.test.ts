import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openOwnDatabase } from '../../src/spend/spend.ts';
import { insertQuarters } from '../database/spend/quarters.ts';
import { startProcess } from './process.ts';

const DAY_MS = 86_400_000;
const NOVEMBER_MS = Date.parse('2026-11-01T00:00:00Z');

let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'llm-proxy-spend-command-'));
  writeFileSync(
    join(folder, 'config.yaml'),
    `providers: [{ name: p, api_base: "https://api.example.com/v1" }]
prices: { models: { "p/*": { input: 1, output: 2 } } }
master_keys: [{ name: app, key: sk-client-of-the-app, limits: [{ cost: 50, per: month }] }]
`,
  );
  const database = await openOwnDatabase('sqlite://.llm-proxy/spend.db', folder);
  await insertQuarters(database, [
    {
      quarter_ms: NOVEMBER_MS,
      model: 'fast',
      team: 'search',
      team_path: 'search',
      cost: 1_500_000_000,
      input_tokens: 1200,
      requests: 3,
    },
    { quarter_ms: NOVEMBER_MS + DAY_MS, model: 'large', cost: 500_000_000, unpriced: 1 },
  ]);
  await database.close();
});

afterAll(() => rmSync(folder, { recursive: true }));

async function run(...args: string[]) {
  const program = startProcess(['spend', ...args], { cwd: folder });
  const code = await program.exited;
  return { code, stdout: program.stdout(), stderr: program.stderr() };
}

const SPAN = ['--since', '2026-11-01', '--until', '2026-12-01'];

describe('llm-proxy spend report', () => {
  test('shows groups as a table with a total', async () => {
    const { code, stdout } = await run('report', '--group-by', 'day,team,model', ...SPAN);
    expect([code, stdout.trimEnd().split('\n')]).toEqual([
      0,
      [
        'DAY         TEAM    MODEL  REQUESTS  INPUT  OUTPUT  COST',
        '2026-11-01  search  fast   3         1200   0       $1.500000000',
        '2026-11-02  -       large  1         0      0       $0.500000000  1 without a price',
        'Total                      4         1200   0       $2.000000000  1 without a price',
      ],
    ]);
  });

  test('writes CSV and JSON', async () => {
    const csv = await run('report', '--csv', ...SPAN);
    expect(csv.stdout).toStartWith('model,requests,');
    expect(csv.stdout).toContain('\r\nTotal,4,');
    const json = JSON.parse((await run('report', '--json', '--team', 'search', ...SPAN)).stdout);
    expect(json).toMatchObject({ group_by: ['model'], total: { cost: '1.500000000' } });
  });

  test('says what is wrong', async () => {
    const wrong = await run('report', '--group-by', 'colour');
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('group_by takes any of hour')]);
    const stray = await run('report', '--repair');
    expect([stray.code, stray.stderr]).toEqual([
      2,
      expect.stringContaining('--repair does not belong to report.'),
    ]);
  });
});

test('llm-proxy spend import counts a file once', async () => {
  writeFileSync(
    join(folder, 'old.csv'),
    'at,key,model,cost,external_id\n2026-10-05T12:00:00Z,app,fast,0.25,a1\n2026-10-05T12:00:00Z,app,fast,nonsense,a2\n',
  );
  const first = await run('import', 'old.csv', '--source', 'litellm');
  expect([first.code, first.stdout.trim()]).toEqual([1, 'imported 1, known before 0']);
  expect(first.stderr).toStartWith('line 3: ');
  expect((await run('import', '.')).stderr).toContain('. is a directory, not a file.');
  const again = await run('import', 'old.csv', '--source', 'litellm');
  expect(again.stdout.trim()).toBe('imported 0, known before 1');
  const { stdout } = await run('report', '--since', '2026-10-01', '--until', '2026-11-01', '--json');
  expect(JSON.parse(stdout).total.cost).toBe('0.250000000');
});

test('llm-proxy spend verify compares the sums, and repairs them', async () => {
  // The rows of requests behind these sums were never there.
  const found = await run('verify');
  expect(found.stdout).toMatch(/agree|differences in/);
  const repaired = await run('verify', '--repair');
  expect(repaired.code).toBe(0);
  const after = await run('verify');
  expect([after.code, after.stdout]).toEqual([0, expect.stringContaining('agree')]);
});

test('llm-proxy spend reprice needs a time', async () => {
  expect((await run('reprice')).stderr).toContain('reprice needs --since');
  const { code, stdout } = await run('reprice', '--since', '2026-11-01', '--dry-run');
  expect([code, stdout.trim()]).toEqual([0, '0 requests: $0.000000000 before, $0.000000000 after']);
});
