import { expect, test } from 'bun:test';
import { startSimulator } from '../../../src/simulator/simulator.ts';

const MAIN = new URL('../../../src/main.ts', import.meta.url).pathname;

function start(...args: readonly string[]): Bun.Subprocess<'ignore', 'pipe', 'pipe'> {
  return Bun.spawn([process.execPath, MAIN, 'mock', ...args], {
    stdout: 'pipe',
    stderr: 'pipe',
    stdin: 'ignore',
  });
}

async function outcome(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const child = start(...args);
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { code: await child.exited, out, err };
}

test('it prints its address, answers, and exits with 0 on SIGTERM', async () => {
  const child = start('--port', '0', '--words', '3');
  const { value } = await child.stdout.getReader().read();
  const greeting = new TextDecoder().decode(value);
  const url = /http:\/\/127\.0\.0\.1:\d+\/v1/.exec(greeting)?.[0] ?? '';
  const body = JSON.stringify({ model: 'mock/ok', messages: [] });
  const answer = await fetch(`${url}/chat/completions`, { method: 'POST', body });
  expect(await answer.json()).toMatchObject({ usage: { completion_tokens: 3 } });
  child.kill('SIGTERM');
  expect(await child.exited).toBe(0);
});

test('--strict refuses what OpenAI refuses', async () => {
  const child = start('--port', '0', '--strict');
  const { value } = await child.stdout.getReader().read();
  const url = /http:\/\/127\.0\.0\.1:\d+\/v1/.exec(new TextDecoder().decode(value))?.[0] ?? '';
  const body = JSON.stringify({ model: 'mock/ok', messages: [] });
  expect((await fetch(`${url}/chat/completions`, { method: 'POST', body })).status).toBe(400);
  child.kill('SIGTERM');
  expect(await child.exited).toBe(0);
});

test('--help explains it', async () => {
  const { code, out } = await outcome('--help');
  expect(code).toBe(0);
  for (const flag of ['--port', '--host', '--seed', '--words', '--pace', '--latency', '--strict'])
    expect(out).toContain(flag);
});

test('a taken port is one line and exit code 1', async () => {
  const other = await startSimulator();
  const { code, err } = await outcome('--port', String(other.port));
  expect([code, err.trim().split('\n').length]).toEqual([1, 1]);
  expect(err).toContain(`127.0.0.1:${other.port}: the port is taken`);
  await other.stop();
});

test('an unknown flag, an invalid number or an extra argument exits with 2 and prints the usage', async () => {
  for (const args of [['--prot', '1'], ['--words', 'many'], ['--port', '70000'], ['extra'], ['--port']]) {
    const { code, err } = await outcome(...args);
    expect([args, code]).toEqual([args, 2]);
    expect(err).toMatch(/^llm-proxy mock: .+\nUsage: llm-proxy mock \[options\]\n.*--help.*\n$/);
  }
});
