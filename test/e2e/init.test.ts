import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configSchemaText } from '../../src/config/schema/json-schema.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { startProcess, type TestProcess } from './process.ts';
import { startTerminal, type TestTerminal } from './terminal.ts';

const BIN = join(import.meta.dir, '..', '..', 'bin');
const PATH = `${BIN}:${process.env['PATH']}`;

let folder: string;
let simulator: Simulator;
let program: TestProcess | undefined;
let terminal: TestTerminal | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-proxy-init-'));
  simulator = await startSimulator({ strict: true });
});

afterEach(async () => {
  program?.kill('SIGKILL');
  await Promise.all([program?.exited, terminal?.close(), simulator.stop()]);
  await rm(folder, { recursive: true });
});

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function init(args: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
  const child = startProcess(['init', ...args], { cwd: folder, env: { PATH, ...env } });
  return { code: await child.exited, out: child.stdout(), err: child.stderr() };
}

/** Runs a line that the program has printed, as a user would copy it. */
async function shell(line: string, env: Record<string, string> = {}): Promise<string> {
  const child = Bun.spawn(['sh', '-c', line], { cwd: folder, env: { PATH, ...env }, stdout: 'pipe' });
  const text = await child.stdout.text();
  expect(await child.exited).toBe(0);
  return text;
}

const config = () => readFile(join(folder, 'config.yaml'), 'utf8');

/** The lines under a title, ready to be typed. */
function under(title: string, text: string): string {
  return new RegExp(`^${title}.*:\n((?:  .*\n?)+)`, 'm').exec(text)?.[1]?.replaceAll(/^ {2}/gm, '') ?? '';
}

