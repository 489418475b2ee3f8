import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Browser } from 'playwright-core';
import { startSimulator } from '../src/simulator/simulator.ts';
import { launchBrowser } from '../test/e2e/browser.ts';
import { PAGES, signIn, visit } from '../test/e2e/console-browser.ts';
import { ADMIN_KEY, startDatabaseGateway } from '../test/e2e/db-program.ts';
import { configureEveryday, sendEveryday } from './console/everyday.ts';
import { drawAll, type DrawOptions, type Stage } from './console/draw-all.ts';
import { STAGES } from './console/scenes.ts';

/**
 * Draws the pictures of docs/console.md from a real gateway with traffic.
 *
 *     bun scripts/console-pictures.ts [--all FOLDER [--stage demo,everyday,crowded,empty,file,fleet,broken] [--only requests,1440-dark-en] [--axe]]
 *
 * With `--all`, it draws every view of several gateways instead, for people to look at: at 1440 and 390 pixels, in both themes and both
 * languages. `--only` picks pictures by parts of their names, such as `1440-dark-en`. All of them take an hour. `--axe` prints the faults of accessibility of each.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      all: { type: 'string' },
      stage: { type: 'string', default: Object.keys(STAGES).join(',') },
      only: { type: 'string', default: '' },
      axe: { type: 'boolean', default: false },
    },
  });
  const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-pictures-'));
  // A browser that runs already does not find a font that is installed later.
  if (values.all !== undefined) await installChineseFont();
  const simulator = await startSimulator({ tokensPerSecond: 120 });
  const browser = await launchBrowser();
  const base = `${simulator.url}/v1`;
  try {
    if (values.all === undefined) await drawForDocs(browser, folder, base);
    else {
      for (const name of values.stage.split(','))
        await drawStage(browser, await STAGES[name]?.(join(folder, name), base), {
          folder: values.all,
          only: values.only.split(','),
          hasAxe: values.axe,
        });
    }
  } finally {
    await browser.close();
    await simulator.stop();
    await rm(folder, { recursive: true });
  }
}

async function drawStage(browser: Browser, stage: Stage | undefined, options: DrawOptions): Promise<void> {
  try {
    for (const scene of stage?.scenes ?? []) await drawAll(browser, scene, options);
  } finally {
    await stage?.stop();
  }
}

async function drawForDocs(browser: Browser, folder: string, base: string): Promise<void> {
  const gateway = await startDatabaseGateway({ dbUrl: `sqlite://${join(folder, 'proxy.db')}`, folder });
  await configureEveryday(gateway, base);
  const { url } = gateway;
  const traffic = sendEveryday(url);
  await Bun.sleep(20_000);
  const images = join(import.meta.dir, '..', 'docs', 'images');
  const page = await browser.newPage({
    viewport: { width: 1440, height: 900 },
    colorScheme: 'light',
    locale: 'en',
  });
  await signIn(page, url, ADMIN_KEY);
  const draw = (name: string): Promise<unknown> =>
    page.screenshot({ path: join(images, `console-${name}.png`) });
  await visit(page, url, '', PAGES['']);
  await Bun.sleep(30_000);
  await draw('overview');
  await visit(page, url, 'models', PAGES.models);
  await draw('models');
  await visit(page, url, 'requests?tail=off&model=claude-sonnet-5&has_fallback=true', PAGES.requests);
  await page.locator('tbody tr').first().click();
  await page.getByRole('dialog').getByText('Attempts').waitFor();
  await Bun.sleep(600);
  await draw('request');
  await traffic.stop();
  gateway.program.kill();
  await gateway.program.exited;
}

/** Without a font that has them, Chinese characters are drawn as boxes. */
async function installChineseFont(): Promise<void> {
  const isRoot = process.getuid?.() === 0;
  const list = Bun.which('fc-list');
  if (list !== null && Bun.spawnSync([list, ':lang=zh']).stdout.length > 0) return;
  if (!isRoot || Bun.which('apt-get') === null) return console.warn('There is no font for Chinese.');
  const installing = Bun.spawn(['apt-get', 'install', '-y', '--no-install-recommends', 'fonts-noto-cjk'], {
    stdout: 'ignore',
    stderr: 'ignore',
  });
  if ((await installing.exited) !== 0) console.warn('The font for Chinese could not be installed.');
}

await main();
