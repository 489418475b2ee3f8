import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { startSimulator } from '../src/simulator/simulator.ts';
import { launchBrowser } from '../test/e2e/browser.ts';
import { PAGES, visit } from '../test/e2e/console-browser.ts';
import { chat } from '../test/e2e/gateway.ts';
import { ADMIN_KEY, type DatabaseGateway, startDatabaseGateway } from '../test/e2e/db-program.ts';

/**
 * Draws the pictures of docs/console.md from a real gateway with traffic. With `--all FOLDER`, it draws every page at 1440
 * and 390 pixels in both themes, and in Chinese, instead, for people to look at.
 */
async function main(args: readonly string[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-pictures-'));
  const simulator = await startSimulator({ tokensPerSecond: 120 });
  const gateway = await startDatabaseGateway({ dbUrl: `sqlite://${join(folder, 'proxy.db')}`, folder });
  const browser = await launchBrowser();
  let isOn = true;
  try {
    await configure(gateway, `${simulator.url}/v1`);
    const traffic = send(gateway, () => isOn);
    await Bun.sleep(20_000);
    if (args[0] === '--all') await drawAll(browser, gateway.url, args[1] ?? folder);
    else await drawForDocs(browser, gateway.url);
    isOn = false;
    await traffic;
  } finally {
    await browser.close();
    gateway.program.kill();
    await gateway.program.exited;
    await simulator.stop();
    await rm(folder, { recursive: true });
  }
}

const KEYS = ['search-prod', 'support-bot', 'alice'].map((name) => ({
  name,
  secret: `sk-${name}-0123456789`,
}));

async function configure({ admin }: DatabaseGateway, base: string): Promise<void> {
  for (const id of ['openai', 'anthropic', 'azure-eu', 'vllm-local'])
    await admin('POST', '/providers', {
      id,
      api_base: base,
      price_provider: 'openai',
      api_key: 'sk-picture-key',
    });
  const slow = 'mock/ok?latency=180';
  await admin('POST', '/models', {
    id: 'gpt-5.5',
    routes: [
      { provider: 'openai', model: slow, weight: 3 },
      { provider: 'azure-eu', model: slow },
    ],
  });
  await admin('POST', '/models', {
    id: 'claude-sonnet-5',
    routes: [
      { provider: 'anthropic', model: 'mock/529?latency=90' },
      { provider: 'azure-eu', model: slow, priority: 2 },
    ],
    fallbacks: ['gpt-5.5'],
  });
  await admin('POST', '/models', {
    id: 'fast',
    routes: [{ provider: 'vllm-local', model: 'mock/ok?latency=25' }],
  });
  await admin('PUT', '/settings/fallback', { value: { cooldown_seconds: 8 } });
  await admin('PUT', '/settings/prices', { value: { models: { '*/mock/*': { input: 1.25, output: 10 } } } });
  for (const { name, secret } of KEYS) await admin('POST', '/master-keys', { id: name, key: secret });
}

async function send(gateway: DatabaseGateway, goesOn: () => boolean): Promise<void> {
  const models = ['gpt-5.5', 'gpt-5.5', 'claude-sonnet-5', 'fast', 'fast', 'fast'];
  const running = new Set<Promise<unknown>>();
  for (let count = 0; goesOn(); count++) {
    const key = KEYS[count % KEYS.length]?.secret ?? '';
    const asked = ask(
      gateway.url,
      key,
      chat(models[(count * 7) % models.length] ?? '', { stream: count % 3 > 0 }),
    );
    running.add(asked);
    void asked.finally(() => running.delete(asked));
    await Bun.sleep(60 + ((count * 37) % 110));
  }
  await Promise.all(running);
}

async function ask(url: string, key: string, body: object): Promise<void> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify(body),
  });
  await response.text();
}

async function drawForDocs(browser: Browser, url: string): Promise<void> {
  const images = join(import.meta.dir, '..', 'docs', 'images');
  const page = await opened(browser, url, { width: 1440, height: 900, colorScheme: 'light' });
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
}

async function drawAll(browser: Browser, url: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await installChineseFont();
  for (const [locale, colorScheme] of [
    ['en', 'light'],
    ['en', 'dark'],
    ['zh-CN', 'light'],
  ] as const) {
    for (const [width, height] of [
      [1440, 900],
      [390, 844],
    ] as const) {
      const page = await opened(browser, url, { width, height, colorScheme, locale });
      for (const path of Object.keys(PAGES)) {
        await page.goto(`${url}/console/${path}`);
        await page.getByRole('heading', { level: 1 }).waitFor();
        await page.locator('.skeleton').first().waitFor({ state: 'detached' });
        await Bun.sleep(1500);
        const name = `${path === '' ? 'overview' : path}-${width}-${colorScheme}-${locale}.png`;
        await page.screenshot({ path: join(folder, name), fullPage: width === 390 });
      }
      await page.context().close();
    }
  }
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

interface Look {
  readonly width: number;
  readonly height: number;
  readonly colorScheme: 'light' | 'dark';
  readonly locale?: string;
}

async function opened(browser: Browser, url: string, { width, height, ...look }: Look): Promise<Page> {
  const context = await browser.newContext({ viewport: { width, height }, locale: 'en', ...look });
  const page = await context.newPage();
  await page.goto(`${url}/console`);
  await page.locator('input').fill(ADMIN_KEY);
  await page.keyboard.press('Enter');
  await page.locator('nav.side').waitFor({ state: 'attached' });
  return page;
}

await main(process.argv.slice(2));
