import { afterEach, beforeEach, expect, test } from 'bun:test';
import { join } from 'node:path';
import { openLedgers, sizeOfLedgers } from '../../../src/app/shared-ledgers.ts';
import { hashSecret } from '../../../src/cluster/hash-secret.ts';
import {
  createSharedMemory,
  mapSharedMemory,
  type SharedMemory,
} from '../../../src/cluster/shared-memory.ts';
import { until } from '../../e2e/gateway.ts';
import { attempt, failed, model, route } from '../routing/world.ts';

const WORKERS = 3;
const POLICY = { cooldownMs: 10_000, onClientErrors: false };

let memory: SharedMemory;

beforeEach(() => {
  memory = createSharedMemory(sizeOfLedgers({ workers: WORKERS, counters: 2 ** 17 }));
});

afterEach(() => memory.close());

/** The ledgers as the process with this number sees them. 0 is the one above. */
function ledgersOf(me: number) {
  return openLedgers(mapSharedMemory(memory.path), {
    workers: WORKERS,
    counters: 2 ** 17,
    me,
    seeder: () => true,
  });
}

/** Starts a process that shares the memory; see `sharing-process.ts`. */
function start(me: number, what: string) {
  const script = join(import.meta.dir, 'sharing-process.ts');
  const child = Bun.spawn([process.execPath, script, memory.path, String(WORKERS), String(me), what], {
    stdin: 'pipe',
    stdout: 'pipe',
  });
  let text = '';
  const reading = (async () => {
    for await (const chunk of child.stdout) text += new TextDecoder().decode(chunk);
  })();
  const lines = (): unknown[] =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as unknown);
  return {
    child,
    said: (word: unknown) => until(() => lines().includes(word) || undefined),
    begin: () => void child.stdin.write('go\n'),
    result: async () => {
      await reading;
      return lines().at(-1);
    },
  };
}

async function together(what: string): Promise<unknown[]> {
  const processes = [1, 2, 3].map((me) => start(me, what));
  await Promise.all(processes.map(({ said }) => said('ready')));
  for (const { begin } of processes) begin();
  return Promise.all(processes.map(({ result }) => result()));
}

test('several processes take exactly what one bucket holds', async () => {
  const admitted = (await together('take')) as number[];
  expect(admitted.reduce((sum, count) => sum + count, 0)).toBe(500_000);
});

test('several processes take turns: none is skipped, none is taken twice', async () => {
  const sums = (await together('turns')) as number[];
  // 0 + 1 + 2 + … for all turns of three processes.
  expect(sums.reduce((total, sum) => total + sum, 0)).toBe((1_500_000 * 1_499_999) / 2);
  expect(ledgersOf(1).turns.next('model')).toBe(1_500_000);
});

test('requests in flight are those of all processes, and go with the process that dies', async () => {
  const [one, above] = [ledgersOf(1), ledgersOf(0)];
  one.traffic.begin('a/m');
  const other = start(2, 'begin');
  await other.said('ready');
  other.begin();
  expect(await other.result()).toBe(4);
  expect(one.traffic.inFlight('a/m')).toBe(4);
  above.reclaim(2);
  expect(one.traffic.inFlight('a/m')).toBe(1);
  expect(above.traffic.inFlight('a/m')).toBe(1);
});

test('a route that failed in one process cools in all, and has one probe among them', () => {
  const [one, two] = [ledgersOf(1), ledgersOf(2)];
  const owner = model('main', [route('a'), route('b')]);
  const id = route('a').id;
  expect(one.cooldowns.note(attempt(route('a'), failed(500)), owner, POLICY, 1_000)).toBe(10_000);
  expect(two.cooldowns.availability(id, 2_000)).toEqual({ kind: 'cooling', untilMs: 11_000 });
  expect(two.cooldowns.take(id, 12_000)).toBe(true);
  expect(one.cooldowns.take(id, 12_000)).toBe(false);
  expect(one.cooldowns.availability(id, 12_000).kind).toBe('probing');
});

test('a probe that dies with its process is not waited for', () => {
  const [one, two, above] = [ledgersOf(1), ledgersOf(2), ledgersOf(0)];
  const owner = model('main', [route('a'), route('b')]);
  one.cooldowns.note(attempt(route('a'), failed(500)), owner, POLICY, 1_000);
  expect(two.cooldowns.take(route('a').id, 12_000)).toBe(true);
  above.reclaim(2);
  expect(one.cooldowns.take(route('a').id, 12_000)).toBe(true);
});

test('latencies are measured together', () => {
  const [one, two] = [ledgersOf(1), ledgersOf(2)];
  one.traffic.measured('a/m', 100, 1_000);
  two.traffic.measured('a/m', 600, 1_000);
  expect(one.traffic.latencyMs('a/m', 1_000)).toBe(200);
});

test('a process that is killed with a lock in its hand holds up nobody once it is buried', async () => {
  const dying = start(1, 'die-in-it');
  await dying.said('ready');
  dying.begin();
  await dying.said('in it');
  dying.child.kill('SIGKILL');
  await dying.child.exited;
  // In a separate process, because waiting for a lock blocks the process and no time limit would end it.
  const next = start(2, 'reclaim-1-and-take');
  await next.said('ready');
  next.begin();
  const killer = setTimeout(() => next.child.kill('SIGKILL'), 60_000);
  expect(await next.result()).toBe(true);
  clearTimeout(killer);
});

test('a process that is stopped with a lock in its hand holds up nobody', async () => {
  const stopped = start(1, 'die-in-it');
  await stopped.said('ready');
  stopped.begin();
  await stopped.said('in it');
  stopped.child.kill('SIGSTOP');
  const next = start(2, 'take-one');
  await next.said('ready');
  next.begin();
  const killer = setTimeout(() => next.child.kill('SIGKILL'), 60_000);
  expect(await next.result()).toBe(true);
  clearTimeout(killer);
  stopped.child.kill('SIGKILL');
  await stopped.child.exited;
});

test('a process that is slow with a lock in its hand is waited for: one bucket admits no request too many', async () => {
  const slow = start(1, 'be-slow-in-it');
  await slow.said('ready');
  slow.begin();
  await slow.said('in it');
  const next = start(2, 'take-one');
  await next.said('ready');
  next.begin();
  expect(await Promise.all([slow.result(), next.result()])).toEqual([true, false]);
});

test('the processes that share a memory share the secret of its hashes, and no other memory has it', () => {
  expect(hashSecret(mapSharedMemory(memory.path))).toEqual(hashSecret(memory.bytes));
  const other = createSharedMemory(sizeOfLedgers({ workers: WORKERS, counters: 2 ** 17 }));
  expect(hashSecret(other.bytes)).not.toEqual(hashSecret(memory.bytes));
  other.close();
});

test('the memory has no name, so that nothing is left of it whatever becomes of the processes', () => {
  expect(memory.path).toMatch(/^\/proc\/\d+\/fd\/\d+$/);
  new Int32Array(memory.bytes)[0] = 5;
  expect(new Int32Array(mapSharedMemory(memory.path))[0]).toBe(5);
});
