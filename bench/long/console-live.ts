/**
 * Opens many pages of the console on a gateway with traffic, and measures the CPU that their live streams take.
 *
 *     bun bench/long/console-live.ts [--pages 100] [--rate 20] [--seconds 10] [--limit-percent 5]
 *
 * Measures without pages and with them in turns. Prints both and the difference in percent of a core, and exits with 1 if its
 * median is above the limit. Everything runs on the loopback address.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { ADMIN_KEY, type DatabaseGateway, startDatabaseGateway } from '../../test/e2e/db-program.ts';
import { cpuBetween, usageOf } from '../measure/process-tree.ts';

const { values } = parseArgs({
  options: {
    pages: { type: 'string', default: '100' },
    rate: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '10' },
    'limit-percent': { type: 'string', default: '5' },
  },
});
const pages = Number(values.pages);
const seconds = Number(values.seconds);
const ROUNDS = 3;
const PROVIDERS = 10;

const folder = mkdtempSync(join(tmpdir(), 'llm-proxy-console-live-'));
const simulator = await startSimulator({});
const gateway = await startDatabaseGateway({ dbUrl: `sqlite://${join(folder, 'rows.db')}`, folder });
try {
  process.exitCode = await measure(gateway);
} finally {
  gateway.program.kill();
  await gateway.program.exited;
  await simulator.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function measure({ admin, ask }: DatabaseGateway): Promise<number> {
  for (let at = 0; at < PROVIDERS; at++) {
    await admin('POST', '/providers', { id: `p${at}`, api_base: `${simulator.url}/v1`, free: true });
    await admin('POST', '/models', { id: `m${at}`, routes: [{ provider: `p${at}`, model: 'mock/ok' }] });
  }
  await admin('POST', '/master-keys', { id: 'k', key: 'sk-live-0123456789' });
  let count = 0;
  const traffic = setInterval(
    () => void ask('sk-live-0123456789', `m${count++ % PROVIDERS}`),
    1000 / Number(values.rate),
  );
  await Bun.sleep(3000);
  const differences: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const without = await percentOfCore();
    const close = await openPages();
    const withPages = await percentOfCore();
    close();
    differences.push(withPages - without);
    console.log(`without ${without.toFixed(1)} %, with ${pages} pages ${withPages.toFixed(1)} % of a core`);
  }
  clearInterval(traffic);
  const median = differences.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0;
  console.log(`the pages take ${median.toFixed(1)} % of a core`);
  return median <= Number(values['limit-percent']) ? 0 : 1;
}

async function percentOfCore(): Promise<number> {
  await Bun.sleep(1000);
  const before = usageOf(gateway.program.pid);
  await Bun.sleep(seconds * 1000);
  return (cpuBetween(before, usageOf(gateway.program.pid)) / seconds) * 100;
}

/** Opens the live stream of each page, and reads it as a page does. */
async function openPages(): Promise<() => void> {
  const abort = new AbortController();
  for (let page = 0; page < pages; page++) {
    const headers = { authorization: `Bearer ${ADMIN_KEY}` };
    const response = await fetch(`${gateway.url}/admin/v1/live`, { headers, signal: abort.signal });
    void response.body?.pipeTo(new WritableStream(), { signal: abort.signal }).catch(() => undefined);
  }
  return () => abort.abort();
}
