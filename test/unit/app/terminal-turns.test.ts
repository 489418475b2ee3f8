import { expect, test } from 'bun:test';
import { TerminalTurns } from '../../../src/app/terminal-turns.ts';

test('one process at a time has the terminal, in the order in which they asked, and a dead one keeps nobody waiting', async () => {
  const turns = new TerminalTurns();
  const [first, second, third] = [turns.callsOf(1), turns.callsOf(2), turns.callsOf(3)];
  const begun: string[] = [];
  const ask = (name: string, { takeTerminal }: typeof first): Promise<unknown> =>
    Promise.resolve(takeTerminal(undefined)).then(() => begun.push(name));
  const asked = [ask('1', first), ask('2', second), ask('3', third), ask('2 again', second)];
  await Bun.sleep(0);
  expect(begun).toEqual(['1']);
  // It is not its turn.
  third.leaveTerminal(undefined);
  await Bun.sleep(0);
  expect(begun).toEqual(['1']);
  first.leaveTerminal(undefined);
  await asked[1];
  turns.release(2);
  await asked[2];
  third.leaveTerminal(undefined);
  await ask('1 again', first);
  expect(begun).toEqual(['1', '2', '3', '1 again']);
});
