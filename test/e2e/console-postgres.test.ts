import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { SQL } from 'bun';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { launchBrowser, openPage, type WatchedPage } from './browser.ts';
import { canTestConsole, PAGES, signIn, visit } from './console-browser.ts';
import { sharePostgres, type TestDatabaseServer } from './db-postgres.ts';
import { ADMIN_KEY, type DatabaseGateway, startDatabaseGateway, startDatabaseProgram } from './db-program.ts';

setDefaultTimeout(180_000);

const KEY = 'sk-console-0123456789';
const ANSWERS = 100_000;
const MODELS = ['one', 'two', 'three', 'four'] as const;

let postgres: TestDatabaseServer;
let browser: Browser;
let simulator: Simulator;
let gateway: DatabaseGateway;
let dbUrl: string;
let folder: string;
let watched: WatchedPage;
let page: Page;

async function open(secret: string): Promise<void> {
  watched = await openPage(browser, gateway.url);
  ({ page } = watched);
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await signIn(page, gateway.url, secret);
}

async function secretOf(role: string): Promise<string> {
  return String((await gateway.admin('POST', '/accounts', { name: `${role}-person`, role }))['secret']);
}

/** Opens the menu of a route, and returns what it offers. */
async function routeActions(provider: string): Promise<string[]> {
  await page.locator('.chip', { hasText: provider }).first().click();
  await page.getByRole('menuitem').first().waitFor();
  return page.getByRole('menuitem').allTextContents();
}

/** Records of the past, as many as a busy day leaves. */
async function insertRequests(): Promise<void> {
  const sql = new SQL(dbUrl, { max: 1 });
  await sql.unsafe(`insert into request_records (ended_at_ms, request_id, key_name, model, provider, attempts, ending,
      status, is_estimated, is_streamed, duration_ms, has_fallback)
    select ${Date.now() - 60_000} - n * 100, 'req_' || lpad(to_hex(n), 12, '0'), 'app', 'bulk', 'near', 1,
      case when n % 50 = 0 then 'failed' else 'complete' end, case when n % 50 = 0 then 502 else 200 end, 0, 0, n % 900, 0
    from generate_series(1, ${ANSWERS}) as n`);
  await sql.close();
}

