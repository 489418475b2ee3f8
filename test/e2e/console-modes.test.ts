import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { launchBrowser, openPage, type WatchedPage } from './browser.ts';
import { accessibilityFaults, canTestConsole, PAGES, signIn, visit } from './console-browser.ts';
import { ADMIN_KEY, startDatabaseGateway } from './db-program.ts';
import { chat } from './gateway.ts';
import { startProcess, type TestProcess } from './process.ts';

setDefaultTimeout(180_000);

/** Everything that the page could keep a text in. */
const KEPT = `(async () => ({
  local: Object.keys(localStorage),
  session: Object.keys(sessionStorage),
  cookie: document.cookie,
  databases: await indexedDB.databases(),
  caches: await caches.keys(),
}))()`;

let browser: Browser;
let simulator: Simulator;
let folder: string;
let watched: WatchedPage | undefined;
const programs: TestProcess[] = [];

async function open(url: string): Promise<Page> {
  watched = await openPage(browser, url);
  await watched.page.emulateMedia({ reducedMotion: 'reduce' });
  return watched.page;
}

describe.skipIf(!canTestConsole)('the console, by the mode of the gateway', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llm-proxy-console-modes-'));
    [browser, simulator] = await Promise.all([launchBrowser(), startSimulator({ tokensPerSecond: 400 })]);
  });
  afterEach(async () => {
    watched?.expected(/401/);
    await watched?.page.context().close();
    expect(watched?.complaints).toEqual([]);
    for (const program of programs.splice(0)) {
      program.kill();
      await program.exited;
    }
  });
  afterAll(async () => {
    await browser.close();
    await simulator.stop();
    await rm(folder, { recursive: true });
  });

  test('in the demo, breaks a provider, and asks all models side by side', async () => {
    const demo = startProcess(['--port', '0'], { cwd: folder });
    programs.push(demo);
    const [, url = ''] = await demo.printed(/console +(http:\/\/[\d.:]+)\/console/);
    const page = await open(url);
    await page.goto(`${url}/console`);
    const panel = page.getByRole('region', { name: 'Demo' });
    const broken = panel.getByRole('listitem').first();
    await broken.getByRole('switch', { name: 'Break it' }).click();
    await broken.getByText(/Cooling|Probing|On trial/).waitFor();
    await broken.getByRole('switch', { name: 'Break it' }).click();
    // Many of its requests of the last minutes have failed, whatever its routes do now.
    await broken.getByText('Available').waitFor();

    await visit(page, url, 'playground', PAGES.playground);
    const more = page.getByRole('button', { name: 'Compare with another model' });
    await more.click();
    while (await more.isVisible()) await more.click();
    const columns = page.getByRole('log');
    expect(await columns.count()).toBeGreaterThan(1);
    await page.getByPlaceholder('Ask something …').fill('Hello, whoever you are');
    await page.keyboard.press('Enter');
    for (const column of await columns.all()) {
      await column.getByText('Hello, whoever you are').first().waitFor();
      await column.getByText('tokens', { exact: false }).first().waitFor();
    }
    expect(await page.evaluate(KEPT)).toEqual({
      local: [],
      session: [],
      cookie: '',
      databases: [],
      caches: [],
    });
    expect(page.url()).not.toMatch(/hello|whoever/i);
    expect(await accessibilityFaults(page)).toEqual([]);

    await visit(page, url, 'usage', PAGES.usage);
    await page.getByRole('region', { name: 'Cost' }).first().waitFor();
  });

  test('with a file, says how usage is turned on, and where the configuration is changed', async () => {
    const config = `server: { host: 127.0.0.1, port: 0 }
master_keys: [{ name: k, key: sk-of-a-client }]
providers: [{ name: p, api_base: "${simulator.url}/v1", api_key: sk-p }]
models: { fast: { routes: [{ provider: p, model: mock/ok }] } }`;
    await writeFile(join(folder, 'config.yaml'), config);
    const program = startProcess([], { cwd: folder, env: { ADMIN_KEY } });
    programs.push(program);
    const [, url = ''] = await program.printed(/listening on (http\S+)/);
    await rm(join(folder, 'config.yaml'));
    const page = await open(url);
    await signIn(page, url, ADMIN_KEY);
    const provider = page.getByRole('link', { name: /^p / });
    await provider.getByText('Available').waitFor();
    await page.getByRole('link', { name: '0 failures in 5 min' }).waitFor();
    const headers = { authorization: 'Bearer sk-of-a-client', 'content-type': 'application/json' };
    const body = JSON.stringify(chat('fast'));
    await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body });
    // No price is known, and $0.00 would say that it was free.
    await page.getByTitle('1 request without a known price').getByText('1 without a price').waitFor();
    await provider.getByText('Healthy').waitFor();
    await visit(page, url, 'usage', PAGES.usage);
    await page.getByRole('heading', { name: 'Usage is not stored yet' }).waitFor();
    expect(await page.getByRole('link', { name: 'CSV' }).count()).toBe(0);
    await page.getByText(/^For example, in .*config\.yaml$/).waitFor();
    await page.getByText('on_exceed: warn').waitFor();
    expect(await page.getByRole('button', { name: 'Try again' }).count()).toBe(0);
    expect(await accessibilityFaults(page)).toEqual([]);
    watched?.expected(/409/);
    await visit(page, url, 'config', PAGES.config);
    await page.getByText(/^The configuration is the file.*keep what the file has there\.$/).waitFor();
    await expectFormsToWriteTheFile(page, url);
    await visit(page, url, 'settings?tab=accounts', PAGES.settings);
    await page.getByRole('heading', { name: 'Accounts need a database' }).waitFor();
    await page.context().clearCookies();
    await signIn(page, url, 'sk-of-a-client');
    await page.getByRole('heading', { name: 'This gateway does not store requests' }).waitFor();
    await page.getByText('Its operator has not turned on stored usage.', { exact: false }).waitFor();
    expect(await page.getByRole('button', { name: 'Try again' }).count()).toBe(0);
    watched?.expected(/503/);
  });

  test('explains a change that is not saved, and outlives a restart of the gateway', async () => {
    const options = { dbUrl: `sqlite://${join(folder, 'proxy.db')}`, folder };
    const gateway = await startDatabaseGateway(options);
    programs.push(gateway.program);
    const base = `${simulator.url}/v1`;
    const page = await open(gateway.url);
    await signIn(page, gateway.url, ADMIN_KEY);
    await visit(page, gateway.url, 'models?new=1', PAGES.models);
    // A route has nothing to choose from yet.
    await page.getByRole('dialog').getByRole('link', { name: 'Add a provider' }).click();
    await page.getByRole('dialog', { name: 'New provider' }).waitFor();
    await gateway.admin('POST', '/providers', { id: 'near', api_base: base, free: true });
    await gateway.admin('POST', '/providers', { id: 'far', api_base: base, free: true });
    await gateway.admin('POST', '/models', { id: 'fast', routes: [{ provider: 'near', model: 'mock/ok' }] });
    await gateway.admin('POST', '/master-keys', { id: 'app', key: 'sk-modes-0123456789' });
    await Promise.all(Array.from({ length: 80 }, () => gateway.ask('sk-modes-0123456789', 'fast')));
    // A page without live requests shows what is stored by then.
    while (Number((await gateway.admin('GET', '/overview'))['requests']) < 80) await Bun.sleep(50);
    // Many rows are drawn at once, also while nothing happens that would draw them again.
    await visit(page, gateway.url, 'requests?tail=off', PAGES.requests);
    await page.getByText('80 requests loaded').waitFor();
    await page.locator('tbody tr').nth(10).waitFor();
    await visit(page, gateway.url, 'explain?model=fast', PAGES.explain);
    const plan = page.locator('.plan');
    await plan.getByRole('link', { name: 'near' }).waitFor();
    await page.getByRole('button', { name: 'To a model' }).click();
    await page.getByRole('combobox', { name: 'What changes' }).click();
    await page.getByRole('option', { name: 'fast' }).click();
    await page.getByLabel('Its fields').fill('{"routes": [{"provider": "far", "model": "mock/ok"}]}');
    await plan.getByRole('link', { name: 'far' }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(await gateway.admin('GET', '/models/fast')).toMatchObject({ routes: [{ provider: 'near' }] });

    const port = new URL(gateway.url).port;
    gateway.program.kill();
    await gateway.program.exited;
    await page.getByText('The connection to the gateway is lost.', { exact: false }).waitFor();
    // A page that was never opened has no script yet; it opens once the gateway is back.
    await page.getByRole('link', { name: PAGES.keys }).click();
    await page.getByRole('heading', { name: 'The gateway cannot be reached', level: 1 }).waitFor();
    await page.setViewportSize({ width: 390, height: 844 });
    await page.getByRole('button', { name: 'Menu', exact: true }).click();
    await page.getByRole('button', { name: 'Close the menu' }).click({ position: { x: 380, y: 400 } });
    await page.setViewportSize({ width: 1440, height: 900 });
    const env = { DB_URL: options.dbUrl, ADMIN_KEY, SNAPSHOT_FILE: join(folder, 'last-good') };
    programs.push(startProcess(['--host', '127.0.0.1', '--port', port], { cwd: folder, env }));
    await page.getByRole('heading', { name: PAGES.keys, level: 1 }).waitFor();
    watched?.expected(/ERR_|50[234]|Failed to (load|fetch dynamically)/);
  });
});

