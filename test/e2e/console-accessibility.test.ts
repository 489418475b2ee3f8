import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { launchBrowser, openPage } from './browser.ts';
import { accessibilityFaults, canTestConsole, PAGES, signIn, visit } from './console-browser.ts';
import { ADMIN_KEY, type DatabaseGateway, startDatabaseGateway } from './db-program.ts';

// Each page is drawn and looked at with all rules, which takes a busy machine some seconds.
setDefaultTimeout(180_000);

const KEY = 'sk-console-0123456789';
const LONG = 'a-name-that-somebody-generated-from-a-region-and-a-subscription-of-west-europe-0001';

let browser: Browser;
let simulator: Simulator;
let gateway: DatabaseGateway;
let folder: string;
let page: Page;

/** Addresses that open a form or the details of something. */
const FORMS = ['providers?new=1', 'providers?id=shaky', 'models?new=1', 'keys?new=1', 'keys?id=app'] as const;

/** Views within pages that have an address of their own, with their headings. */
const VIEWS = [
  ['?range=24h', PAGES['']],
  ['usage?range=30d&measure=tokens&by=team', PAGES.usage],
  ['keys?tab=teams', PAGES.keys],
  ['keys?tab=users', PAGES.keys],
  ['config?tab=history', PAGES.config],
  ['config?tab=import', PAGES.config],
  ['settings?tab=gateways', PAGES.settings],
  ['settings?tab=accounts', PAGES.settings],
  ['settings?tab=sessions', PAGES.settings],
] as const;

/** The address of a request with a fallback, once it is stored. */
async function requestPath(): Promise<string> {
  for (;;) {
    const { requests } = await gateway.admin('GET', '/requests?has_fallback=true&limit=1');
    const [request] = requests as { request_id: string }[];
    if (request !== undefined) return `requests?tail=off&id=${request.request_id}`;
    await Bun.sleep(100);
  }
}

const hasSidewaysScroll = (): Promise<boolean> =>
  page.evaluate('document.documentElement.scrollWidth > innerWidth');

describe.skipIf(!canTestConsole)('every page of the console', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llm-proxy-console-pages-'));
    [browser, simulator] = await Promise.all([launchBrowser(), startSimulator({ tokensPerSecond: 400 })]);
    gateway = await startDatabaseGateway({ dbUrl: `sqlite://${join(folder, 'proxy.db')}`, folder });
    const base = `${simulator.url}/v1`;
    for (const id of ['shaky', LONG])
      await gateway.admin('POST', '/providers', { id, api_base: base, free: true });
    const routes = [
      { provider: 'shaky', model: 'mock/500' },
      { provider: LONG, model: 'mock/ok', priority: 2 },
    ];
    await gateway.admin('POST', '/models', { id: 'fast', routes });
    await gateway.admin('POST', '/models', { id: LONG, routes, fallbacks: ['fast'] });
    await gateway.admin('POST', '/teams', { id: LONG, limits: [{ cost: 1, per: 'month' }] });
    await gateway.admin('POST', '/master-keys', { id: 'app', key: KEY, team: LONG });
    for (const model of ['fast', LONG, 'unknown']) await gateway.ask(KEY, model);
  }, 180_000);
  afterAll(async () => {
    await browser.close();
    gateway.program.kill();
    await gateway.program.exited;
    await simulator.stop();
    await rm(folder, { recursive: true });
  });
  for (const [colorScheme, width] of [
    ['light', 1440],
    ['dark', 390],
  ] as const) {
    describe(`${colorScheme}, ${width} pixels`, () => {
      beforeAll(async () => {
        ({ page } = await openPage(browser, gateway.url));
        await page.setViewportSize({ width, height: 850 });
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        await signIn(page, gateway.url, ADMIN_KEY);
      }, 180_000);
      afterAll(() => page.context().close());

      for (const [path, title] of [...Object.entries(PAGES), ...(width === 390 ? VIEWS : [])])
        test(`/${path} fits and has no fault of accessibility`, async () => {
          await visit(page, gateway.url, path, title);
          const faults = path in PAGES ? await accessibilityFaults(page) : [];
          if (await hasSidewaysScroll()) faults.push('scrolls sideways');
          if ((await page.getByText('This could not be loaded').count()) > 0) faults.push('was not loaded');
          expect(faults).toEqual([]);
        });

      for (const path of [...FORMS, 'a request'])
        test(`${path} has no fault of accessibility in its form or drawer`, async () => {
          await page.goto(`${gateway.url}/console/${path === 'a request' ? await requestPath() : path}`);
          await page.getByRole('dialog').waitFor();
          await page.locator('.skeleton').first().waitFor({ state: 'detached' });
          expect(await accessibilityFaults(page)).toEqual([]);
        });
    });
  }

  test('keeps a tip while the pointer is on it, and hides it behind the pointer or with Escape', async () => {
    ({ page } = await openPage(browser, gateway.url));
    await signIn(page, gateway.url, ADMIN_KEY);
    await visit(page, gateway.url, 'models', PAGES.models);
    const [explained, tip] = [page.getByRole('button', { name: 'Edit' }).first(), page.locator('.tooltip')];
    for (const hide of [() => page.mouse.move(700, 890), () => page.keyboard.press('Escape')]) {
      await explained.hover();
      await tip.waitFor();
      // The way from the element to its tip leads over the page. A slow machine might rest there for too long.
      await page.evaluate(
        "for (const place of ['body', '.tooltip']) document.querySelector(place).dispatchEvent(new PointerEvent('pointerover', { bubbles: true }))",
      );
      // Longer than a tip takes to go.
      await Bun.sleep(300);
      expect(await tip.count()).toBe(1);
      await hide();
      await tip.waitFor({ state: 'detached' });
      await page.mouse.move(700, 890);
    }
  }, 180_000);
});