/** Runs the printed commands: checks the file, starts the gateway on a free port, and sends the request. */
async function followSteps(text: string, env: Record<string, string>): Promise<string> {
  const next = under('Next', text).trim().split('\n');
  const [check = '', start = ''] = next.slice(-2).map((line) => line.replace(/ +#.*/, ''));
  expect(await shell(check, env)).toContain('config.yaml: valid');
  expect(start).toStartWith('llm-proxy');
  program = startProcess([...start.split(' ').slice(1), '--port', '0'], {
    cwd: folder,
    env: { PATH, ...env },
  });
  const [, address = ''] = await program.printed(/listening on (http\S+)/);
  return shell(under('Then', text).replace('http://127.0.0.1:18000', address), env);
}

describe('without questions', () => {
  test('the written file is checked, starts, and answers, by the very lines that are printed', async () => {
    const provider = ['--provider', 'custom', '--api-base', `${simulator.url}/v1`, '--model', 'mock/ok'];
    const { code, out, err } = await init([...provider, '--api-key-env', 'THEIR_KEY']);
    expect([code, err]).toEqual([0, '']);
    expect(under('Next', out)).toMatch(/^export THEIR_KEY=\.\.\. /);
    const answer = await followSteps(out, { THEIR_KEY: 'sk-theirs' });
    expect(JSON.parse(answer).choices[0].message.content).not.toBe('');
    expect(simulator.attempts.map(({ headers }) => headers['authorization'])).toEqual(['Bearer sk-theirs']);
  });

  test("Anthropic's provider is asked in its own API", async () => {
    const env = { ANTHROPIC_API_KEY: 'sk-ant' };
    const args = ['--provider', 'anthropic', '--api-base', simulator.url, '--model', 'mock/ok'];
    const { out } = await init(args, env);
    expect(under('Next', out)).not.toContain('ANTHROPIC_API_KEY');
    expect(JSON.parse(await followSteps(out, env))).toMatchObject({ type: 'message', role: 'assistant' });
    expect(simulator.attempts[0]?.headers['x-api-key']).toBe('sk-ant');
  });

  test("Vertex AI's key file is named by a variable, and asked for a token", async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const tokens = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: () => Response.json({ access_token: 'ya29.issued', expires_in: 3600 }),
    });
    const account = {
      type: 'service_account',
      project_id: 'my-project',
      client_email: 'a@my-project.iam.gserviceaccount.com',
      private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
      token_uri: `http://127.0.0.1:${tokens.port}/`,
    };
    await Bun.write(join(folder, 'account.json'), JSON.stringify(account));
    const args = [
      '--provider',
      'vertex',
      '--api-base',
      new URL(simulator.url).origin,
      '--model',
      'gemini-3-pro',
    ];
    const { code, out, err } = await init(args);
    expect([code, err]).toEqual([0, '']);
    expect(under('Next', out)).toMatch(/^export GOOGLE_APPLICATION_CREDENTIALS=\.\.\. /);
    const env = { GOOGLE_APPLICATION_CREDENTIALS: join(folder, 'account.json') };
    try {
      expect(JSON.parse(await followSteps(out, env)).choices[0].message.content).not.toBe('');
    } finally {
      await tokens.stop(true);
    }
    expect(simulator.attempts[0]?.path).toContain('/projects/my-project/locations/global/');
    expect(simulator.attempts[0]?.headers['authorization']).toBe('Bearer ya29.issued');
  });

  test('no secret is in the file: a variable stands for one key, a hash for the other', async () => {
    const { out } = await init(['--provider', 'openai'], { OPENAI_API_KEY: 'sk-their-secret' });
    const key = under('The key for clients', out).trim();
    expect(key).toMatch(/^sk-[\w-]{43}$/);
    const text = await config();
    expect(text).not.toContain('sk-their-secret');
    expect(text).not.toContain(key);
    expect(text).toContain('api_key: "${OPENAI_API_KEY}"');
    const hash = new Bun.CryptoHasher('sha256').update(key).digest('hex');
    expect(text).toContain(`key: "sha256:${hash}"`);
    await init(['--provider', 'openai', '--force']);
    expect(await config()).not.toContain(hash);
  });

  test('--write-key writes the key, into a file that only its owner reads', async () => {
    const { code } = await init(['--provider', 'openai', '--write-key'], { OPENAI_API_KEY: 'sk-${secret' });
    expect(code).toBe(0);
    expect(await config()).toContain('api_key: "sk-$${secret"');
    expect((await stat(join(folder, 'config.yaml'))).mode & 0o777).toBe(0o600);
  });

  test('a key for clients may be given, or a variable with it', async () => {
    const given = await init(['--provider', 'ollama', '--master-key', 'mk-"quoted"$']);
    expect(given.out).toContain('Authorization: Bearer mk-\\"quoted\\"\\$"');
    expect(await config()).not.toContain('mk-');
    const named = await init(['--provider', 'ollama', '--force', '--master-key', '${LLM_PROXY_KEY}']);
    expect(await config()).toContain('key: "${LLM_PROXY_KEY}"');
    expect(named.out).toContain('Authorization: Bearer ${LLM_PROXY_KEY}"');
    expect(named.out).toContain('export LLM_PROXY_KEY=...');
    expect(named.out).not.toContain('shown only now');
  });

  test('the schema for editors is put beside it and kept current, but not over a file of somebody else', async () => {
    const schema = join(folder, 'config.schema.json');
    await init(['--provider', 'ollama']);
    expect(await readFile(schema, 'utf8')).toBe(configSchemaText());
    await Bun.write(schema, '{"title": "llm-proxy configuration"}');
    await init(['--provider', 'ollama', '--force']);
    expect(await readFile(schema, 'utf8')).toBe(configSchemaText());
    await Bun.write(schema, '{"title": "another"}');
    await init(['--provider', 'ollama', '--force']);
    expect(await readFile(schema, 'utf8')).toBe('{"title": "another"}');
  });

  test('a folder that is not there is made', async () => {
    const { code, out } = await init(['--provider', 'ollama', '--output', 'deep/er/proxy.yaml']);
    expect(code).toBe(0);
    expect(out).toContain('llm-proxy check --config deep/er/proxy.yaml');
    expect((await readdir(join(folder, 'deep', 'er'))).toSorted()).toEqual([
      'config.schema.json',
      'proxy.yaml',
    ]);
  });
});

describe('a refusal leaves everything as it was', () => {
  test('a file that is there', async () => {
    await Bun.write(join(folder, 'config.yaml'), 'mine');
    const { code, err } = await init(['--provider', 'openai']);
    expect([code, await config()]).toEqual([1, 'mine']);
    expect(err).toBe(
      'llm-proxy: config.yaml already exists. --force overwrites it, --output FILE writes another file.\n',
    );
  });

  test('a configuration that would not start', async () => {
    const { code, err } = await init(['--provider', 'custom', '--api-base', 'ftp://x']);
    expect([code, existsSync(join(folder, 'config.yaml'))]).toEqual([1, false]);
    expect(err).toMatch(/config\.yaml:\d+:\d+ {2}providers\[0\]\.api_base: must begin with https/);
  });

  test.skipIf(process.getuid?.() === 0)('a folder that may not be written', async () => {
    await chmod(folder, 0o500);
    expect((await init(['--provider', 'openai'])).err).toContain('could not be written');
    await chmod(folder, 0o700);
  });

  const wrong: Readonly<Record<string, readonly string[]>> = {
    '--provider is missing, and there is no terminal to ask on.': [],
    'Did you mean "openai"?': ['--provider', 'opena1'],
    '--api-base is missing': ['--provider', 'azure'],
    'Do not put the key itself here': ['--provider', 'openai', '--api-key-env', 'sk-secret-1'],
    'the variable OPENAI_API_KEY is not set': ['--provider', 'openai', '--write-key'],
    '--write-key needs --api-key-env': ['--provider', 'ollama', '--write-key'],
    '--master-key must be printable ASCII': ['--provider', 'ollama', '--master-key', 'two words'],
  };
  for (const [says, args] of Object.entries(wrong)) {
    test(`wrong usage: ${says}`, async () => {
      const { code, err } = await init(args);
      expect(code).toBe(2);
      expect(err).toContain(says);
      expect(err).not.toContain('sk-secret-1');
      expect(existsSync(join(folder, 'config.yaml'))).toBe(false);
    });
  }
});

