import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { launchBrowser, openPage, type WatchedPage } from './browser.ts';
import { accessibilityFaults, canTestConsole, PAGES, signIn, visit } from './console-browser.ts';
import { ADMIN_KEY, type DatabaseGateway, startDatabaseGateway } from './db-program.ts';

const KEY = 'sk-console-0123456789';
/** A name that would run, if it ever became markup. */
const MARKUP = '<img src=x onerror="window.injected=1">';

let browser: Browser;
let simulator: Simulator;
let gateway: DatabaseGateway;
let folder: string;
let watched: WatchedPage;
let page: Page;

async function clearCooldown(): Promise<void> {
  const { routes } = await gateway.admin('GET', '/routes?provider=shaky');
  const [{ id }] = routes as [{ id: string }];
  await gateway.admin('POST', `/routes/${id}/clear-cooldown`);
}

/** A provider whose answers and errors are markup. */
function startHostileProvider() {
  const event = (delta: object, finish_reason: string | null): string =>
    `data: ${JSON.stringify({ id: 'a', object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
  return Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      const { model } = (await request.json()) as { model: string };
      if (model === 'refuses')
        return Response.json({ error: { message: MARKUP, type: MARKUP, code: MARKUP } }, { status: 400 });
      return new Response(`${event({ content: MARKUP }, null)}${event({}, 'stop')}data: [DONE]\n\n`, {
        headers: { 'content-type': 'text/event-stream' },
      });
    },
  });
}

/** The title of the page that is shown. */
const heading = (name: string) => page.getByRole('heading', { name, level: 1 });

describe.skipIf(!canTestConsole)('the console', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llm-proxy-console-'));
    [browser, simulator] = await Promise.all([launchBrowser(), startSimulator({ tokensPerSecond: 400 })]);
    gateway = await startDatabaseGateway({ dbUrl: `sqlite://${join(folder, 'proxy.db')}`, folder });
    const base = `${simulator.url}/v1`;
    await gateway.admin('POST', '/providers', { id: 'steady', api_base: base, free: true });
    await gateway.admin('POST', '/providers', { id: 'shaky', api_base: base, free: true });
    await gateway.admin('POST', '/providers', { id: MARKUP, api_base: base, free: true });
    await gateway.admin('POST', '/models', {
      id: 'fast',
      routes: [{ provider: 'steady', model: 'mock/ok' }],
    });
    await gateway.admin('POST', '/models', {
      id: 'falls',
      routes: [
        { provider: 'shaky', model: 'mock/500' },
        { provider: 'steady', model: 'mock/ok', priority: 2 },
      ],
      fallbacks: ['fast'],
    });
    await gateway.admin('POST', '/models', {
      id: MARKUP,
      routes: [{ provider: MARKUP, model: 'mock/ok' }],
    });
    await gateway.admin('POST', '/master-keys', { id: 'app', key: KEY });
    await gateway.admin('POST', '/master-keys', { id: MARKUP });
    for (const model of ['fast', 'falls', MARKUP]) await gateway.ask(KEY, model);
  }, 180_000);
  afterAll(async () => {
    await browser.close();
    gateway.program.kill();
    await gateway.program.exited;
    await simulator.stop();
    await rm(folder, { recursive: true });
  });
  beforeEach(async () => {
    watched = await openPage(browser, gateway.url);
    ({ page } = watched);
  });
  // No test may leave an error in the browser, a request to another host, or a breach of the page's policy.
  afterEach(async () => {
    // Until somebody has signed in, the question for the session is answered by 401.
    watched.expected(/401/);
    await page.context().close();
    expect(watched.complaints).toEqual([]);
  });

  test('asks for a key, and keeps it nowhere', async () => {
    // A button that fades in does not have its colour yet.
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await page.goto(`${gateway.url}/console`);
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    await page.keyboard.type('wrong');
    await page.keyboard.press('Enter');
    await page.getByText('The gateway does not know this key.').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await signIn(page, gateway.url, ADMIN_KEY);
    await heading('Overview').waitFor();
    const stored = await page.evaluate(
      'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])',
    );
    expect(stored).not.toContain(ADMIN_KEY);
    const [cookie] = await page.context().cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
    expect(cookie?.value).not.toContain(ADMIN_KEY);
  });

  test('loads at most 200 KB of compressed script for the first page', async () => {
    const sizes: Promise<number>[] = [];
    page.on('response', (response) => {
      if (response.url().endsWith('.js'))
        sizes.push(
          response
            .request()
            .sizes()
            .then((all) => all.responseBodySize),
        );
    });
    await signIn(page, gateway.url, ADMIN_KEY);
    await page.getByRole('region', { name: 'Providers' }).first().waitFor();
    const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
    expect(bytes).toBeGreaterThan(50_000);
    expect(bytes).toBeLessThan(200_000);
  });

  test('has its pages behind a button on a phone', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await signIn(page, gateway.url, ADMIN_KEY);
    await page.getByRole('button', { name: 'Menu' }).click();
    await page.getByRole('link', { name: 'Models' }).click();
    await heading('Models').waitFor();
  });

  test('can be used by keyboard alone', async () => {
    await signIn(page, gateway.url, ADMIN_KEY);
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').fill('provid');
    await page.keyboard.press('Enter');
    await heading('Providers').waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('m');
    await heading('Models').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('fal');
    await page.getByText('1 model', { exact: true }).waitFor();
    await page.keyboard.press('Escape');
    await page.locator('#content').focus();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.keyboard.press('g');
    await page.keyboard.press('p');
    await heading('Providers').waitFor();
    await page.locator('tbody tr').first().focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Space');
    await page.getByRole('dialog', { name: 'shaky' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    // The row that has the focus goes with its page.
    await page.locator('tbody tr').first().focus();
    await page.keyboard.press('g');
    await page.keyboard.press('m');
    await heading('Models').waitFor();
    await page.locator('#content:focus').waitFor();
  });

  test('shows names as text, whatever they contain', async () => {
    await signIn(page, gateway.url, ADMIN_KEY);
    for (const path of ['requests', 'models', 'providers', 'keys'] as const)
      await visit(page, gateway.url, path, PAGES[path]);
    await page.goto(`${gateway.url}/console/keys?id=${encodeURIComponent(MARKUP)}`);
    await page.getByRole('dialog', { name: MARKUP }).waitFor();
    await using hostile = startHostileProvider();
    const api_base = `http://127.0.0.1:${hostile.port}/v1`;
    await gateway.admin('POST', '/providers', { id: 'hostile', api_base, free: true });
    for (const id of ['answers', 'refuses'])
      await gateway.admin('POST', '/models', { id, routes: [{ provider: 'hostile', model: id }] });
    await visit(page, gateway.url, 'playground?as=app&model=answers,refuses', PAGES.playground);
    await page.getByLabel('Message').fill(MARKUP);
    await page.keyboard.press('Enter');
    const [answer, refusal] = [page.getByRole('log').first(), page.getByRole('log').last()];
    await answer.locator('.words').getByText(MARKUP).waitFor();
    await refusal.locator('.notice').getByText(MARKUP).waitFor();
    await answer.getByRole('button', { name: /raw events/ }).click();
    expect(await page.evaluate('window.injected')).toBeUndefined();
    expect(await page.locator('img[src="x"]').count()).toBe(0);
    for (const path of ['/models/answers', '/models/refuses', '/providers/hostile'])
      await gateway.admin('DELETE', path);
    watched.expected(/400/);
  });

  test('shows at once that a provider fails, and that it is back', async () => {
    await signIn(page, gateway.url, ADMIN_KEY);
    await heading('Overview').waitFor();
    const tile = page.getByRole('link', { name: /^shaky/ });
    // The requests of the preparation have made it cool already.
    await clearCooldown();
    await tile.getByText('Available').waitFor();
    await gateway.ask(KEY, 'falls');
    await tile.getByText('Cooling').waitFor();
    await tile.getByText('status 500').waitFor();
    await page
      .getByText(/^shaky\/mock\/500 cools for \d+\ss/)
      .first()
      .waitFor();
    await page.getByRole('link', { name: 'Models' }).click();
    const route = page.getByRole('region', { name: 'falls' }).getByRole('button', { name: /^shaky/ });
    await route.click();
    await page.getByRole('menuitem', { name: 'Clear the cooldown' }).click();
    await route.getByText('Available').waitFor();
    await page.getByRole('link', { name: 'Overview' }).click();
    await tile.getByText('Available').waitFor();
    await gateway.admin('POST', '/models', { id: 'also', routes: [{ provider: 'shaky', model: 'mock/ok' }] });
    await gateway.ask(KEY, 'falls');
    await tile.getByText('1 of 2 routes cooling').waitFor();
    await gateway.admin('DELETE', '/models/also');
  });

  test('shows the shares of routes that change while traffic goes on and their list is slow', async () => {
    await signIn(page, gateway.url, ADMIN_KEY);
    await clearCooldown();
    const routes = [{ provider: 'steady', model: 'mock/ok?latency=150' }];
    await gateway.admin('POST', '/models', { id: 'slow', routes });
    await visit(page, gateway.url, 'models', PAGES.models);
    const route = page.getByRole('region', { name: 'falls' }).getByRole('button', { name: /^shaky/ });
    await route.getByText('100% share', { exact: true }).waitFor();
    await page.route(/admin\/v1\/routes/, async (request) => {
      await Bun.sleep(1500);
      // The page may have given it up meanwhile.
      await request.continue().catch(() => undefined);
    });
    const traffic = { isOver: false };
    const asking = (async () => {
      // The stream tells of each request that begins or ends, which is more often than the list is answered.
      for (; !traffic.isOver; await Bun.sleep(200)) await gateway.ask(KEY, 'slow');
    })();
    await gateway.ask(KEY, 'falls');
    await route.getByText('Cooling').waitFor();
    await route.getByText('0% share', { exact: true }).waitFor({ timeout: 8_000 });
    traffic.isOver = true;
    await asking;
    await page.unrouteAll({ behavior: 'wait' });
    await gateway.admin('DELETE', '/models/slow');
  });

  test('shows a request with its attempts while it follows the traffic', async () => {
    await signIn(page, gateway.url, ADMIN_KEY);
    await visit(page, gateway.url, 'requests?model=falls', PAGES.requests);
    const rows = page.locator('tbody tr');
    const before = await rows.count();
    await clearCooldown();
    await gateway.ask(KEY, 'falls');
    await rows.nth(before).waitFor();
    await rows.first().click();
    const drawer = page.getByRole('dialog');
    await drawer.getByText('the next route of the same model').waitFor();
    expect(await drawer.locator('.attempt').count()).toBe(2);
    expect(await drawer.getByRole('group', { name: 'As curl' }).textContent()).toContain('$LLM_PROXY_KEY');
    await page.keyboard.press('Escape');
    await gateway.ask(KEY, 'no-such-model');
    await visit(page, gateway.url, 'requests?ending=refused', PAGES.requests);
    await rows.filter({ hasText: 'model_not_found' }).first().click();
    await drawer.getByText('There is no model of this name.', { exact: false }).waitFor();
    // The record may be stored a moment after the row is shown; the page asks again.
    watched.expected(/404/);
  });

  test('says what helps where no request matches', async () => {
    await signIn(page, gateway.url, ADMIN_KEY);
    await visit(page, gateway.url, 'requests?ending=lost', PAGES.requests);
    await page.getByText('Remove a filter.', { exact: true }).waitFor();
    await visit(page, gateway.url, 'requests?ending=lost&range=15m', PAGES.requests);
    await page.getByText('Remove a filter, or choose a longer time.').waitFor();
  });

  test('gives the focus to the page when a drawer that the address has opened is closed', async () => {
    await signIn(page, gateway.url, ADMIN_KEY);
    await page.goto(`${gateway.url}/console/providers?id=steady`);
    const drawer = page.getByRole('dialog', { name: 'steady' });
    await drawer.waitFor();
    const focusIn = (place: string): Promise<unknown> =>
      page.waitForFunction(`document.activeElement.closest('${place}') !== null`);
    await focusIn('[role=dialog]');
    await page.keyboard.press('Escape');
    await focusIn('#content');
    // The focus returns to the element that opened it.
    await page.getByRole('row', { name: /steady/ }).press('Enter');
    await drawer.waitFor();
    await page.keyboard.press('Escape');
    await focusIn('tbody tr');
  });

  test('makes a key, whose secret it shows once', async () => {
    await signIn(page, gateway.url, ADMIN_KEY);
    await visit(page, gateway.url, 'keys', PAGES.keys);
    await page.getByRole('button', { name: 'New key' }).click();
    await page.getByRole('dialog').getByLabel('Name').fill('made-here');
    await page.getByRole('button', { name: 'Review and create' }).click();
    await page.getByRole('button', { name: 'Save' }).click();
    const shown = page.getByRole('dialog', { name: 'The secret of made-here' });
    await shown.waitFor();
    await page.keyboard.press('Escape');
    const secret = (await shown.getByRole('group', { name: 'Secret' }).textContent()) ?? '';
    expect(await gateway.ask(secret, 'fast')).toBe(200);
    await shown.getByRole('button', { name: 'I have saved it' }).click();
    await page.getByRole('cell', { name: 'made-here' }).waitFor();
    expect(await page.content()).not.toContain(secret);
  });

  test('says that it still searches while only some of the keys are loaded', async () => {
    const later = Promise.withResolvers<void>();
    const empty = { version: 1, total: 1, master_keys: [] };
    await page.route(/master-keys\?limit=1000/, async (route) => {
      const isFirst = !route.request().url().includes('cursor=');
      if (!isFirst) await later.promise;
      await route.fulfill({ json: { ...empty, next_cursor: isFirst ? 'more' : null } });
    });
    await signIn(page, gateway.url, ADMIN_KEY);
    await visit(page, gateway.url, 'keys', PAGES.keys);
    await page.getByPlaceholder('Key, team, user').fill('no such key');
    await page.getByRole('heading', { name: 'Searching …' }).waitFor();
    later.resolve();
    await page.getByRole('heading', { name: 'No matches.' }).waitFor();
  });

  test('works over plain HTTP under any name, where the browser marks no request as its own', async () => {
    const url = gateway.url.replace('127.0.0.1', 'gateway.test');
    const plain = await openPage(browser, url);
    await signIn(plain.page, url, ADMIN_KEY);
    expect(await plain.page.evaluate('isSecureContext')).toBe(false);
    await plain.page.getByRole('status').getByText('Live', { exact: true }).waitFor();
    await plain.page.goto(`${url}/console/keys?new=1`);
    await plain.page.getByRole('dialog').getByLabel('Name').fill('made-in-plain');
    // As another tab does. The writes of this one had the token of the session before.
    const again = { method: 'POST', headers: { 'content-type': 'application/json' } };
    await plain.page.evaluate(
      `fetch('/admin/v1/sessions', ${JSON.stringify({ ...again, body: JSON.stringify({ key: ADMIN_KEY }) })})`,
    );
    await plain.page.getByRole('button', { name: 'Review and create' }).click();
    await plain.page.getByRole('button', { name: 'Save' }).click();
    const shown = plain.page.getByRole('dialog', { name: 'The secret of made-in-plain' });
    await shown.getByRole('group', { name: 'Secret' }).waitFor();
    await shown.getByRole('button', { name: 'Copy' }).first().click();
    await shown.getByRole('button', { name: 'Copied' }).first().waitFor();
    await plain.page.context().close();
    // Browsers say that they ignore this header over plain HTTP, and that nobody was signed in at first.
    plain.expected(/Cross-Origin-Opener-Policy|401/);
    expect(plain.expected(/403/)).toBeGreaterThan(0);
    expect(plain.complaints).toEqual([]);
  });

  test('shows both changes when somebody else has saved meanwhile', async () => {
    await signIn(page, gateway.url, ADMIN_KEY);
    await visit(page, gateway.url, 'models', PAGES.models);
    await page.getByRole('region', { name: 'fast' }).getByRole('button', { name: 'Edit' }).click();
    await page.getByLabel('Weight').first().fill('7');
    await gateway.admin('PUT', '/models/falls', { fallbacks: [] });
    await page.getByRole('button', { name: 'Review the change' }).click();
    // Defaults that nobody touched are no changes.
    const review = page.getByRole('dialog', { name: 'Review the change' });
    await review.getByText('routes', { exact: true }).waitFor();
    for (const field of ['is_enabled', 'fallbacks']) expect(await review.getByText(field).count()).toBe(0);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('The configuration was changed while this form was open').waitFor();
    await review.getByText('falls', { exact: true }).waitFor();
    // The browser reports each refusal.
    expect(watched.expected(/412/)).toBe(1);
    await page.getByRole('button', { name: 'Overwrite' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await gateway.admin('GET', '/models/fast')).toMatchObject({ routes: [{ weight: 7 }] });
    expect(await gateway.admin('GET', '/models/falls')).toMatchObject({ fallbacks: [] });
  });

  test('keeps what was typed when the session ends, and gives it back to the same person alone', async () => {
    await signIn(page, gateway.url, ADMIN_KEY);
    await page.goto(`${gateway.url}/console/keys?new=1`);
    const name = page.getByRole('dialog').getByLabel('Name');
    await name.fill('half-written');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Review the change' }).waitFor();
    await page.getByRole('button', { name: 'Back' }).click();
    await page.keyboard.press('Escape');
    await page.getByText('Discard what you entered?').waitFor();
    await page.getByRole('button', { name: 'Keep editing' }).click();
    await page.evaluate("fetch('/admin/v1/session', { method: 'DELETE' })");
    const signInAgain = async (key: string, ended: string): Promise<void> => {
      await page.getByText(`The session of ${ended} has ended.`, { exact: false }).waitFor();
      expect(await name.isVisible()).toBe(false);
      expect(await accessibilityFaults(page)).toEqual([]);
      await page.getByLabel('Key', { exact: true }).fill(key);
      await page.keyboard.press('Enter');
    };
    await signInAgain(ADMIN_KEY, 'admin');
    await name.waitFor();
    expect(await name.inputValue()).toBe('half-written');
    const { secret } = await gateway.admin('POST', '/accounts', { name: 'other', role: 'admin' });
    await visit(page, gateway.url, 'playground', PAGES.playground);
    await page.getByRole('button', { name: 'Parameters' }).click();
    await page.getByLabel('System prompt').fill('half-written');
    await page.evaluate("fetch('/admin/v1/session', { method: 'DELETE' })");
    await signInAgain(String(secret), 'admin');
    await page.getByLabel('Message').waitFor();
    expect(await page.getByLabel('System prompt').count()).toBe(0);
    await page.goto(`${gateway.url}/console/keys?new=1`);
    await name.fill('half-written');
    await page.evaluate("fetch('/admin/v1/session', { method: 'DELETE' })");
    await signInAgain(KEY, 'other');
    await heading('No access to this page').waitFor();
    expect(await page.content()).not.toContain('half-written');
    // The browser reports each question that nobody may ask any more.
    watched.expected(/401|403/);
  });

  test('says what is out of date while the database is away, and loads by itself what failed', async () => {
    const error = {
      code: 'store_unavailable',
      message: 'The database is currently unavailable. Try again shortly.',
    };
    await page.clock.install();
    await signIn(page, gateway.url, ADMIN_KEY);
    await visit(page, gateway.url, '', PAGES['']);
    await page.getByText('in flight').first().waitFor();
    await page.route(/admin\/v1\/(overview|models)/, (route) =>
      route.fulfill({ status: 503, json: { error } }),
    );
    await page.clock.fastForward(15_000);
    await page.getByText('What you see may be out of date.', { exact: false }).waitFor();
    await page.getByRole('link', { name: PAGES.models }).click();
    await page.getByText(error.message).waitFor();
    await page.unroute(/admin\/v1\/(overview|models)/);
    await page.clock.fastForward(11_000);
    await page.getByRole('region', { name: 'fast' }).waitFor();

    // The last request is stored a moment after the page has asked for the list.
    const answers = [{ status: 503, json: { error } }, { json: { requests: [], next_cursor: null } }];
    let asked = 0;
    await page.route(/admin\/v1\/requests\?/, (route) => {
      const answer = answers[asked++];
      return answer ? route.fulfill(answer) : route.continue();
    });
    await visit(page, gateway.url, 'requests?model=fast', PAGES.requests);
    await page.getByText(error.message).waitFor();
    await page.clock.fastForward(11_000);
    await page.getByText('No request matches these filters').waitFor();
    await page.clock.fastForward(4000);
    await page.locator('tbody tr').getByText('fast').first().waitFor();
    await page.clock.fastForward(60_000);
    // A list that the page asked for in that time would have been asked for before this.
    await page.evaluate("fetch('/admin/v1/session')");
    expect(asked).toBe(3);
    watched.expected(/503/);
  });

  test('signs out in every tab', async () => {
    await signIn(page, gateway.url, ADMIN_KEY);
    const other = await page.context().newPage();
    await visit(other, gateway.url, 'settings', PAGES.settings);
    await other.getByRole('button', { name: 'Sign out' }).last().click();
    for (const tab of [page, other]) await tab.getByRole('button', { name: 'Sign in' }).waitFor();
    expect(await page.getByText('has ended', { exact: false }).count()).toBe(0);
    expect(await page.locator('nav.side').count()).toBe(0);
  });

  test('shows the holder of a key their own use, and nothing else', async () => {
    await signIn(page, gateway.url, KEY);
    await heading('My use').waitFor();
    await page.getByRole('cell', { name: 'falls' }).first().waitFor();
    await page.getByText(/"model": "(?!MODEL)/).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    const places = page.getByRole('navigation', { name: 'Pages' }).getByRole('listitem');
    expect(await places.allTextContents()).toEqual(['My use', 'Playground', 'Settings']);
    await page.goto(`${gateway.url}/console/providers`);
    await heading('No access to this page').waitFor();
  });
});