describe.skipIf(!canTestConsole)('the console over PostgreSQL', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llm-proxy-console-postgres-'));
    [postgres, browser, simulator] = await Promise.all([
      sharePostgres(),
      launchBrowser(),
      startSimulator({ tokensPerSecond: 400 }),
    ]);
    dbUrl = await postgres.newDatabase();
    gateway = await startDatabaseGateway({ dbUrl, folder });
    const base = `${simulator.url}/v1`;
    for (const id of ['near', 'far'])
      await gateway.admin('POST', '/providers', { id, api_base: base, free: true });
    for (const [at, id] of MODELS.entries())
      await gateway.admin('POST', '/models', {
        id,
        routes: [{ provider: at % 2 === 0 ? 'near' : 'far', model: 'mock/ok' }],
      });
    await gateway.admin('POST', '/master-keys', { id: 'app', key: KEY });
    await gateway.ask(KEY, 'one');
    await insertRequests();
  });
  afterEach(async () => {
    watched.expected(/401/);
    await page.context().close();
    expect(watched.complaints).toEqual([]);
  });
  afterAll(async () => {
    await browser.close();
    gateway.program.kill();
    await gateway.program.exited;
    await Promise.all([simulator.stop(), postgres.stop()]);
    await rm(folder, { recursive: true });
  });

  test('lets a viewer see, and change nothing', async () => {
    await open(await secretOf('viewer'));
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
    expect(await page.getByRole('link', { name: 'Playground' }).count()).toBe(0);
    for (const path of ['models', 'providers', 'keys'] as const) {
      await visit(page, gateway.url, path, PAGES[path]);
      expect(await page.getByRole('button', { name: /^New / }).count()).toBe(0);
      expect(await page.getByRole('button', { name: 'Edit' }).count()).toBe(0);
    }
    await page.goto(`${gateway.url}/console/models?new=1`);
    await page.getByRole('dialog').getByText('Your role can view this but not change it.').waitFor();
    await page.goto(`${gateway.url}/console/keys?new=1`);
    await page.getByLabel('Name').fill('typed');
    await page.getByText('Your role can view this but not change it.').waitFor();
    expect(await page.getByRole('button', { name: /^Review/ }).isDisabled()).toBe(true);
    await page.goto(`${gateway.url}/console/providers?new=1`);
    await page.getByText('Your role can view this but not change it.').waitFor();
    expect(await page.getByRole('button', { name: 'List its models' }).count()).toBe(0);
    await visit(page, gateway.url, 'models', PAGES.models);
    expect(await routeActions('near')).toEqual(['Open the provider', 'Its requests']);
    await page.keyboard.press('Escape');
    await visit(page, gateway.url, 'settings', PAGES.settings);
    expect(await page.getByRole('tab').allTextContents()).toEqual(['You', 'Gateways']);
    await visit(page, gateway.url, 'config', PAGES.config);
    expect(await page.getByRole('tab').allTextContents()).toEqual(['YAML', 'Revisions']);
    await page.getByText('Only an admin may change the configuration as a whole.').waitFor();
    await page.getByLabel('Configuration as YAML').focus();
    await page.keyboard.type('typed');
    expect(await page.getByLabel('Configuration as YAML').textContent()).not.toContain('typed');
  });

  test('lets an operator drain a route and change a model, with the diff before it is saved', async () => {
    await open(await secretOf('operator'));
    await visit(page, gateway.url, 'models', PAGES.models);
    expect(await routeActions('far')).toEqual([
      'Drain',
      'Clear the cooldown',
      'Test',
      'Open the provider',
      'Its requests',
    ]);
    await page.getByRole('menuitem', { name: 'Drain' }).click();
    await page.locator('.chip', { hasText: 'far' }).first().getByText('Draining').waitFor();
    expect(await routeActions('far')).toContain('Resume');
    await page.getByRole('menuitem', { name: 'Resume' }).click();
    await page.locator('.chip', { hasText: 'far' }).first().getByText('Available').waitFor();

    await page.goto(`${gateway.url}/console/providers?new=1`);
    await page.getByLabel('Name').fill('fresh');
    await page.getByRole('textbox', { name: 'Address' }).fill(`${simulator.url}/v1`);
    await page.getByRole('button', { name: 'List its models' }).click();
    await page.getByText(/\d+ models listed/).waitFor();
    expect(await gateway.admin('GET', '/providers')).toMatchObject({ total: 2 });
    await page.getByRole('button', { name: 'Review the change' }).click();
    await page.getByText(`${simulator.url}/v1`).last().waitFor();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('fresh is saved').waitFor();
    expect(await gateway.admin('GET', '/providers/fresh')).toMatchObject({ id: 'fresh' });
    await page
      .getByRole('row', { name: /^fresh/ })
      .getByText('No routes')
      .waitFor();
    await gateway.admin('DELETE', '/providers/fresh');
    await visit(page, gateway.url, 'settings', PAGES.settings);
    expect(await page.getByRole('tab').allTextContents()).toEqual(['You', 'Gateways']);
  });

  test('keeps what is typed into the page of somebody whose role changes', async () => {
    const { id, secret } = await gateway.admin('POST', '/accounts', { name: 'mover', role: 'operator' });
    await open(String(secret));
    await visit(page, gateway.url, 'explain', PAGES.explain);
    await page.getByLabel('Body').fill('half-typed');
    const playground = page.getByRole('link', { name: 'Playground' });
    const become = (role: string): Promise<unknown> =>
      gateway.admin('PUT', `/accounts/${String(id)}`, { role });
    await become('viewer');
    await playground.waitFor({ state: 'detached' });
    await become('admin');
    await playground.waitFor();
    expect(await page.getByLabel('Body').inputValue()).toBe('half-typed');
    await page.getByRole('link', { name: 'Settings' }).click();
    await page.getByRole('tab', { name: 'Accounts' }).waitFor();
    await page.getByRole('tab', { name: 'Accounts' }).click();
    await page.getByRole('cell', { name: 'mover', exact: true }).waitFor();
    await become('operator');
    await page.getByRole('tab', { name: 'Accounts' }).waitFor({ state: 'detached' });
    watched.expected(/403/);
  });

  test('saves the configuration as YAML, with the diff before it is applied', async () => {
    await open(ADMIN_KEY);
    await visit(page, gateway.url, 'config', PAGES.config);
    await page.getByText('No changes').waitFor();
    const editor = page.locator('.cm-content');
    await editor.click();
    await page.keyboard.press('Control+End');
    await page.keyboard.insertText('\nfallback:\n  cooldown_seconds: 77\n');
    await page.getByText('The configuration is valid.').waitFor();
    await page.getByRole('button', { name: 'Review the change' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('cooldown_seconds').first().waitFor();
    await dialog.getByText('77').first().waitFor();
    const before = await gateway.admin('GET', '/config/export');
    expect(before['yaml']).not.toMatch(/: 77\b/);
    await dialog.getByRole('tab', { name: 'Line by line' }).click();
    await dialog.locator('.diff').getByText('cooldown_seconds: 77').waitFor();
    await dialog.getByRole('button', { name: /^Apply/ }).click();
    await page.getByText('The configuration is applied').waitFor();
    const after = await gateway.admin('GET', '/config/export');
    expect(after['yaml']).toContain('cooldown_seconds: 77');
    expect(Number(after['version'])).toBe(Number(before['version']) + 1);
    await page.getByRole('tab', { name: 'Revisions' }).click();
    await page
      .getByText(/ADMIN_KEY|admin@/)
      .first()
      .waitFor();
  });

  test('asks four models side by side, and says of each what it took', async () => {
    await open(ADMIN_KEY);
    await visit(page, gateway.url, 'playground', PAGES.playground);
    const more = page.getByRole('button', { name: 'Compare with another model' });
    for (let columns = 1; columns < 4; columns++) await more.click();
    const logs = page.getByRole('log');
    expect(await logs.count()).toBe(4);
    expect(await more.isVisible()).toBe(false);
    await page.getByPlaceholder('Ask something …').fill('Hello, this is private');
    await page.keyboard.press('Enter');
    const seen: string[] = [];
    for (const log of await logs.all()) {
      const measures = log.locator('.measures');
      await measures.first().getByText('first token').waitFor();
      await measures.first().getByText('tokens', { exact: false }).last().waitFor();
      await log.getByRole('link', { name: 'the request' }).waitFor();
      expect(((await log.locator('.words').textContent()) ?? '').length).toBeGreaterThan(20);
      seen.push((await log.getAttribute('aria-label')) ?? '');
    }
    expect(seen.toSorted()).toEqual(MODELS.map((model) => `Conversation with ${model}`).toSorted());
    // Neither the credential, nor the prompt, nor an answer is in the address or in what the browser keeps.
    const kept = await page.evaluate(
      'JSON.stringify([location.href, { ...localStorage }, { ...sessionStorage }, document.cookie, history.state])',
    );
    const [answer = ''] = await page.locator('.words').allTextContents();
    for (const secret of [ADMIN_KEY, KEY, 'private', answer]) expect(kept).not.toContain(secret);
    // All four fit without scrolling.
    const boxes = await Promise.all((await logs.all()).map((log) => log.boundingBox()));
    for (const box of boxes) expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThan(1440);
    const asked = async (): Promise<string[]> => {
      const { requests } = await gateway.admin('GET', '/requests?key=app&limit=4');
      return (requests as { model: string }[]).map(({ model }) => model).toSorted();
    };
    while (JSON.stringify(await asked()) !== JSON.stringify([...MODELS].toSorted())) await Bun.sleep(100);
  });

  test('draws only the rows that are seen of a hundred thousand', async () => {
    await open(ADMIN_KEY);
    await visit(page, gateway.url, 'requests?tail=off&model=bulk', PAGES.requests);
    await page.getByText('100 requests loaded').waitFor();
    const drawn = (): Promise<number> => page.locator('tbody tr').count();
    const few = await drawn();
    expect(few).toBeWithin(10, 80);
    const loaded = async (): Promise<number> =>
      Number(((await page.getByText('requests loaded').textContent()) ?? '').replaceAll(/\D/g, ''));
    while ((await loaded()) < 1_000) {
      await page.locator('.table-wrap').evaluate((element) => element.scrollTo(0, element.scrollHeight));
      await Bun.sleep(50);
    }
    expect(await drawn()).toBeLessThan(few * 2);
    await visit(page, gateway.url, 'requests?tail=off&model=bulk&ending=failed', PAGES.requests);
    await page.getByText('502').first().waitFor();
    await visit(page, gateway.url, 'requests?tail=off&search=req_0000000186a0', PAGES.requests);
    await page.getByText('1 request loaded').waitFor();
  });

  test('stays as it is while the gateway restarts', async () => {
    await open(ADMIN_KEY);
    await page.goto(`${gateway.url}/console/providers?new=1`);
    await page.getByLabel('Name').fill('half-typed');
    gateway.program.kill();
    await gateway.program.exited;
    await page.getByText('The connection to the gateway is lost.', { exact: false }).waitFor();
    const { port } = new URL(gateway.url);
    const program = startDatabaseProgram({ dbUrl, folder, args: ['--port', port] });
    gateway = { ...gateway, program };
    await page.getByText('The gateway was restarted; this page is connected again.').waitFor();
    expect(await page.getByLabel('Name').inputValue()).toBe('half-typed');
    await expectStripToMakeRoom(page);
    await page.getByRole('textbox', { name: 'Address' }).fill(`${simulator.url}/v1`);
    await page.getByRole('button', { name: 'Review the change' }).click();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('dialog').first().waitFor({ state: 'detached' });
    await page.locator('.strip').getByRole('button', { name: 'Close' }).click();
    await page.locator('.strip').waitFor({ state: 'detached' });
    watched.expected(/ERR_|50[234]|Failed to load/);
  });
});

/** The notice at the top covers neither the page nor the form over it. */
async function expectStripToMakeRoom(page: Page): Promise<void> {
  const box = async (of: Locator): Promise<{ readonly top: number; readonly bottom: number }> => {
    const { y = -1, height = 0 } = (await of.boundingBox()) ?? {};
    return { top: y, bottom: y + height };
  };
  for (const width of [390, 900, 1440]) {
    await page.setViewportSize({ width, height: 844 });
    const { bottom } = await box(page.locator('.strip'));
    expect((await box(page.getByRole('dialog'))).top).toBe(bottom);
    expect((await box(page.locator('h1'))).top).toBeGreaterThan(bottom);
  }
}
