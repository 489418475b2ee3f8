import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { REFUSALS } from '../../src/gateway/refusal-table.ts';
import { SOCKET_FAULTS } from '../../src/simulator/web-socket/socket-fault.ts';
import { FAULTS } from '../../src/simulator/fault-table.ts';
import { readSocketFault } from '../../src/simulator/web-socket/socket-fault.ts';
import { startProcess } from '../e2e/process.ts';
import { ROOT } from './pages.ts';

const read = (path: string): Promise<string> => Bun.file(join(ROOT, path)).text();

test('each error code has its row, with its status and a cure', async () => {
  const page = await read('docs/troubleshooting.md');
  const rows = [...page.matchAll(/^\| (\d{3}) \| `(\w+)` \| \S.{10,} \|$/gm)];
  const documented = rows.map(([, status, code]) => `${code} ${status}`);
  const known = Object.entries(REFUSALS).map(([code, { status }]) => `${code} ${status}`);
  expect(documented.toSorted()).toEqual(known.toSorted());
});

test('each command is in both READMEs', async () => {
  const program = startProcess(['--help']);
  expect(await program.exited).toBe(0);
  const commands = [...program.stdout().matchAll(/^ {2}([a-z]+) {2,}\S/gm)].map(([, name = '']) => name);
  expect(commands.length).toBeGreaterThan(7);
  for (const path of ['README.md', 'README.zh-CN.md']) {
    const table = (await read(path)).split('\n').filter((line) => line.startsWith('| `llm-proxy'));
    for (const name of commands) expect(table.join('\n')).toMatch(new RegExp(`[ \\[\`]${name}[\\]\` ]`));
  }
});

test('each fault that a page names can be played', async () => {
  const names: readonly string[] = [...FAULTS, ...SOCKET_FAULTS].map(({ name }) => name);
  for (const path of ['docs/mock.md', 'README.md']) {
    for (const [, list = ''] of (await read(path)).matchAll(/\bmock\/([a-z0-9][\w+-]*)(?![\w/.])/g)) {
      if (['faults', 'attempts'].includes(list) || readSocketFault(`mock/${list}`) !== undefined) continue;
      for (const fault of list.split('+')) expect(names).toContain(fault);
    }
  }
});
