import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from './browser.ts';
import { canTestConsole, signIn } from './console-browser.ts';
import { ADMIN_KEY, type DatabaseGateway, startDatabaseGateway } from './db-program.ts';
import { startProcess, type TestProcess } from './process.ts';

/** The attempts of a page of another origin on a gateway. Everything that it can read goes into `got`. */
const ATTACK = `async (url) => {
  const got = [];
  const tries = [];
  const read = async (path, options) => {
    try {
      const response = await fetch(url + path, options);
      const text = await response.text();
      if (text !== '') got.push(path + ' ' + text);
    } catch {}
  };
  const body = JSON.stringify({ id: 'planted', api_base: 'http://127.0.0.1:9/v1', free: true });
  for (const credentials of ['include', 'same-origin']) {
    for (const path of ['/admin/v1/session', '/admin/v1/providers', '/admin/v1/config/export', '/v1/key', '/console'])
      tries.push(read(path, { credentials }));
    for (const type of ['text/plain', 'application/json', 'application/x-www-form-urlencoded'])
      for (const mode of ['cors', 'no-cors'])
        tries.push(read('/admin/v1/providers', { method: 'POST', mode, credentials, headers: { 'content-type': type }, body }));
    tries.push(read('/admin/v1/models/kept', { method: 'DELETE', credentials }));
    tries.push(read('/admin/v1/routes/x/drain', { method: 'POST', mode: 'no-cors', credentials }));
  }
  const source = new EventSource(url + '/admin/v1/live', { withCredentials: true });
  source.addEventListener('hello', (event) => got.push('live ' + event.data));
  const frame = document.createElement('iframe');
  frame.src = url + '/console';
  document.body.append(frame);
  const hidden = document.createElement('iframe');
  hidden.name = 'posted';
  document.body.append(hidden);
  const form = document.createElement('form');
  Object.assign(form, { action: url + '/admin/v1/providers', method: 'post', enctype: 'text/plain', target: 'posted' });
  const field = document.createElement('input');
  Object.assign(field, { name: body.slice(0, -1) + ',"x":"', value: '"}' });
  form.append(field);
  document.body.append(form);
  form.submit();
  await Promise.all(tries);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  source.close();
  for (const one of [frame, hidden]) {
    try {
      const text = one.contentDocument?.body.innerText ?? '';
      if (text !== '') got.push('frame ' + text);
    } catch {}
  }
  return got;
}`;

let browser: Browser;
let folder: string;
let foreign: { readonly port: number | undefined; stop: (ends: boolean) => Promise<void> };

describe.skipIf(!canTestConsole)('a foreign page in the browser of somebody who is signed in', () => {
  beforeAll(async () => {
    browser = await launchBrowser();
    folder = await mkdtemp(join(tmpdir(), 'console-foreign-'));
    foreign = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: () => new Response('<!doctype html><body></body>', { headers: { 'content-type': 'text/html' } }),
    });
  }, 180_000);
  afterAll(async () => {
    await browser.close();
    await foreign.stop(true);
    await rm(folder, { recursive: true });
  });

  /** Origins of other sites, and of the same site with another port, whose requests carry the cookie. */
  const origins = (): string[] => ['localhost', '127.0.0.1'].map((host) => `http://${host}:${foreign.port}`);

  async function attack(page: Page, url: string): Promise<string[]> {
    const got: string[] = [];
    for (const origin of origins()) {
      await page.goto(origin);
      got.push(...(await page.evaluate<string[]>(`(${ATTACK})(${JSON.stringify(url)})`)));
    }
    return got;
  }

  test('reads and changes nothing, also where cors_origins names it', async () => {
    const gateway: DatabaseGateway = await startDatabaseGateway({ dbUrl: 'sqlite::memory:', folder });
    try {
      const provider = { id: 'kept', api_base: 'http://127.0.0.1:9/v1', free: true };
      await gateway.admin('POST', '/providers', provider);
      await gateway.admin('POST', '/models', { id: 'kept', routes: [{ provider: 'kept', model: 'm' }] });
      await gateway.admin('PUT', '/settings/server', {
        value: { host: '127.0.0.1', cors_origins: origins() },
      });
      const context = await browser.newContext();
      const page = await context.newPage();
      await signIn(page, gateway.url, ADMIN_KEY);
      const [cookie] = await context.cookies();
      expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
      const before = await gateway.admin('GET', '/config/export');
      // An origin of `cors_origins` may ask the API with a key of its own, and reads that it lacks one.
      const got = (await attack(page, gateway.url)).filter(
        (text) => !/^\/v1\/key .*missing_api_key/s.test(text),
      );
      expect(got).toEqual([]);
      expect(await gateway.admin('GET', '/config/export')).toEqual(before);
      // The same attempts from the gateway's own page succeed, so it is their origin that makes them fail.
      await page.goto(`${gateway.url}/console`);
      const own = await page.evaluate<string[]>(`(${ATTACK})(${JSON.stringify(gateway.url)})`);
      for (const part of [
        '/admin/v1/session {',
        '/admin/v1/providers {',
        '/admin/v1/config/export {',
        'live {',
      ])
        expect(own.some((text) => text.startsWith(part))).toBe(true);
      await gateway.admin('GET', '/providers/planted');
      await context.close();
    } finally {
      gateway.program.kill();
      await gateway.program.exited;
    }
  }, 180_000);

  test('reads and changes nothing in the demo, which needs no sign-in', async () => {
    const demo: TestProcess = startProcess(['--port', '0'], { cwd: folder });
    try {
      const [, url = ''] = await demo.printed(/console +(http:\/\/[\d.:]+)\/console/);
      const exported = async (): Promise<string> => {
        const { yaml } = (await (await fetch(`${url}/admin/v1/config/export`)).json()) as { yaml: string };
        return yaml;
      };
      const before = await exported();
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.goto(`${url}/console`);
      await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
      expect(await attack(page, url)).toEqual([]);
      expect(await exported()).toBe(before);
      await context.close();
    } finally {
      demo.kill();
      await demo.exited;
    }
  }, 180_000);
});
