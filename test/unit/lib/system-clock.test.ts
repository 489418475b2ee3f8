import { describe, expect, test } from 'bun:test';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { systemClock } from '../../../src/lib/system-clock.ts';
import { armedTimers } from '../../acceptance/armed-timers.ts';

const NEVER = new AbortController().signal;
/** More milliseconds than a timer of the runtime can hold. Such a timer would fire at once. */
const TOO_LONG = 2 ** 31 + 5;

async function isPending(promise: Promise<unknown>, afterMs: number): Promise<boolean> {
  return (await Promise.race([promise, Bun.sleep(afterMs).then(() => 'pending')])) === 'pending';
}

test('milliseconds do not run backwards, and the date is that of the machine', () => {
  const before = systemClock.nowMs();
  expect(systemClock.nowMs()).toBeGreaterThanOrEqual(before);
  expect(Math.abs(systemClock.epochMs() - Date.now())).toBeLessThan(1_000);
});

describe('sleep', () => {
  test('lasts as long as it should', async () => {
    const before = systemClock.nowMs();
    await systemClock.sleep(40, NEVER);
    expect(systemClock.nowMs() - before).toBeGreaterThan(35);
  });

  test('ends when the signal aborts, and does not begin when it has', async () => {
    const controller = new AbortController();
    const sleep = systemClock.sleep(60_000, controller.signal);
    controller.abort();
    await sleep;
    await systemClock.sleep(60_000, controller.signal);
  });

  test('lets go of the signal when it is over', async () => {
    const { signal } = new AbortController();
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => ((listeners += 1), add(...args));
    signal.removeEventListener = (...args: Parameters<typeof remove>) => ((listeners -= 1), remove(...args));
    await systemClock.sleep(1, signal);
    expect(listeners).toBe(0);
  });

  test('is not cut short where it is longer than a timer holds', async () => {
    const controller = new AbortController();
    expect(await isPending(systemClock.sleep(TOO_LONG, controller.signal), 80)).toBe(true);
    controller.abort();
  });
});

describe('setTimer', () => {
  test('rings once, and not when it was called off', async () => {
    let rings = 0;
    systemClock.setTimer(5, () => (rings += 10))();
    await new Promise<void>((resolve) => {
      systemClock.setTimer(5, () => {
        rings += 1;
        systemClock.setTimer(5, resolve);
      });
    });
    expect(rings).toBe(1);
  });

  test('shares the timers of the runtime, also where every delay is another fraction', () => {
    const before = armedTimers();
    const stops = Array.from({ length: 1_000 }, (_, index) =>
      systemClock.setTimer(30_000 - index / 999.5, () => undefined),
    );
    expect(armedTimers() - before).toBeLessThan(10);
    for (const stop of stops) stop();
  });

  test('a fraction rings after its delay, unless it was called off shortly before', async () => {
    const setAtMs = performance.now();
    let rings = 0;
    const stop = systemClock.setTimer(63.9, () => (rings += 1));
    systemClock.setTimer(62, stop);
    await new Promise<void>((resolve) => void systemClock.setTimer(65.5, resolve));
    expect(performance.now() - setAtMs).toBeGreaterThan(64.5);
    expect(rings).toBe(0);
  });

  test.each([
    [20, 1],
    [20, 2],
    [20.5, 1],
    [10.5, 2],
  ])('hears first what came while the process was busy (%p ms, %p stalls)', async (ms, stalls) => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const client = connect(port, '127.0.0.1');
    const [[peer]] = (await Promise.all([once(server, 'connection'), once(client, 'connect')])) as [
      [Socket],
      unknown,
    ];
    const first = await new Promise<string>((resolve) => {
      const stop = systemClock.setTimer(ms, () => resolve('the timer'));
      client.once('data', () => {
        stop();
        resolve('the answer');
      });
      const stall = (left: number): void => {
        if (left === 1) peer.write('x');
        else {
          peer.once('data', () => stall(left - 1));
          client.write('y');
        }
        Bun.sleepSync(60);
      };
      stall(stalls);
    });
    client.destroy();
    peer.destroy();
    server.close();
    expect(first).toBe('the answer');
  });

  test.each([20, 20.5])('rings also in a process that is always busy (%p ms)', async (ms) => {
    const state = { rings: 0 };
    systemClock.setTimer(ms, () => (state.rings += 1));
    for (let turn = 0; turn < 1_000 && state.rings === 0; turn++) {
      Bun.sleepSync(10);
      await new Promise((resolve) => void setImmediate(resolve));
    }
    expect(state.rings).toBe(1);
  });

  test('does not ring at once where it is set for longer than a timer holds', async () => {
    let rings = 0;
    const stop = systemClock.setTimer(TOO_LONG, () => (rings += 1));
    await Bun.sleep(60);
    stop();
    expect(rings).toBe(0);
  });
});
