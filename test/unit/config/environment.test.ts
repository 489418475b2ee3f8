import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expandEnvironment } from '../../../src/config/read/environment.ts';
import { readSecretFile, type SecretFile } from '../../../src/config/read/secret-file.ts';
import { problemsOf, snapshotOf } from './configuration.ts';

const ENV = { NAME: 'value', EMPTY: '', TRICKY: 'a"\nlisten: ":1"\n# ${NAME}', NUMBER: '9000' };
const expand = (text: string) => expandEnvironment({ text }, { env: ENV }).value;

test('a variable is replaced wherever it stands in a string, as often as it stands there', () => {
  expect(expand('a ${NAME} b ${NAME}')).toEqual({ text: 'a value b value' });
});

test('a default counts where the variable is unset or empty, and may be empty itself', () => {
  expect(expand('${UNSET:-x}/${EMPTY:-y}/${NAME:-z}/${UNSET:-}')).toEqual({ text: 'x/y/value/' });
  expect(expand('${UNSET:-http://127.0.0.1:8000/v1}')).toEqual({ text: 'http://127.0.0.1:8000/v1' });
});

test('an empty variable without a default is an empty text', () => {
  expect(expand('[${EMPTY}]')).toEqual({ text: '[]' });
});

test('$${ is a plain ${, and other dollars stay', () => {
  expect(expand('$${NAME} $NAME $5 $$')).toEqual({ text: '${NAME} $NAME $5 $$' });
});

test('the value of a variable is neither read as YAML nor expanded again', () => {
  expect(expand('${TRICKY}')).toEqual({ text: ENV.TRICKY });
});

test('names of objects are no variables', () => {
  expect(expandEnvironment('${constructor}', { env: ENV }).findings).toHaveLength(1);
});

test('strings in lists and sections are expanded, names of settings are not', () => {
  const value = { '${NAME}': ['${NAME}', { b: '${NAME}' }, 3, true, null] };
  expect(expandEnvironment(value, { env: ENV }).value).toEqual({
    '${NAME}': ['value', { b: 'value' }, 3, true, null],
  });
});

test('a variable may stand where a number or a switch is due', () => {
  const text = `
proxy_api_key: sk-test
server: {port: "\${NUMBER}"}
allow_unauthenticated: \${SWITCH:-TRUE}
fallback: {retry_backoff: "\${BACKOFF:-0.5}"}
workers: "\${WORKERS:-3}"
`;
  const snapshot = snapshotOf(text, { env: ENV });
  expect(snapshot.server.port).toBe(9000);
  expect(snapshot.retry.backoffMs).toBe(500);
  expect(snapshot.workers).toBe(3);
});

test('a variable that is empty leaves a number at its default', () => {
  expect(snapshotOf('proxy_api_key: sk-test\nserver: {port: "${EMPTY}"}', { env: ENV }).server.port).toBe(
    18_000,
  );
});

test('a variable stays text where text is due, even if it looks like a number', () => {
  const text = 'proxy_api_key: "${NUMBER}"\nproviders: [{name: "${NUMBER}", api_base: "https://a.test"}]';
  expect([...snapshotOf(text, { env: ENV }).providers.keys()]).toEqual(['9000']);
});

test('a variable that is no number is refused where one is due, without what it holds', () => {
  expect(problemsOf('proxy_api_key: sk-test\nserver: {port: "${NAME}"}', { env: ENV })).toEqual([
    '2:16  server.port: must be a number, found something else in its environment variable or file.',
  ]);
});

test('a key and a text may be a variable of the process', () => {
  process.env['LLM_PROXY_TEST_KEY'] = 'sk-from-process';
  try {
    expect(expandEnvironment('${LLM_PROXY_TEST_KEY}', { env: process.env }).value).toBe('sk-from-process');
  } finally {
    delete process.env['LLM_PROXY_TEST_KEY'];
  }
});

