import { afterEach, expect, test } from 'bun:test';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type WorkerExit, WorkerPool } from '../../../src/cluster/worker-pool.ts';
import { until } from '../../e2e/gateway.ts';
import type { TestCalls } from './pool-worker.ts';

const folder = mkdtempSync(join(tmpdir(), 'llm-proxy-pool-'));
const failure = join(folder, 'fail');
let pool: WorkerPool<TestCalls> | undefined;
let deaths: WorkerExit[] = [];

afterEach(() => {
  pool?.stop();
  deaths = [];
  rmSync(failure, { force: true });
  rmSync(`${failure}.seen`, { force: true });
});

async function start(): Promise<WorkerPool<TestCalls>> {
  const started = new WorkerPool<TestCalls>({
    size: 2,
    findsPort: false,
    command: [process.execPath, join(import.meta.dir, 'pool-worker.ts'), failure],
    callsOf: () => ({}),
    onExit: (death) => void deaths.push(death),
    heartbeat: { intervalMs: 50, silenceMs: 2_000, startMs: 30_000 },
  });
  pool = started;
  await started.start();
  return started;
}

const pidOf = (pool: WorkerPool<TestCalls>, worker: number): Promise<number> =>
  pool.call(worker, 'pid', undefined);

test('a worker that was stopped is killed and replaced, and the others are asked without it', async () => {
  const pool = await start();
  const pid = await pidOf(pool, 2);
  process.kill(pid, 'SIGSTOP');
  const answers = await pool.callAll('pid', undefined, 300);
  expect(answers.map(({ worker }) => worker)).toEqual([1]);
  await until(() => (pool.responsive().includes(2) ? undefined : true));
  await until(() => deaths[0]);
  expect(deaths).toEqual([{ worker: 2, pid, how: 'no answer for 2 s' }]);
  await until(() => pool.responsive().includes(2) || undefined);
  expect(await pidOf(pool, 2)).not.toBe(pid);
}, 180_000);

test('a worker that spins is killed and replaced', async () => {
  const pool = await start();
  const pid = await pidOf(pool, 1);
  void pool.call(1, 'spin', undefined).catch(() => undefined);
  await until(() => deaths[0]);
  expect(deaths[0]).toMatchObject({ worker: 1, pid });
  await until(() => pool.responsive().includes(1) || undefined);
}, 180_000);

test('a worker that answers is left alone', async () => {
  const pool = await start();
  await Bun.sleep(3_000);
  expect(deaths).toEqual([]);
  expect(pool.responsive()).toEqual([1, 2]);
}, 180_000);

test('a worker that takes the place of another and ends before it listens is told of as well', async () => {
  const pool = await start();
  const pid = await pidOf(pool, 2);
  writeFileSync(failure, '');
  process.kill(pid, 'SIGKILL');
  await until(() => (deaths.length >= 2 && pool.responsive().includes(2)) || undefined);
  expect(existsSync(`${failure}.seen`)).toBe(true);
  expect(deaths.map(({ worker, how }) => [worker, how])).toEqual([
    [2, 'signal SIGKILL'],
    [2, 'exit code 3'],
  ]);
}, 180_000);
