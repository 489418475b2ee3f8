import { describe, expect, test } from 'bun:test';
import { formatPath, formatProblem } from '../../../src/config/read/problems.ts';
import { BAD_CONFIGURATIONS } from './bad-configurations.ts';
import { problemsOf } from './configuration.ts';

describe('a bad configuration is refused with its line, column, path, and what was probably meant', () => {
  for (const { kind, text, says } of BAD_CONFIGURATIONS) {
    test(kind, () => expect(problemsOf(text)).toEqual([...says]));
  }
});

test('all problems of a file are told at once, in the order in which they stand in it', () => {
  const problems = problemsOf(`
models:
  fast:
    routes: [{backend: nobody}]
    enabld: true
backends:
  - {name: a, url: "ftp://a.test", api_key: "\${UNSET}", wieght: 3}
logging: {level: loud}
`);
  expect(problems.map((problem) => problem.split(': ')[0])).toEqual([
    '2:1  master_keys',
    '4:24  models.fast.routes[0].backend',
    '5:5  models.fast.enabld',
    '7:20  backends[0].url',
    '7:45  backends[0].api_key',
    '7:57  backends[0].wieght',
    '8:18  logging.level',
  ]);
});

test('a problem is told once, and of very many problems the first and their number', () => {
  const nested = problemsOf(`a: ${'['.repeat(5000)}`);
  expect(nested.length).toBeLessThan(5);
  const problems = problemsOf(`providers: [${'"x", '.repeat(500)}]`);
  expect(problems).toHaveLength(101);
  expect(problems[0]).toContain('providers[0]');
  expect(problems.at(-1)).toContain('has 400 more problems; mend these first.');
});

test('no problem shows a secret, wherever it landed', () => {
  const secret = 'sk-very-secret-value-0123';
  const texts = [
    `master_keys: [${secret}]`,
    `master_keys: {a: ${secret}}`,
    `master_keys: [{name: a, key: [${secret}]}]`,
    `proxy_api_key: "${secret} ${secret}"`,
    `proxy_api_key: {value: ${secret}}`,
    `providers: ${secret}`,
    `providers: [{name: a, api_key: "${secret} x", url: "https://me:${secret}@a.test"}]`,
    `providers: [{name: a, api_key: "${secret}é", proxy: "${secret}"}]`,
    `providers: [{name: a, url: "https://a.test", headers: {authorization: "${secret}\\n"}}]`,
    `providers: [{name: a, url: "https://a.test", headers: "${secret}"}]`,
    `metrics: {token: "${secret} "}`,
    `listen: "\${SECRET}"`,
    `server: {port: "\${SECRET}"}`,
    `logging: {level: "\${SECRET}"}`,
    `proxy_api_key: "${secret}`,
    `proxy_api_key: ${secret}\n  bad: [`,
    `proxy_api_key: "${secret}" "${secret}"`,
  ];
  for (const text of texts) {
    const problems = problemsOf(text, { env: { SECRET: secret } });
    expect(problems).not.toEqual([]);
    expect(problems.join('\n')).not.toContain('secret-value');
  }
});

test('a long list of what is allowed is cut', () => {
  const allowed = Array.from({ length: 1000 }, (_, index) => `model-${index}`);
  const problem = { file: 'f', line: 1, column: 2, path: 'p', message: 'is unknown', allowed };
  expect(formatProblem(problem)).toEndWith('model-22, model-23 and 976 more.');
});

test('a problem without a place is told with its file alone', () => {
  const problem = {
    file: 'config.yaml',
    line: undefined,
    column: undefined,
    path: '',
    message: 'does not exist',
  };
  expect(formatProblem(problem)).toBe('config.yaml  does not exist.');
});

test('a path is written as in a program, quoting what is no plain name', () => {
  expect(formatPath(['models', 'a/b "c"', 'routes', 0, 'backend'])).toBe(
    'models["a/b \\"c\\""].routes[0].backend',
  );
});