describe('what is in a file', () => {
  const FILES: Record<string, SecretFile> = {
    '/run/secrets/key': { kind: 'text', text: 'sk-from-file' },
    '/run/secrets/empty': { kind: 'text', text: '' },
    '/run/secrets/locked': {
      kind: 'problem',
      message: 'the file /run/secrets/locked is locked',
      isMissing: false,
    },
  };
  const readFile = (path: string): SecretFile =>
    FILES[path] ?? { kind: 'problem', message: `the file ${path} does not exist`, isMissing: true };
  const expandFiles = (text: string) => expandEnvironment(text, { env: ENV, readFile });

  test('takes the place of its reference, and is not expanded again', () => {
    expect(expandFiles('Bearer ${file:/run/secrets/key}-${NAME}').value).toBe('Bearer sk-from-file-value');
  });

  test('has a default where it is empty or does not exist, and not where it can not be read', () => {
    expect(expandFiles('${file:/run/secrets/empty:-a}${file:/none:-b:-c}${file:/none:-}').value).toBe(
      'ab:-c',
    );
    expect(expandFiles('[${file:/run/secrets/empty}]').value).toBe('[]');
    expect(expandFiles('${file:/run/secrets/locked:-a}').findings[0]?.message).toContain('is locked');
    expect(expandFiles('${file:/none}').findings[0]?.message).toBe('the file /none does not exist');
  });

  test('is told by its path, so that it can be watched', () => {
    expect([...expandFiles('${file:/none:-}${file:/run/secrets/key}').files.keys()]).toEqual([
      '/none',
      '/run/secrets/key',
    ]);
  });

  test('is not read where no file may be', () => {
    expect(expandEnvironment('${file:/etc/passwd}', { env: ENV }).findings).toHaveLength(1);
  });

  test('a reference without a path is none', () => {
    for (const text of ['${file:}', '${file::-a}', '${file}-', '${file :/x}'])
      expect([text, expandFiles(text).findings.length]).toEqual([text, 1]);
  });

  test('is quoted by no problem, wherever it landed', () => {
    const text = 'no/such provider"s name';
    const read = (): SecretFile => ({ kind: 'text', text });
    const problems = [
      'server: {port: "${file:/x}"}',
      'listen: "${file:/x}"',
      'log_level: ${file:/x}',
      'server: {trusted_proxies: ["${file:/x}"]}',
      'providers: [{name: a, api_base: "${file:/x}"}]',
      'models: {m: {routes: [{provider: "${file:/x}", model: m}]}}',
      'fallback: {alias_fallback: {"a": ["${file:/x}"]}}',
      'load_balancing: {strategy: "${file:/x}"}',
      'providers: [{name: "${file:/x}", api_base: "http://a"}, {name: "${file:/x}", api_base: "http://b"}]',
      'server: "${file:/x}"',
    ].map((line) => problemsOf(`proxy_api_key: sk-test\n${line}\n`, { readFile: read }).join('\n'));
    expect(problems.filter((found) => found !== '').length).toBeGreaterThan(6);
    for (const found of problems) expect(found).not.toMatch(/no\/such|provider\\?"s name/);
  });

  test.each(['1', '12'])('of a few characters is not quoted either (%s)', (text) => {
    const read = (): SecretFile => ({ kind: 'text', text });
    const [problem = ''] = problemsOf(
      'proxy_api_key: sk-test\nmodels: {m: {routes: [{provider: "${file:/x}", model: m}]}}\n',
      { readFile: read },
    );
    expect(problem).toContain('****');
    expect(problem).not.toContain(`"${text}"`);
  });
});

describe('reading a file', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llm-proxy-secret-'));
  });
  afterAll(() => rm(folder, { recursive: true }));
  const read = async (content: string | Uint8Array): Promise<SecretFile> => {
    await Bun.write(join(folder, 'secret'), content);
    return readSecretFile(join(folder, 'secret'));
  };

  test('leaves out the line ends at its end, and nothing else', async () => {
    expect(await read(' sk-1 \r\n\n')).toEqual({ kind: 'text', text: ' sk-1 ' });
    expect(await read('')).toEqual({ kind: 'text', text: '' });
    expect(await read('a\nb')).toEqual({ kind: 'text', text: 'a\nb' });
  });

  test('says why it can not be, without what is in it', async () => {
    const problems = [
      await read(new Uint8Array([0x73, 0x6b, 0xff])),
      await read('sk-1\0'),
      await read('sk-1'.repeat(20_000)),
      readSecretFile(folder),
      readSecretFile(join(folder, 'none')),
      readSecretFile('/dev/zero'),
    ];
    expect(problems.map((file) => file.kind)).toEqual(Array.from({ length: 6 }, () => 'problem'));
    expect(JSON.stringify(problems)).not.toContain('sk-');
  });
});
