import { expect, test } from 'bun:test';
import { expandEnvironment } from '../../../src/config/read/environment.ts';
import { problemsOf, snapshotOf } from './configuration.ts';

const ENV = { NAME: 'value', EMPTY: '', TRICKY: 'a"\nlisten: ":1"\n# ${NAME}', NUMBER: '9000' };
const expand = (text: string) => expandEnvironment({ text }, ENV).value;

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

test('what a variable holds is neither YAML nor expanded again', () => {
  expect(expand('${TRICKY}')).toEqual({ text: ENV.TRICKY });
});

test('names of objects are no variables', () => {
  expect(expandEnvironment('${constructor}', ENV).findings).toHaveLength(1);
});

test('strings in lists and sections are expanded, names of settings are not', () => {
  const value = { '${NAME}': ['${NAME}', { b: '${NAME}' }, 3, true, null] };
  expect(expandEnvironment(value, ENV).value).toEqual({
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
    '2:16  server.port: must be a number, found something else in its environment variable.',
  ]);
});

test('a key and a text may be a variable of the process', () => {
  process.env['LLM_PROXY_TEST_KEY'] = 'sk-from-process';
  try {
    expect(expandEnvironment('${LLM_PROXY_TEST_KEY}', process.env).value).toBe('sk-from-process');
  } finally {
    delete process.env['LLM_PROXY_TEST_KEY'];
  }
});
