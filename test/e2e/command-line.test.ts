import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configSchemaText } from '../../src/config/schema/json-schema.ts';
import { ADMIN_KEY } from './db-program.ts';
import { startProcess } from './process.ts';
import { startTerminal, type TestTerminal } from './terminal.ts';

const LAUNCHER = join(import.meta.dir, '..', '..', 'bin', 'llm-proxy');
const SEED_B = join(import.meta.dir, '..', 'golden', 'config', 'seed-b.yaml');
const COLOUR = '\u001b[';
const ERASE_LINE = '\r\u001b[K';

let folder: string;
let terminal: TestTerminal | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-proxy-line-'));
});
afterEach(async () => {
  await terminal?.close();
  await rm(folder, { recursive: true });
});

/** The output of a command on a terminal, colours included. */
async function onTerminal(args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  terminal = startTerminal([LAUNCHER, ...args], { cwd: folder, env });
  await terminal.exited;
  return terminal.raw();
}

describe('colours', () => {
  test('are there on a terminal, for results and for complaints', async () => {
    expect(await onTerminal(['check', SEED_B])).toContain(`${COLOUR}32mvalid`);
    expect(await onTerminal(['--help'])).toContain(`${COLOUR}1mUsage:`);
    expect(await onTerminal(['chekc'])).toContain(`${COLOUR}31mllm-proxy:`);
  });

  for (const env of [{ NO_COLOR: '1' }, { TERM: 'dumb' }, { FORCE_COLOR: '0' }]) {
    test(`are not there with ${JSON.stringify(env)}`, async () => {
      expect(await onTerminal(['check', SEED_B], env)).not.toContain(COLOUR);
    });
  }

  test('are not there in a pipe, unless they are forced', async () => {
    const piped = startProcess(['--help']);
    const forced = startProcess(['--help'], { env: { FORCE_COLOR: '1' } });
    await Promise.all([piped.exited, forced.exited]);
    expect(piped.stdout()).not.toContain(COLOUR);
    expect(forced.stdout()).toContain(`${COLOUR}1mUsage:`);
    expect(Bun.stripANSI(forced.stdout())).toBe(piped.stdout());
  });
});

describe('the progress of an import', () => {
  const models = Array.from(
    { length: 300 },
    (_, index) => `  m${index}: { routes: [{ provider: a, model: x }] }`,
  );
  const file = `providers: [{ name: a, api_base: "https://a.example.com" }]\nmodels:\n${models.join('\n')}\n`;
  const env = (name: string) => ({ DB_URL: `sqlite://${folder}/${name}.db`, ADMIN_KEY });

  test('is shown on a terminal, and gone when it is done', async () => {
    await Bun.write(join(folder, 'config.yaml'), file);
    const shown = await onTerminal(['import', 'config.yaml'], env('a'));
    expect(shown.replaceAll(ERASE_LINE, '<erased>')).toMatch(
      /<erased>Writing \d+ of 301 …(?:<erased>Writing.*)?<erased>done: the configuration is at version 1\r\n$/,
    );
  });

  test('is not in a pipe', async () => {
    await Bun.write(join(folder, 'config.yaml'), file);
    const program = startProcess(['import', 'config.yaml'], { cwd: folder, env: env('b') });
    expect(await program.exited).toBe(0);
    expect(program.stderr()).toBe('');
    expect(program.stdout()).not.toContain('Writing');
  });
});

test('schema prints what config.schema.json has, whole, also to a reader that takes its time', async () => {
  const child = Bun.spawn(['sh', '-c', `"${LAUNCHER}" schema | { sleep 1; cat; }`], { stdout: 'pipe' });
  expect(await child.stdout.text()).toBe(configSchemaText());
});

test('a reader that has had enough is no error', async () => {
  const child = Bun.spawn(['bash', '-c', `"${LAUNCHER}" schema | head -n 1; echo "\${PIPESTATUS[0]}"`], {
    stdout: 'pipe',
    stderr: 'pipe',
  });
  expect(await child.stdout.text()).toMatch(/^\{\n(?:0|141)\n$/);
  expect(await child.stderr.text()).toBe('');
});
