import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MIGRATIONS } from '../../src/store/migrate.ts';
import { sharePostgres, type TestDatabaseServer } from './db-postgres.ts';
import { ADMIN_KEY, type DatabaseGateway, startDatabaseGateway } from './db-program.ts';

const ROOT = join(import.meta.dir, '../..');
const README = await Bun.file(join(ROOT, 'test/golden/db/seed-a-readme.md')).text();

let postgres: TestDatabaseServer;
let folder: string;

beforeAll(async () => {
  postgres = await sharePostgres();
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-proxy-readme-'));
  await symlink(join(ROOT, 'scripts'), join(folder, 'scripts'));
});
afterEach(() => rm(folder, { recursive: true }));

/** The first code block under a heading of the README. */
function block(heading: string, language: string): string {
  const section = README.slice(README.indexOf(`### ${heading}\n`));
  const text = new RegExp('```' + language + '\\n([^]*?)```').exec(section)?.[1];
  if (!README.includes(`### ${heading}\n`) || text === undefined)
    throw new Error(`no ${language} under ${heading}`);
  return text;
}

interface ShellRun {
  readonly output: string;
  readonly exitCode: number;
}

/** Runs a block with only its address and secrets replaced. Every curl also prints the status of its answer. */
async function runBlock(
  text: string,
  { dbUrl, url = '' }: { dbUrl: string; url?: string },
): Promise<ShellRun> {
  const script = text
    .replace('brew install golang-migrate', ':')
    .replace(/postgresql:\/\/user:pass@[^']+/, () => dbUrl)
    .replace("'your-admin-key'", `'${ADMIN_KEY}'`)
    .replaceAll('http://localhost:18000', url);
  const shown = `curl() { command curl -sS -w '\\nHTTP %{http_code}\\n' "$@"; }\nset -e\n${script}`;
  const child = Bun.spawn(['bash', '-c', shown], {
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '', HOME: folder, ADMIN_KEY },
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { output: `${stdout}${stderr}`, exitCode: await child.exited };
}

describe.each(['postgres', 'sqlite'])('the README of the database mode, on %s', (engine) => {
  let dbUrl: string;
  let gateway: DatabaseGateway | undefined;

  beforeEach(async () => {
    dbUrl = engine === 'postgres' ? await postgres.emptyDatabase() : `sqlite://${folder}/proxy.db`;
  });
  afterEach(async () => {
    gateway?.program.kill('SIGKILL');
    await gateway?.program.exited;
    gateway = undefined;
  });

  test('migrates as it says', async () => {
    const { output, exitCode } = await runBlock(block('数据库迁移', 'bash'), { dbUrl });
    expect(exitCode).toBe(0);
    const steps = MIGRATIONS.map(({ version, name }) => `${version} (${name})`);
    const latest = MIGRATIONS.length;
    expect(output).toContain(
      [
        ...steps.map((step) => `applied ${step}`),
        `the schema is at version ${latest}`,
        `${latest}`,
        `took back ${steps.at(-1)}`,
        `the schema is at version ${latest - 1}\n`,
      ].join('\n'),
    );
  });

  test('takes its config.yaml over as it says, once and for all', async () => {
    await Bun.write(join(folder, 'config.yaml'), block('2. 配置 config.yaml', 'yaml'));
    const command = block('迁移现有 YAML 配置到数据库', 'bash');
    const first = await runBlock(command, { dbUrl });
    expect(first).toMatchObject({ exitCode: 0 });
    expect(first.output).toContain(
      'created   provider provider1\ncreated   provider provider2\ncreated   master key Production Key',
    );
    expect((await runBlock(command, { dbUrl })).output).toContain('nothing to do');
    gateway = await startDatabaseGateway({ dbUrl, folder });
    expect(await gateway.admin('GET', '/providers')).toMatchObject({
      version: 1,
      providers: [{ id: 'provider1', api_base: 'https://api.openai.com/v1' }, { id: 'provider2' }],
    });
    expect(await gateway.admin('GET', '/master-keys')).toMatchObject({
      master_keys: [
        { name: 'Production Key', rate_limit: { requests_per_second: 100, burst_size: 150 } },
        {},
      ],
    });
    const models = await fetch(`${gateway.url}/v1/models`, {
      headers: { authorization: 'Bearer sk-prod-key' },
    });
    expect(models.status).toBe(200);
  });

  test('answers every call of its Admin API section', async () => {
    gateway = await startDatabaseGateway({ dbUrl, folder });
    const { output, exitCode } = await runBlock(block('Admin API 示例', 'bash'), { dbUrl, url: gateway.url });
    expect(exitCode).toBe(0);
    const statuses = [...output.matchAll(/^HTTP (\d+)$/gm)].map(([, status]) => Number(status));
    expect(statuses).toEqual([201, 200, 200, 200, 204, 201, 200, 200, 200]);
    const answers = output
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line));
    expect(answers[0]).toMatchObject({
      id: 'openai-main',
      provider_type: 'openai',
      model_mapping: {},
      is_enabled: true,
    });
    expect(answers[1]).toMatchObject({ version: 1, providers: [{ id: 'openai-main' }] });
    expect(answers[3]).toMatchObject({ model_mapping: { 'gpt-4': 'gpt-4-turbo' } });
    expect(answers[4]).toMatchObject({
      id: 'key-1',
      key: 'mk-xxx',
      name: 'Default Key',
      allowed_models: ['*'],
    });
    expect(answers[5]).toMatchObject({ version: 4, master_keys: [{ id: 'key-1' }] });
    expect(answers[7]).toEqual({ version: 4, timestamp: expect.any(String) });
    expect(output).not.toMatch(/sk-xxx|sk-new-key/);
  });
});