describe('on a terminal', () => {
  function start(args: readonly string[] = []): TestTerminal {
    terminal = startTerminal(['llm-proxy', 'init', ...args], { cwd: folder, env: { PATH } });
    return terminal;
  }

  /** Answers each question as it appears. */
  async function answer(asked: TestTerminal, answers: readonly (readonly [RegExp, string])[]): Promise<void> {
    for (const [question, text] of answers) {
      await asked.shows(question);
      asked.clear();
      asked.type(`${text}\r`);
    }
  }

  test('it asks, and what it is told comes to a gateway that answers', async () => {
    const asked = start();
    await answer(asked, [
      [/10 {2}custom[^]*Number or name \[openai\]: /, 'custon'],
      [/Did you mean "custom"\?[^]*Number or name \[openai\]: /, '99'],
      [/From 1 to 10[^]*Number or name \[openai\]: /, '10'],
      [/Address of its API.*: /, 'localhost:1'],
      [/must begin with https[^]*Address of its API.*: /, `${simulator.url}/v1`],
      [/2 {2}variable[^]*Number or name \[none\]: /, 'variable'],
      [/Variable: /, 'sk-secret-2'],
      [/not the name of a variable[^]*Variable: /, 'THEIR_KEY'],
      [/A model that it serves.*: /, ''],
      [/Any of its models[^]*A model that it serves.*: /, 'mock/ok'],
    ]);
    expect(await asked.exited).toBe(0);
    const text = asked.shown().replaceAll('\r', '');
    const reply = await followSteps(text, { THEIR_KEY: 'sk-theirs' });
    expect(JSON.parse(reply).choices[0].finish_reason).toBe('stop');
    expect(simulator.attempts[0]?.headers['authorization']).toBe('Bearer sk-theirs');
  });

  test('Enter takes what is usual', async () => {
    const asked = start();
    await answer(asked, [
      [/Number or name \[openai\]: /, ''],
      [/Address of its API \[https:\/\/api\.openai\.com\/v1\]: /, ''],
      [
        /OPENAI_API_KEY +environment variable.*to set before the start[^]*Number or name \[OPENAI_API_KEY\]: /,
        '',
      ],
      [/first request \[gpt-4o-mini\]: /, ''],
    ]);
    expect(await asked.exited).toBe(0);
    expect(await config()).toContain(
      'api_base: "https://api.openai.com/v1"\n    api_key: "${OPENAI_API_KEY}"',
    );
  });

  test('a key that is typed is not shown, and is in the file because that was chosen', async () => {
    const asked = start();
    await answer(asked, [
      [/Number or name.*: /, 'deepseek'],
      [/Address.*: /, ''],
      [/3 {2}file[^]*Number or name.*: /, '3'],
    ]);
    await asked.shows(/Key \(not shown\): /);
    asked.type('sk-typed-secret\r');
    await asked.shows(/first request.*: /);
    expect(asked.shown()).not.toContain('typed');
    await answer(asked, [[/first request.*: /, '']]);
    expect(await asked.exited).toBe(0);
    expect(await config()).toContain('api_key: "sk-typed-secret"');
    expect((await stat(join(folder, 'config.yaml'))).mode & 0o777).toBe(0o600);
  });

  for (const [name, key] of Object.entries({ 'Ctrl-C': '\u0003', 'Ctrl-D': '\u0004' })) {
    test(`${name} leaves with 130, and nothing is written`, async () => {
      const asked = start();
      await answer(asked, [[/Number or name.*: /, 'openai']]);
      await asked.shows(/Address.*: /);
      asked.type(key);
      expect(await asked.exited).toBe(130);
      expect(asked.shown()).toContain('Nothing was written.');
      expect(existsSync(join(folder, 'config.yaml'))).toBe(false);
    });
  }

  test('with --provider nothing is asked', async () => {
    const asked = start(['--provider', 'ollama']);
    expect(await asked.exited).toBe(0);
    expect(asked.shown()).not.toContain('Number or name');
  });
});
