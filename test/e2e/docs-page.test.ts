import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { chromiumProgram, launchBrowser, openPage, type WatchedPage } from './browser.ts';
import { ADMIN_KEY, type DatabaseGateway, startDatabaseGateway } from './db-program.ts';
import { startGateway, type TestGateway } from './gateway.ts';

const KEY = 'sk-demo-key';

let browser: Browser;
let simulator: Simulator;
let watched: WatchedPage;
let page: Page;

/** Opens the page in a fresh browser profile. */
async function open(url: string, options: Parameters<typeof openPage>[2] = {}): Promise<void> {
  watched = await openPage(browser, url, options);
  ({ page } = watched);
  await page.goto(`${url}/docs`);
  await page.getByRole('heading', { name: 'llm-proxy', level: 1 }).waitFor();
}

async function enterKey(label: string, key: string): Promise<void> {
  await page.locator('#keys').click();
  await page.getByLabel(label, { exact: true }).fill(key);
  await page.getByRole('button', { name: 'Done' }).click();
}

async function choose(operation: string): Promise<void> {
  await page.getByRole('navigation').getByRole('link', { name: operation }).click();
  await page.getByRole('heading', { name: operation, level: 1 }).waitFor();
}

/** Sends the form, and returns the answer's status line. */
async function send(): Promise<string> {
  await page.getByRole('button', { name: 'Send' }).click();
  const state = page.locator('.answer-state', { hasText: /after|stopped|reached/ }).filter({
    hasNot: page.locator('.spinner'),
  });
  return (await state.textContent()) ?? '';
}

const hasSidewaysScroll = (): Promise<boolean> =>
  page.evaluate('document.documentElement.scrollWidth > innerWidth');

