import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProcess, type TestProcess } from './process.ts';

let folder: string;
const started: TestProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-proxy-start-'));
});

afterEach(async () => {
  for (const program of started.splice(0)) {
    program.kill('SIGKILL');
    await program.exited;
  }
  await rm(folder, { recursive: true });
});

function start(args: readonly string[], env?: Record<string, string>): TestProcess {
  const program = startProcess(args, { cwd: folder, ...(env && { env }) });
  started.push(program);
  return program;
}

const MINIMAL = 'providers: [{ name: a, api_base: "http://127.0.0.1:9/v1" }]\nserver: { host: 127.0.0.1 }\n';

describe('without a config.yaml', () => {
  test('a demo starts, and every curl line that it prints works as printed', async () => {
    const program = start(['--port', '0']);
    await program.printed(/Ctrl-C stops the demo/);
    const text = program.stdout();
    const commands = [...text.matchAll(/^.*?(curl -s(?:[^\n]|(?<=\\)\n)*)$/gm)].map(
      ([, command]) => command ?? '',
    );
    expect(commands).toHaveLength(4);
    const outputs: string[] = [];
    const [, , failing = ''] = commands;
    // A second run shows the same.
    for (const command of [...commands, failing]) {
      const run = Bun.spawn(['sh', '-c', command], { stdout: 'pipe', stderr: 'inherit' });
      outputs.push(await new Response(run.stdout).text());
      expect(await run.exited).toBe(0);
    }
    const [plain, streamed, unreliable, models, again] = outputs;
    expect(again).toMatch(/x-llm-proxy-attempts: 2/i);
    expect(JSON.parse(plain ?? '').choices[0].message.content).not.toBe('');
    expect(streamed).toContain('data: [DONE]');
    expect(unreliable).toMatch(/x-llm-proxy-attempts: 2[\s\S]*"finish_reason":"stop"/i);
    expect(JSON.parse(models ?? '').data.map(({ id }: { id: string }) => id)).toContain('demo');
    expect(text).toMatch(/a real provider: \S+\/llm-proxy init, and start again/);
  });

  test('SIGTERM ends the demo with exit code 0', async () => {
    const program = start(['--port', '0']);
    await program.printed(/Ctrl-C stops the demo/);
    program.kill('SIGTERM');
    expect(await program.exited).toBe(0);
  });
});

test('a start says in a few lines what was loaded', async () => {
  await Bun.write(
    join(folder, 'config.yaml'),
    `${MINIMAL}master_keys: [{ name: k, key: mk-1 }]\nmodels: { m: { routes: [{ provider: a, model: x }] } }\n`,
  );
  const program = start(['--port', '0']);
  await program.printed(/Loaded 1 providers?, 1 models?, 1 master keys?/);
  await program.printed(/listening on http:\/\/127\.0\.0\.1:\d+/);
  expect(program.stdout()).not.toContain('mk-1');
});

describe('a start that fails prints what is wrong and how to mend it, without a stack trace', () => {
  async function refused(args: readonly string[], env?: Record<string, string>): Promise<string> {
    const program = start(args, env);
    expect(await program.exited).toBe(1);
    const text = program.stderr();
    expect(text).not.toMatch(/^\s+at /m);
    expect(text.trim().split('\n').length).toBeLessThanOrEqual(2);
    return text;
  }

  test('an occupied port', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as { port: number };
    await Bun.write(join(folder, 'config.yaml'), MINIMAL);
    expect(await refused(['--port', String(port)])).toMatch(
      new RegExp(`127\\.0\\.0\\.1:${port} is in use.*--port`),
    );
    other.close();
  });

  test('a file that does not exist', async () => {
    expect(await refused(['-config', 'missing.yaml'])).toMatch(/missing\.yaml.*does not exist/);
  });

  test('a file that is a folder', async () => {
    await mkdir(join(folder, 'config.yaml'));
    expect(await refused(['--config', 'config.yaml'])).toMatch(/config\.yaml.*directory/);
  });

  test.skipIf(process.getuid?.() === 0)('a file that may not be read', async () => {
    await Bun.write(join(folder, 'config.yaml'), MINIMAL);
    await chmod(join(folder, 'config.yaml'), 0);
    expect(await refused([])).toMatch(/may not be read|may not read/);
  });

  test('a variable that is not set', async () => {
    await Bun.write(join(folder, 'config.yaml'), `${MINIMAL}proxy_api_key: "\${NOT_SET}"\n`);
    expect(await refused([])).toMatch(/config\.yaml:3:\d+.*NOT_SET/);
  });

  test('an address that is not of this machine', async () => {
    await Bun.write(join(folder, 'config.yaml'), `${MINIMAL}proxy_api_key: sk-1\n`);
    expect(await refused(['--host', '192.0.2.1', '--port', '0'])).toMatch(/192\.0\.2\.1.*--host/);
  });

  test('an open door to the network without a key', async () => {
    await Bun.write(join(folder, 'config.yaml'), MINIMAL);
    expect(await refused(['--host', '0.0.0.0', '--port', '0'])).toMatch(/master key|allow_unauthenticated/);
  });
});

describe('a command line that can not be understood ends with 2 and says why', () => {
  for (const args of [
    ['--prot', '1'],
    ['--port', 'many'],
    ['--workers', '0'],
    ['frobnicate'],
    ['serve', 'extra'],
  ]) {
    test(args.join(' '), async () => {
      const program = start(args);
      expect(await program.exited).toBe(2);
      expect(program.stderr()).toContain(args.at(-1) === '1' ? '--prot' : (args.at(-1) ?? ''));
      expect(program.stderr()).toContain('--help');
    });
  }
});

test('a configuration may come from a pipe, which can be read only once', async () => {
  const pipe = join(folder, 'pipe');
  expect(Bun.spawnSync(['mkfifo', pipe]).exitCode).toBe(0);
  const program = start(['--port', '0', '--config', pipe]);
  const writing = Bun.spawn(['sh', '-c', 'printf %s "$1" > "$0"', pipe, MINIMAL]);
  await program.printed(/Loaded 1 providers/);
  expect(await writing.exited).toBe(0);
});

test('--version and --help answer with 0', async () => {
  const version = start(['--version']);
  expect(await version.exited).toBe(0);
  expect(version.stdout()).toMatch(/^\d+\.\d+\.\d+\n$/);
  for (const args of [['--help'], ['serve', '--help'], ['check', '--help'], ['mock', '--help']]) {
    const help = start(args);
    expect(await help.exited).toBe(0);
    expect(help.stdout()).toContain('Usage: llm-proxy');
  }
});

test('keys that are easily guessed and files that are missing are told by check and at the start', async () => {
  const file =
    'providers: [{ name: a, api_base: "https://127.0.0.1:9/v1", ca_file: /nowhere/ca.pem }]\n' +
    'server: { host: 127.0.0.1, port: 0 }\nmaster_keys: [{ name: team, key: abc }]\n';
  await Bun.write(join(folder, 'config.yaml'), file);
  const checked = start(['check']);
  expect(await checked.exited).toBe(0);
  const served = start([]);
  await served.printed(/ca_file that cannot be read/);
  for (const text of [checked.stdout(), served.stdout()]) {
    expect(text).toContain('Key "team" is easily guessed: it has 3 characters');
    expect(text).toContain('Provider "a" has a ca_file that cannot be read (ENOENT)');
    expect(text).not.toContain('abc');
  }
});
