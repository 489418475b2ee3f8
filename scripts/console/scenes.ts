import { mkdir } from 'node:fs/promises';
import { fillDatabase } from '../../bench/long/console-rows.ts';
import { ADMIN_KEY, startDatabaseGateway } from '../../test/e2e/db-program.ts';
import { startProcess } from '../../test/e2e/process.ts';
import { configureCrowded, CROWDED_KEYS, CROWDED_MODELS } from './crowded.ts';
import type { Stage } from './draw-all.ts';
import { configureEveryday, KEYS, sendEveryday, sendSteadily } from './everyday.ts';
import { startBroken, startFile, startFleet } from './more-stages.ts';
import { drawOpened } from './opened.ts';
import { KEY_VIEWS, VIEWS } from './views.ts';

/** The gateways that are drawn, by name. Each takes a folder of its own and the address of the simulator. */
export const STAGES: Readonly<Record<string, (folder: string, base: string) => Promise<Stage>>> = {
  demo: startDemo,
  everyday: startEveryday,
  crowded: startCrowded,
  empty: startEmpty,
  file: startFile,
  fleet: startFleet,
  broken: startBroken,
};

async function startDemo(folder: string): Promise<Stage> {
  await mkdir(folder, { recursive: true });
  const program = startProcess(['--port', '0'], { cwd: folder });
  const [, url = ''] = await program.printed(/console +(http:\/\/[\d.:]+)\/console/);
  await fetch(`${url}/admin/v1/session`);
  await Bun.sleep(15_000);
  return {
    scenes: [{ name: 'demo', url, views: VIEWS, also: drawOpened }],
    stop: async () => {
      program.kill();
      await program.exited;
    },
  };
}

async function startEveryday(folder: string, base: string): Promise<Stage> {
  const gateway = await startDatabaseGateway({ dbUrl: `sqlite://${folder}.db`, folder });
  await configureEveryday(gateway, base);
  const traffic = sendEveryday(gateway.url);
  await Bun.sleep(15_000);
  const { url, program } = gateway;
  return {
    scenes: [
      { name: 'everyday', url, key: ADMIN_KEY, views: VIEWS, also: drawOpened },
      { name: 'login', url, views: [''] },
      { name: 'key', url, key: KEYS[0]?.secret ?? '', views: KEY_VIEWS },
    ],
    stop: async () => {
      await traffic.stop();
      program.kill();
      await program.exited;
    },
  };
}

async function startCrowded(folder: string, base: string): Promise<Stage> {
  const dbUrl = `sqlite://${folder}.db`;
  await fillDatabase(dbUrl, 100_000, () => undefined);
  const gateway = await startDatabaseGateway({ dbUrl, folder });
  await configureCrowded(gateway, base);
  const traffic = sendSteadily(gateway.url, CROWDED_KEYS, CROWDED_MODELS);
  await Bun.sleep(15_000);
  const { url, program } = gateway;
  return {
    scenes: [
      { name: 'crowded', url, key: ADMIN_KEY, views: VIEWS, also: drawOpened },
      { name: 'crowded-key', url, key: CROWDED_KEYS[0] ?? '', views: KEY_VIEWS },
    ],
    stop: async () => {
      await traffic.stop();
      program.kill();
      await program.exited;
    },
  };
}

async function startEmpty(folder: string): Promise<Stage> {
  const { url, program } = await startDatabaseGateway({ dbUrl: `sqlite://${folder}.db`, folder });
  return {
    scenes: [{ name: 'empty', url, key: ADMIN_KEY, views: VIEWS }],
    stop: async () => {
      program.kill();
      await program.exited;
    },
  };
}