describe.skipIf(chromiumProgram === null)('the page in a browser', () => {
  beforeAll(async () => {
    [browser, simulator] = await Promise.all([launchBrowser(), startSimulator({ tokensPerSecond: 200 })]);
  }, 180_000);
  afterAll(async () => {
    await browser.close();
    await simulator.stop();
  });
  // After every test, the browser has no complaints and no other host was contacted.
  afterEach(async () => {
    await page.context().close();
    expect(watched.complaints).toEqual([]);
  });

  describe('of a gateway with a file', () => {
    let gateway: TestGateway;
    beforeAll(() => {
      gateway = startGateway(`
master_keys: [{ name: demo, key: ${KEY} }]
providers:
  - { name: simulator-a, api_base: "${simulator.url}/v1" }
  - { name: simulator-b, api_base: "${simulator.url}/v1" }
models:
  demo: { routes: [{ provider: simulator-a, model: mock/ok }] }
  falls: { routes: [{ provider: simulator-a, model: mock/500 }, { provider: simulator-b, model: mock/ok, priority: 2 }] }
  breaks: { routes: [{ provider: simulator-a, model: "mock/cut-rst?after=3" }] }
  slow: { routes: [{ provider: simulator-a, model: "mock/drip?bytes=4000&ms=100" }] }`);
    });
    afterAll(() => gateway.stop());
    beforeEach(() => open(gateway.url));

    test('shows the address, the headers and the refusals', async () => {
      const text = (await page.getByRole('main').textContent()) ?? '';
      for (const part of [`${gateway.url}/v1`, 'x-llm-proxy-trail', 'rate_limit_exceeded'])
        expect(text).toContain(part);
      expect(await page.getByRole('link', { name: 'Create a provider' }).count()).toBe(0);
    });

    test('finds an operation', async () => {
      await page.getByRole('searchbox').fill('chat post');
      expect(await page.locator('nav li[data-words]:visible').allTextContents()).toEqual([
        'POSTChat completion',
      ]);
      await page.getByRole('searchbox').fill('');
      expect(await page.locator('nav li[data-words]:visible').count()).toBeGreaterThan(25);
    });

    test('sends a request and shows the whole answer', async () => {
      await enterKey('API key', KEY);
      await choose('Chat completion');
      expect(await send()).toStartWith('200complete');
      const answer = page.getByRole('region', { name: 'Answer', exact: true });
      const body = (await answer.getByRole('region', { name: 'Body of the answer' }).textContent()) ?? '';
      expect(JSON.parse(body)).toMatchObject({ object: 'chat.completion' });
      expect(await answer.locator('.facts').textContent()).toContain('simulator-a · demo');
      await answer.getByRole('tab', { name: 'Headers' }).click();
      expect(await answer.textContent()).toContain('x-llm-proxy-request-id');
    });

    test('shows a stream while it comes, and calls it off when told to or left', async () => {
      await enterKey('API key', KEY);
      await choose('Chat completion');
      await page.getByLabel('Model').fill('slow');
      const before = gateway.events.filter(({ type }) => type === 'request-ended').length;
      await page.getByLabel('Stream').check();
      expect(JSON.parse(await page.getByLabel('Body').inputValue())).toMatchObject({
        model: 'slow',
        stream: true,
      });
      await page.getByRole('button', { name: 'Send' }).click();
      await page.getByRole('tab', { name: /Events [1-9]/ }).waitFor();
      await page.getByRole('button', { name: 'Stop' }).click();
      await page.locator('.answer-state', { hasText: 'stopped' }).waitFor();
      expect((await gateway.ended(before + 1)).ending).toBe('client-left');
      await page.getByRole('button', { name: 'Send' }).click();
      await page.getByRole('tab', { name: /Events [1-9]/ }).waitFor();
      await choose('Embeddings');
      expect((await gateway.ended(before + 2)).ending).toBe('client-left');
    });

    test('adds up the text of a stream, and says when it broke off', async () => {
      await enterKey('API key', KEY);
      await choose('Chat completion');
      await page.getByLabel('Example').selectOption('Streamed');
      expect(await send()).toMatch(/^200complete after .*, \d+ events$/);
      expect((await page.getByRole('tabpanel', { name: 'Text' }).textContent())?.length).toBeGreaterThan(20);
      await page.getByLabel('Model').fill('breaks');
      expect(await send()).toMatch(/^200broke off after/);
      expect(await page.locator('.answer-text').textContent()).toContain('broke off');
      // The browser must report the reset that ends a broken stream.
      watched.expected(/failed: .*completions|ERR_/);
    });

    test('says what is missing when there is no key', async () => {
      await choose('Chat completion');
      expect(await send()).toStartWith('401complete');
      expect(await page.getByRole('main').textContent()).toContain('No API key was given');
      // A browser reports every error status.
      expect(watched.expected(/401/)).toBe(1);
    });

    test('holds a conversation, and tells of the provider that failed', async () => {
      await enterKey('API key', KEY);
      await page.getByRole('link', { name: 'Open the playground' }).click();
      const model = page.getByLabel('Model');
      await page.waitForFunction('document.getElementById("model").value !== ""');
      await model.fill('falls');
      await page.locator('#message').fill('Hello!');
      await page.locator('#message').press('Enter');
      await page.locator('.is-assistant .facts').waitFor();
      const answer = page.locator('.is-assistant');
      expect((await answer.locator('.words').textContent())?.length).toBeGreaterThan(20);
      expect(await answer.locator('.trail li').allTextContents()).toEqual([
        'simulator-a/mock/500 failed 500',
        'simulator-b/mock/ok answered',
      ]);
      expect(await answer.textContent()).toMatch(/first token after .* tokens/);
      await page.locator('#message').fill('And then?');
      await page.getByRole('button', { name: 'Send' }).click();
      await page.locator('.is-assistant').nth(1).locator('.facts').waitFor();
      const sent = JSON.parse(new TextDecoder().decode(simulator.attempts.at(-1)?.body)) as {
        messages: { content: string }[];
      };
      expect(sent.messages).toHaveLength(3);
      expect(sent.messages[0]?.content).toBe('Hello!');
    });

    test('keeps a key in the tab and nowhere else', async () => {
      await enterKey('API key', KEY);
      await page.reload();
      await page.locator('#keys').filter({ hasText: 'API key' }).waitFor();
      expect(await page.evaluate('JSON.stringify(localStorage)')).not.toContain(KEY);
      expect(await page.context().cookies()).toEqual([]);
      expect(await page.content()).not.toContain(KEY);
      const other = await page.context().newPage();
      await other.goto(`${gateway.url}/docs`);
      await other.locator('#keys').filter({ hasText: 'Enter a key' }).waitFor();
      await page.locator('#keys').click();
      await page.getByRole('button', { name: 'Forget all' }).click();
      expect(await page.evaluate('JSON.stringify(sessionStorage)')).toBe('{}');
    });

    test('says of a key whether the gateway takes it', async () => {
      const keys = page.locator('#keys');
      await enterKey('API key', 'wrong');
      await keys.filter({ hasText: 'API key refused' }).waitFor();
      expect(await keys.getAttribute('class')).toMatch(/is-refused/);
      expect(await keys.getAttribute('class')).not.toMatch(/is-set/);
      await enterKey('API key', KEY);
      await page.locator('#keys.is-set').waitFor();
      expect(await keys.textContent()).toBe('API key');
      expect(watched.expected(/401/)).toBeGreaterThan(0);
    });

    test('says so where the models are listed for everybody, too', async () => {
      const listed = startGateway(`proxy_api_key: ${KEY}
providers: [{ name: a, api_base: "${simulator.url}/v1" }]`);
      try {
        await page.context().close();
        await open(listed.url);
        await enterKey('API key', 'wrong');
        await page.locator('#keys.is-refused').waitFor();
        await enterKey('API key', KEY);
        await page.locator('#keys.is-set').waitFor();
      } finally {
        await listed.stop();
      }
    });

    test('has every refusal on a phone, without a part that is cut off', async () => {
      await page.context().close();
      await open(gateway.url, { viewport: { width: 390, height: 844 } });
      const table = page.getByRole('region', { name: 'Refusals' });
      await table.waitFor();
      const isWhole =
        "[...document.querySelectorAll('.scroll')].every((e) => e.scrollWidth <= e.clientWidth)";
      expect(await page.evaluate(isWhole)).toBe(true);
      expect(await hasSidewaysScroll()).toBe(false);
    });

    test('is light or dark as the system is, or as one likes', async () => {
      const background = (): Promise<unknown> =>
        page.evaluate('getComputedStyle(document.body).backgroundColor');
      const light = await background();
      await page.emulateMedia({ colorScheme: 'dark' });
      const dark = await background();
      expect(dark).not.toBe(light);
      await page.getByRole('button', { name: 'Theme: system' }).click();
      expect(await background()).toBe(light);
      await page.getByRole('button', { name: 'Theme: light' }).click();
      await page.emulateMedia({ colorScheme: 'light' });
      expect(await background()).toBe(dark);
      await page.reload();
      expect(await background()).toBe(dark);
    });

    test('runs no script and takes no style that is not its own', async () => {
      const tried = await page.evaluate(`(() => {
        try { document.body.innerHTML = '<img src=x onerror="window.isIn = true">'; return 'let in'; }
        catch (error) { return error.name; }
      })()`);
      expect(tried).toBe('TypeError');
      expect(await page.evaluate(`fetch('http://127.0.0.1:9/').then(() => 'let out', () => 'kept in')`)).toBe(
        'kept in',
      );
      expect(watched.expected(/TrustedHTML|Content Security Policy|127\.0\.0\.1:9\//)).toBeGreaterThan(0);
    });
  });

  describe('on a phone', () => {
    let gateway: TestGateway;
    beforeAll(() => {
      gateway = startGateway(`
master_keys: [{ name: demo, key: ${KEY} }]
providers: [{ name: a, api_base: "${simulator.url}/v1" }]
models: { demo: { routes: [{ provider: a, model: mock/ok }] } }`);
    });
    afterAll(() => gateway.stop());

    test('nothing is wider than the screen, and the list is behind a button', async () => {
      await open(gateway.url, { viewport: { width: 360, height: 740 }, hasTouch: true });
      await enterKey('API key', KEY);
      expect(await hasSidewaysScroll()).toBe(false);
      expect(await page.getByRole('navigation').isVisible()).toBe(false);
      await page.getByRole('button', { name: 'Menu' }).click();
      await choose('Chat completion');
      await page.getByRole('navigation').waitFor({ state: 'hidden' });
      await page.getByLabel('Example').selectOption('Streamed');
      expect(await send()).toStartWith('200complete');
      await page.getByRole('tab', { name: /Events/ }).click();
      expect(await hasSidewaysScroll()).toBe(false);
      await page.getByText('As code').click();
      expect(await hasSidewaysScroll()).toBe(false);
      await page.goto(`${gateway.url}/docs#/playground`);
      await page.locator('#message').fill('Hello!');
      await page.locator('#message').press('Enter');
      await page.locator('.is-assistant .facts').waitFor();
      expect(await hasSidewaysScroll()).toBe(false);
    });
  });

  describe('in database mode', () => {
    let folder: string;
    let database: DatabaseGateway;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'llm-proxy-docs-page-'));
      database = await startDatabaseGateway({ dbUrl: `sqlite://${join(folder, 'proxy.db')}`, folder });
      await database.admin('POST', '/providers', { id: 'the-provider', api_base: `${simulator.url}/v1` });
    }, 180_000);
    afterAll(async () => {
      database.program.kill();
      await database.program.exited;
      await rm(folder, { recursive: true });
    });
    beforeEach(() => open(database.url));

    test('the Admin API is read and written', async () => {
      await enterKey('Admin key', ADMIN_KEY);
      await choose('List every provider');
      expect(await send()).toStartWith('200complete');
      const body = page.getByRole('region', { name: 'Body of the answer' });
      expect(await body.textContent()).toContain('the-provider');
      await choose('Create a master key');
      expect(await send()).toStartWith('201complete');
      expect(await body.textContent()).toContain('"key": "');
      await choose('Delete a master key');
      await page.getByLabel('id').fill('team-a');
      expect(await send()).toStartWith('204complete');
      expect(await database.admin('GET', '/master-keys')).toMatchObject({ master_keys: [] });
    });

    test('every view can be shown, with all that is folded in it, and is no wider than the screen', async () => {
      await page.setViewportSize({ width: 360, height: 800 });
      const { seen, tooWide } = await page.evaluate<Views>(SHOW_EVERY_VIEW);
      expect(seen).toBeGreaterThan(60);
      expect(tooWide).toEqual([]);
    });
  });
});

interface Views {
  readonly seen: number;
  readonly tooWide: readonly string[];
}

/** Runs in the browser. */
const SHOW_EVERY_VIEW = `(async () => {
  const links = [...document.querySelectorAll('nav a[href^="#/"]')].map((link) => link.getAttribute('href'));
  const tooWide = [];
  for (const link of links) {
    const before = document.querySelector('main > *');
    location.hash = link;
    while (document.querySelector('main > *') === before && location.hash !== '') await new Promise(requestAnimationFrame);
    for (const details of document.querySelectorAll('main details')) details.open = true;
    if (document.documentElement.scrollWidth > innerWidth) tooWide.push(link);
  }
  return { seen: links.length, tooWide };
})()`;
