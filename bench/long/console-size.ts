/**
 * Opens the pages of the console over ten thousand keys and two hundred models in SQLite, scrolls and searches.
 *
 *     bun bench/long/console-size.ts [--keys 10000] [--models 200] [--limit-ms 2000]
 *
 * Needs Chromium and the built console. Prints how long each page and each search takes, and the longest frame while the page scrolls.
 * Exits with 1 if a page or a search takes longer than the limit. Everything runs on the loopback address.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { launchBrowser, openPage } from '../../test/e2e/browser.ts';
import { PAGES, signIn } from '../../test/e2e/console-browser.ts';
import { ADMIN_KEY, startDatabaseGateway } from '../../test/e2e/db-program.ts';

const { values } = parseArgs({
  options: {
    keys: { type: 'string', default: '10000' },
    models: { type: 'string', default: '200' },
    'limit-ms': { type: 'string', default: '2000' },
  },
});

/** Scrolls through whatever scrolls, and returns the longest time between two frames. */
const SCROLLED = `(async () => {
  const scrolled = document.querySelector('.table-wrap') ?? document.scrollingElement;
  let longest = 0;
  let before = performance.now();
  for (let step = 0; step < 40; step++) {
    scrolled.scrollTop += 600;
    await new Promise(requestAnimationFrame);
    longest = Math.max(longest, performance.now() - before);
    before = performance.now();
  }
  return longest;
})()`;

const folder = mkdtempSync(join(tmpdir(), 'llm-proxy-console-size-'));
const gateway = await startDatabaseGateway({ dbUrl: `sqlite://${join(folder, 'proxy.db')}`, folder });
const browser = await launchBrowser();
try {
  await gateway.admin('POST', '/config/import', { yaml: manyKeysAndModels() });
  const { page } = await openPage(browser, gateway.url);
  await signIn(page, gateway.url, ADMIN_KEY);
  const times: number[] = [];
  for (const [path, title] of Object.entries(PAGES)) {
    const ms = await timeOf(async () => {
      await page.goto(`${gateway.url}/console/${path}`);
      await page.getByRole('heading', { name: title, level: 1 }).waitFor();
      await page.locator('.skeleton').first().waitFor({ state: 'detached' });
    });
    times.push(ms);
    const frameMs = await page.evaluate<number>(SCROLLED);
    console.log(`/${path}: ${Math.round(ms)} ms, longest frame ${Math.round(frameMs)} ms`);
  }
  const lastKey = `key-${Number(values.keys) - 1}`;
  const lastModel = `model-${Number(values.models) - 1}`;
  for (const search of [
    { path: 'keys', label: 'Key, team, user', text: lastKey, found: '1 key' },
    { path: 'models', label: 'Model, provider', text: lastModel, found: '1 model' },
  ])
    times.push(await searchMs(page, search));
  process.exitCode = Math.max(...times) <= Number(values['limit-ms']) ? 0 : 1;
} finally {
  await browser.close();
  gateway.program.kill();
  await gateway.program.exited;
  rmSync(folder, { recursive: true, force: true });
}

function manyKeysAndModels(): string {
  const list = (count: string, line: (at: number) => string): string[] =>
    Array.from({ length: Number(count) }, (_, at) => line(at));
  return [
    'providers: [{ name: near, api_base: "http://127.0.0.1:9/v1", free: true }]',
    'models:',
    ...list(values.models, (at) => `  model-${at}: { routes: [{ provider: near, model: m }] }`),
    'master_keys:',
    ...list(values.keys, (at) => `  - { name: key-${at}, key: sk-many-${at}-0123456789 }`),
  ].join('\n');
}

interface Search {
  readonly path: string;
  readonly label: string;
  readonly text: string;
  /** Appears once there is one result. */
  readonly found: string;
}

/** Opens a page, and searches before everything is loaded. */
async function searchMs(page: Page, { path, label, text, found }: Search): Promise<number> {
  await page.goto(`${gateway.url}/console/${path}`);
  await page.getByPlaceholder(label).waitFor();
  const ms = await timeOf(async () => {
    await page.getByPlaceholder(label).fill(text);
    await page.getByText(found, { exact: true }).waitFor();
  });
  console.log(`/${path}, search for ${text}: ${Math.round(ms)} ms`);
  return ms;
}

async function timeOf(act: () => Promise<void>): Promise<number> {
  const startedAtMs = performance.now();
  await act();
  return performance.now() - startedAtMs;
}
