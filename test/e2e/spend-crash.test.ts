import { expect, test } from 'bun:test';
import { until } from './gateway.ts';
import { COST, ledgerSums, spendFolder, startProvider, workersOf } from './spend-process.ts';

const KILLS = Number(process.env['SPEND_KILLS'] ?? 8);

/** Kills a process of its own, if it is still there. */
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

test(
  'requests of processes that are killed are charged once, and none that has ended is lost',
  async () => {
    const provider = startProvider(() => 5 + Math.random() * 60);
    const gateway = spendFolder({ provider: provider.url, limits: '[{cost: 500, per: month}]', workers: 2 });
    let program = await gateway.start();
    const load = { isOver: false };
    let sent = 0;
    const client = async (): Promise<void> => {
      while (!load.isOver) {
        sent += 1;
        await gateway.ask().catch(() => Bun.sleep(10));
      }
    };
    const clients = Array.from({ length: 12 }, client);
    for (let round = 0; round < KILLS; round++) {
      await Bun.sleep(300 + Math.random() * 500);
      const workers = await workersOf(program);
      if (round % 3 === 0) {
        workers.slice(0, 1).forEach(kill);
        continue;
      }
      kill(program.pid);
      if (round % 3 === 1) workers.forEach(kill);
      await program.exited;
      // Workers that lost their supervisor answer what they have begun, and end.
      program = await startAgain(gateway.start);
    }
    await Bun.sleep(500);
    load.isOver = true;
    await Promise.all(clients);
    const held = async (): Promise<number> => (await gateway.limits())[0]?.held ?? -1;
    while ((await held()) !== 0) await Bun.sleep(100);
    await until(() => ledgerSums(gateway.path).rows >= provider.asked() || undefined);
    program.kill();
    await program.exited;
    const sums = ledgerSums(gateway.path);
    // Each request that a provider saw has exactly one row; one that was killed before may have one.
    expect(sums.ids).toBe(sums.rows);
    expect(sums.rows).toBeGreaterThanOrEqual(provider.asked());
    expect(sums.rows).toBeLessThanOrEqual(sent);
    expect(sums.complete).toBeLessThanOrEqual(provider.answered());
    expect(sums.requests).toBe(sums.rows);
    expect(sums.quarterCost).toBe(sums.rowCost);
    expect(sums.used).toBe(sums.rowCost);
    expect(sums.used).toBeGreaterThanOrEqual(sums.complete * COST);
    provider.stop();
    if (process.env['SPEND_KILLS'] !== undefined)
      console.log(sent, provider.asked(), provider.answered(), sums);
  },
  60_000 * (KILLS + 1),
);

async function startAgain<T>(start: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await start();
    } catch (error) {
      // The port is free when the last worker has ended.
      if (tries === 100) throw error;
      await Bun.sleep(100);
    }
  }
}
