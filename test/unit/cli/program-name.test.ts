import { expect, test } from 'bun:test';
import { programName } from '../../../src/cli/program-name.ts';

const named = (called: string, env: Record<string, string> = {}, folder = '/home/me'): string =>
  programName({ env: { PATH: '/usr/bin:/usr/local/bin', ...env }, argv0: called, folder });

test('a program in the PATH has its name alone, even where the shell gives its path', () => {
  expect(named('llm-proxy')).toBe('llm-proxy');
  expect(named('/usr/local/bin/llm-proxy')).toBe('llm-proxy');
});

test('any other is called by its path, from the current folder where it is in it', () => {
  expect(named('./llm-proxy')).toBe('./llm-proxy');
  expect(named('bin/llm-proxy')).toBe('bin/llm-proxy');
  expect(named('/home/me/llm-proxy')).toBe('./llm-proxy');
  expect(named('/home/me/bin/llm-proxy')).toBe('bin/llm-proxy');
  expect(named('/opt/llm-proxy')).toBe('/opt/llm-proxy');
});

test('a launcher says how it was called', () => {
  expect(named('bun', { LLM_PROXY_COMMAND: './run.sh' })).toBe('./run.sh');
  expect(named('bun', { LLM_PROXY_COMMAND: '/usr/bin/llm-proxy' })).toBe('llm-proxy');
});

test('with npx it is npx', () => {
  expect(named('/tmp/x/node_modules/.bin/llm-proxy', { npm_command: 'exec' })).toBe('npx --no llm-proxy');
});

test('a path with spaces is one word', () => {
  expect(named("/opt/my tools/it's")).toBe(String.raw`'/opt/my tools/it'\''s'`);
});
