import { expect, test } from 'bun:test';
import { PAUSE_MS, TroubleLog } from '../../../src/app/trouble-log.ts';
import type { LeaseTrouble } from '../../../src/spend/nodes/lease-desk-options.ts';
import { createLog } from '../../../src/telemetry/log/log.ts';
import { snapshotOf } from '../config/configuration.ts';
import { intoList } from '../telemetry/line-list.ts';

const SNAPSHOT = snapshotOf(
  'providers: [{ name: a, api_base: "http://a.test" }]\nallow_unauthenticated: true',
);
const LOST: LeaseTrouble = { type: 'lost', reason: 'no answer' };
const BACK: LeaseTrouble = { type: 'back' };

/** `pass` ends the pause after a line. `lines` returns those since the last call, by a word of each. */
function openLog() {
  const said: string[] = [];
  const pauses: (() => void)[] = [];
  const log = createLog({ settings: () => SNAPSHOT.logging, sink: intoList(said) });
  const troubles = new TroubleLog(
    () => log,
    (ms, run) => {
      expect(ms).toBe(PAUSE_MS);
      pauses.push(run);
    },
  );
  const lines = (): string[] =>
    said.splice(0).map((line) => /grants no|again|have freed/.exec(line)?.[0] ?? line);
  return { tell: troubles.tell, pass: () => pauses.shift()?.(), lines };
}

test('a line about the store of leases comes at once, and the next a second later', () => {
  const { tell, pass, lines } = openLog();
  tell(LOST);
  expect(lines()).toEqual(['grants no']);
  tell(BACK);
  expect(lines()).toEqual([]);
  pass();
  expect(lines()).toEqual(['again']);
  pass();
  tell(LOST);
  expect(lines()).toEqual(['grants no']);
});

test('a store that comes and goes is told as it is after a second, if that is new', () => {
  const { tell, pass, lines } = openLog();
  for (const trouble of [LOST, BACK, LOST, BACK, LOST]) tell(trouble);
  expect(lines()).toEqual(['grants no']);
  pass();
  expect(lines()).toEqual([]);
  for (const trouble of [BACK, LOST, BACK]) tell(trouble);
  expect(lines()).toEqual(['again']);
  pass();
  expect(lines()).toEqual([]);
});

test('a gateway that was forgotten says so once it may', () => {
  const { tell, pass, lines } = openLog();
  tell(LOST);
  tell({ type: 'forgotten' });
  tell(BACK);
  expect(lines()).toEqual(['grants no']);
  pass();
  expect(lines()).toEqual(['have freed']);
  pass();
  expect(lines()).toEqual(['again']);
});
