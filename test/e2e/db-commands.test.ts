import { afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ADMIN_KEY, startDatabaseProgram } from './db-program.ts';
import { startProcess } from './process.ts';

let folder: string;
let env: Record<string, string>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-proxy-commands-'));
  env = { DB_URL: `sqlite://${folder}/proxy.db`, ADMIN_KEY };
});
afterEach(() => rm(folder, { recursive: true }));

async function run(args: readonly string[], more: Record<string, string> = {}) {
  const program = startProcess(args, { cwd: folder, env: { ...env, ...more } });
  return { exitCode: await program.exited, stdout: program.stdout(), stderr: program.stderr() };
}

test('an imported configuration can be exported, checked as a file, and imported again without a change', async () => {
  await Bun.write(
    join(folder, 'config.yaml'),
    'providers: [{ name: a, api_base: "https://a.example.com", api_key: "${A_KEY}" }]\nproxy_api_key: mk-all\n',
  );
  const dry = await run(['import', '--dry-run', 'config.yaml'], { A_KEY: 'sk-a-key' });
  expect(dry).toMatchObject({ exitCode: 0, stderr: '' });
  const first = await run(['import', 'config.yaml'], { A_KEY: 'sk-a-key' });
  expect(first.stdout).toBe(
    'created   provider a\ncreated   master key default\ncreated   setting public_models\ndone: the configuration is at version 1\n',
  );
  const exported = await run(['export']);
  expect(exported.stdout).toContain('api_key: sk-a-key');
  await Bun.write(join(folder, 'exported.yaml'), exported.stdout);
  expect((await run(['check', 'exported.yaml'])).stdout).toContain('exported.yaml: valid');
  expect((await run(['import', 'exported.yaml'])).stdout).toContain('nothing to do');
  expect((await run(['export', '--without-secrets'])).stdout).toContain('api_key: ${A_API_KEY}');
});

test('a file that would not run is not imported, and its problems are told with their places', async () => {
  await Bun.write(
    join(folder, 'config.yaml'),
    'providers:\n  - { name: a, api_bsae: "https://a.example.com" }\n',
  );
  const { exitCode, stderr } = await run(['import', 'config.yaml']);
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/^config\.yaml:2:16 {2}providers\[0\]\.api_bsae: unknown setting.*api_base/);
});

test("another gateway's file is imported as far as it goes, and the rest is listed", async () => {
  await Bun.write(
    join(folder, 'litellm.yaml'),
    'model_list: [{ model_name: m, litellm_params: { model: openai/m, api_key: os.environ/KEY, rpm: 5 } }]\n',
  );
  const { exitCode, stdout } = await run(['import', '--from', 'litellm', 'litellm.yaml'], { KEY: 'sk-1' });
  expect(exitCode).toBe(0);
  expect(stdout).toContain('not imported: model_list[0].litellm_params.rpm: there is no such setting here\n');
  expect(stdout).toContain('created   provider openai\ncreated   model m\ndone');
  await Bun.write(join(folder, 'litellm.yaml'), 'model_list: { m: openai/m }\nproviders: []\n');
  const other = await run(['import', '--from', 'litellm', '--prune', 'litellm.yaml']);
  expect([other.exitCode, other.stderr]).toEqual([
    1,
    'litellm.yaml  has nothing that can be imported, so nothing was changed.\n',
  ]);
  expect(other.stdout).toContain('not imported: model_list: it is no list\n');
  await Bun.write(join(folder, 'litellm.yaml'), 'model_list: [');
  const broken = await run(['import', '--from', 'litellm', 'litellm.yaml']);
  expect([broken.exitCode, broken.stderr]).toEqual([
    1,
    expect.stringMatching(/^litellm\.yaml:1:\d+ {2}not valid YAML/),
  ]);
});

test('an import that can not be as a whole says so, and does nothing', async () => {
  const write = (name: string, key: string): Promise<number> =>
    Bun.write(join(folder, 'keys.yaml'), `master_keys: [{ name: ${name}, key: ${key} }]\n`);
  await write('first', 'mk-shared-0123456789');
  expect((await run(['import', 'keys.yaml'])).exitCode).toBe(0);
  const before = await run(['export']);
  await write('second', 'mk-shared-0123456789');
  for (const more of [[], ['--dry-run']]) {
    const { exitCode, stdout, stderr } = await run(['import', ...more, 'keys.yaml']);
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toContain('nothing was imported');
    expect(stderr).toContain('is the same secret');
  }
  expect((await run(['export'])).stdout).toBe(before.stdout);
});

test('a step of the schema is taken back only by somebody who says yes, and keeps its data', async () => {
  await Bun.write(join(folder, 'keys.yaml'), 'master_keys: [{ name: kept, key: mk-kept-0123456789 }]\n');
  await run(['import', 'keys.yaml']);
  const before = await run(['export']);
  const refused = await run(['migrate', 'down']);
  expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('use --yes') });
  const version = Number((await run(['migrate', 'version'])).stdout);
  for (let step = version; step > 0; step--) {
    const { exitCode, stdout } = await run(['migrate', 'down', '--yes']);
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining(`the schema is at version ${step - 1}`)]);
  }
  expect((await run(['migrate', 'up'])).stdout).toContain(`the schema is at version ${version}`);
  expect((await run(['export'])).stdout).toBe(before.stdout);
});

test('a gateway that may not migrate does not start before somebody has', async () => {
  const early = startDatabaseProgram({ dbUrl: env['DB_URL']!, folder, args: ['--no-migrate'] });
  expect(await early.exited).toBe(1);
  expect(early.stderr()).toMatch(/schema version 0, this program needs \d+; run "llm-proxy migrate up"/);
  expect((await run(['migrate', 'up'])).exitCode).toBe(0);
  const late = startDatabaseProgram({ dbUrl: env['DB_URL']!, folder, args: ['--no-migrate'] });
  await late.printed(/listening on/);
  late.kill();
  expect(await late.exited).toBe(0);
});

test('a command that is wrong usage says how it is called', async () => {
  for (const args of [
    ['migrate'],
    ['migrate', 'sideways'],
    ['import'],
    ['import', '--from', 'x', 'y'],
    ['export', 'x'],
    ['rekey', 'x'],
  ]) {
    const { exitCode, stderr } = await run(args);
    expect([args, exitCode]).toEqual([args, 2]);
    expect(stderr).toContain('Usage: llm-proxy');
  }
  const unset = startProcess(['migrate', 'up'], { cwd: folder });
  expect(await unset.exited).toBe(1);
  expect(unset.stderr()).toMatch(/^llm-proxy: DB_URL is not set.*\n$/);
});