/** A form shows what to put into the file, and nothing is offered that only a database can do. */
async function expectFormsToWriteTheFile(page: Page, url: string): Promise<void> {
  await visit(page, url, 'keys?new=1', PAGES.keys);
  await page.getByRole('dialog').getByLabel('Name').fill('another');
  // Nothing is created before the file has it.
  await page.getByRole('button', { name: 'Review the change' }).click();
  const written = page.getByRole('dialog', { name: 'Review the change' });
  await written.getByText(/- name: another\n +key: sk-lp-/).waitFor();
  await written.getByText(/^The configuration is a file\. Add this to/).waitFor();
  expect(await written.getByRole('button', { name: 'Save' }).count()).toBe(0);
  await visit(page, url, 'keys', PAGES.keys);
  await page.getByRole('columnheader', { name: 'Tightest limit' }).waitFor();
  expect(await page.getByRole('columnheader', { name: 'Last used' }).count()).toBe(0);
  await page.getByRole('cell', { name: 'k', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Edit' }).waitFor();
  for (const fact of ['Last used', 'Created'])
    expect(await page.getByRole('dialog').getByText(fact, { exact: true }).count()).toBe(0);
  for (const name of ['Rotate', 'Delete'])
    expect(await page.getByRole('dialog').getByRole('button', { name }).count()).toBe(0);
  expect(await page.getByRole('dialog').getByRole('switch').count()).toBe(0);
  await visit(page, url, 'models', PAGES.models);
  await page.getByLabel('Model, provider').fill('of no model');
  await page.getByRole('heading', { name: 'No matches.' }).waitFor();
  await page.getByLabel('Model, provider').fill('');
  await page.getByRole('region', { name: 'fast' }).getByRole('button', { name: 'Edit' }).click();
  await page.getByRole('button', { name: 'Review the change' }).click();
  await written.getByText('Nothing changes.').waitFor();
  expect(await written.getByText('Put this into').count()).toBe(0);
  await written.getByRole('button', { name: 'Back' }).click();
  await page.getByLabel('Weight').fill('4');
  await page.getByRole('button', { name: 'Review the change' }).click();
  await written.getByText(/^The configuration is a file\. Put this into .* in place of/).waitFor();
  // The review marks only those lines of a long value that change.
  const added = written.locator('.diff-line.is-added');
  expect((await added.allInnerTexts()).join('')).not.toContain('provider');
  expect((await added.allInnerTexts()).join('')).toContain('"weight": 4');
  await visit(page, url, 'providers?edit=p', PAGES.providers);
  await page.getByLabel('Weight').fill('3');
  await page.getByRole('button', { name: 'Review the change' }).click();
  // Nothing is taken away from a field that was not set.
  await added.getByText('3', { exact: true }).waitFor();
  expect(await written.locator('.diff-line.is-removed').count()).toBe(0);
}
