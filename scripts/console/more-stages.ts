import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sharePostgres } from '../../test/e2e/db-postgres.ts';
import { ADMIN_KEY, type DatabaseGateway, startDatabaseGateway } from '../../test/e2e/db-program.ts';
import { startProcess, type TestProcess } from '../../test/e2e/process.ts';
import { type Scene, type Stage, settled } from './draw-all.ts';
import { configureEveryday, KEYS, sendEveryday } from './everyday.ts';
import { drawOpened, drawReviews } from './opened.ts';
import { KEY_VIEWS, VIEWS } from './views.ts';

const drawFormsToo: NonNullable<Scene['also']> = async (page, draw) => {
  await drawOpened(page, draw);
  await drawReviews(page, draw);
};

/** A gateway whose configuration is a file, as its operator and as the holder of a key see it. */
export async function startFile(folder: string, base: string): Promise<Stage> {
  await mkdir(folder, { recursive: true });
  const config = `server: { host: 127.0.0.1, port: 0 }
master_keys:
${KEYS.map(({ name, secret }) => `  - { name: ${name}, key: ${secret} }`).join('\n')}
providers:
  - { name: openai, api_base: "${base}", api_key: sk-picture-key, price_provider: openai }
  - { name: azure-eu, api_base: "${base}", api_key: sk-picture-key, price_provider: openai }
models:
  gpt-5.5: { routes: [{ provider: openai, model: mock/ok?latency=180 }, { provider: azure-eu, model: mock/ok?latency=90 }] }
  claude-sonnet-5: { routes: [{ provider: openai, model: mock/529 }, { provider: azure-eu, model: mock/ok, priority: 2 }] }
  fast: { routes: [{ provider: azure-eu, model: mock/ok?latency=25 }] }
`;
  await writeFile(join(folder, 'config.yaml'), config);
  const program = startProcess([], { cwd: folder, env: { ADMIN_KEY } });
  const [, url = ''] = await program.printed(/listening on (http\S+)/);
  const traffic = sendEveryday(url);
  await Bun.sleep(15_000);
  return {
    scenes: [
      { name: 'file', url, key: ADMIN_KEY, views: VIEWS, also: drawFormsToo },
      { name: 'file-key', url, key: KEYS[0]?.secret ?? '', views: KEY_VIEWS },
    ],
    stop: async () => {
      await traffic.stop();
      await ended(program);
    },
  };
}

/** Three gateways on one database, as accounts of the lesser roles see them. */
export async function startFleet(folder: string, base: string): Promise<Stage> {
  const postgres = await sharePostgres();
  const dbUrl = await postgres.newDatabase();
  const start = (name: string): Promise<DatabaseGateway> =>
    startDatabaseGateway({ dbUrl, folder: join(folder, name) });
  const first = await start('a');
  const others = [await start('b'), await start('c')];
  await configureEveryday(first, base);
  const secrets = await Promise.all(
    ['viewer', 'operator'].map(async (role) =>
      String((await first.admin('POST', '/accounts', { name: `the-${role}`, role }))['secret']),
    ),
  );
  const loads = [first, ...others].map(({ url }) => sendEveryday(url));
  await Bun.sleep(15_000);
  const { url } = first;
  return {
    scenes: [
      { name: 'fleet', url, key: ADMIN_KEY, views: ['', 'usage', 'settings', 'settings?tab=gateways'] },
      ...['viewer', 'operator'].map((name, at) => ({
        name,
        url,
        key: secrets[at] ?? '',
        views: VIEWS,
        also: drawFormsToo,
      })),
    ],
    stop: async () => {
      for (const load of loads) await load.stop();
      for (const { program } of [first, ...others]) await ended(program);
      await postgres.stop();
    },
  };
}

/** Pages that lose their gateway, and a page whose session is over. */
export async function startBroken(folder: string, base: string): Promise<Stage> {
  const options = { dbUrl: `sqlite://${folder}.db`, folder };
  let gateway = await startDatabaseGateway(options);
  await configureEveryday(gateway, base);
  const { url } = gateway;
  const traffic = sendEveryday(url);
  const restart = async (): Promise<void> => {
    gateway = await startDatabaseGateway({ ...options, args: ['--port', new URL(url).port] });
  };
  const also: Scene['also'] = async (page, draw) => {
    await page.goto(`${url}/console`);
    await settled(page);
    await ended(gateway.program);
    await Bun.sleep(3_000);
    await draw('lost');
    await page.goto(`${url}/console`).catch(() => undefined);
    await restart();
    await page.goto(`${url}/console/models`);
    await settled(page);
    await ended(gateway.program);
    await page.keyboard.press('g');
    await page.keyboard.press('k');
    await Bun.sleep(10_000);
    await draw('lost-then-keys');
    await restart();
    // The page loads itself again.
    await page.locator('main h1').waitFor();
    await page.locator('.dot.is-good').waitFor({ state: 'attached' });
    await ended(gateway.program);
    await restart();
    await page.locator('.strip button').first().waitFor();
    await settled(page);
    await draw('restarted');
    await page.context().clearCookies();
    await page.goto(`${url}/console/requests?model=fast`);
    await page.locator('input').fill('sk-not-a-key-at-all');
    await page.keyboard.press('Enter');
    await Bun.sleep(2_000);
    await draw('wrong-key');
  };
  return {
    scenes: [{ name: 'broken', url, key: ADMIN_KEY, views: [], also }],
    stop: async () => {
      await traffic.stop();
      await ended(gateway.program);
    },
  };
}

async function ended(program: TestProcess): Promise<void> {
  program.kill();
  await program.exited;
}
