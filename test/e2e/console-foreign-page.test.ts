import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from './browser.ts';
import { canTestConsole, signIn } from './console-browser.ts';
import { ADMIN_KEY, type DatabaseGateway, startDatabaseGateway } from './db-program.ts';
import { makeCertificates, OPENSSL } from '../unit/upstream/certificates.ts';
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

/** Tries to sign the browser in with a key of the attacker, who would then see what its owner does. */
const SIGN_IN = `async (url) => {
  const body = JSON.stringify({ key: 'sk-of-an-attacker' });
  for (const mode of ['cors', 'no-cors'])
    for (const type of ['text/plain', 'application/json'])
      await fetch(url + '/admin/v1/sessions', { method: 'POST', mode, credentials: 'include', headers: { 'content-type': type }, body })
        .catch(() => undefined);
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

  /** An origin of `cors_origins` may ask the API with a key of its own, and reads that it lacks one. */
  const isSecret = (text: string): boolean => !/^\/v1\/key .*missing_api_key/s.test(text);

  test('reads and changes nothing, also where cors_origins names it', async () => {
    const gateway: DatabaseGateway = await startDatabaseGateway({ dbUrl: 'sqlite::memory:', folder });
    try {
      const provider = { id: 'kept', api_base: 'http://127.0.0.1:9/v1', free: true };
      await gateway.admin('POST', '/providers', provider);
      await gateway.admin('POST', '/models', { id: 'kept', routes: [{ provider: 'kept', model: 'm' }] });
      await gateway.admin('POST', '/master-keys', { id: 'attacker', key: 'sk-of-an-attacker' });
      await gateway.admin('PUT', '/settings/server', {
        value: { host: '127.0.0.1', cors_origins: origins() },
      });
      const context = await browser.newContext();
      const page = await context.newPage();
      await signIn(page, gateway.url, ADMIN_KEY);
      const [cookie] = await context.cookies();
      expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
      const before = await gateway.admin('GET', '/config/export');
      expect((await attack(page, gateway.url)).filter(isSecret)).toEqual([]);
      expect(await gateway.admin('GET', '/config/export')).toEqual(before);
      for (const origin of origins()) {
        await page.goto(origin);
        await page.evaluate(`(${SIGN_IN})(${JSON.stringify(gateway.url)})`);
      }
      expect(await context.cookies()).toEqual([expect.objectContaining({ value: cookie?.value })]);
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
      await page.evaluate(`(${SIGN_IN})(${JSON.stringify(gateway.url)})`);
      expect((await context.cookies())[0]?.value).not.toBe(cookie?.value);
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
      const value = { host: '127.0.0.1', cors_origins: origins() };
      const headers = { 'content-type': 'application/json' };
      const body = JSON.stringify({ value });
      await fetch(`${url}/admin/v1/settings/server`, { method: 'PUT', headers, body });
      const opened = await exported();
      expect(opened).toContain('cors_origins');
      expect((await attack(page, url)).filter(isSecret)).toEqual([]);
      // The browser takes this name for the page's own origin.
      await page.goto(`http://gateway.test:${new URL(url).port}/console`);
      const statuses = await page.evaluate<number[]>(
        `Promise.all(['session', 'providers', 'config/export'].map(async (path) => (await fetch('/admin/v1/' + path)).status))`,
      );
      expect(statuses).toEqual([403, 403, 403]);
      expect(await exported()).toBe(opened);
      await context.close();
    } finally {
      demo.kill();
      await demo.exited;
    }
  }, 180_000);

  test.skipIf(OPENSSL === null)(
    'reads nothing behind a proxy that ends TLS, and the cookie is never sent without TLS',
    async () => {
      const gateway: DatabaseGateway = await startDatabaseGateway({ dbUrl: 'sqlite::memory:', folder });
      const proxy = Bun.serve({
        hostname: '127.0.0.1',
        port: 0,
        tls: makeCertificates().localhost,
        fetch(request) {
          const { pathname, search } = new URL(request.url);
          const headers = new Headers(request.headers);
          headers.set('x-forwarded-proto', 'https');
          const { method, body } = request;
          return fetch(`${gateway.url}${pathname}${search}`, { method, headers, body, decompress: false });
        },
      });
      try {
        const value = { host: '127.0.0.1', trusted_proxies: ['127.0.0.1'], cors_origins: origins() };
        await gateway.admin('PUT', '/settings/server', { value });
        const context = await browser.newContext({ ignoreHTTPSErrors: true });
        const page = await context.newPage();
        const url = `https://gateway.test:${proxy.port}`;
        await signIn(page, url, ADMIN_KEY);
        const cookies = await context.cookies();
        expect(cookies).toEqual([
          expect.objectContaining({
            name: '__Host-llm_proxy_session',
            secure: true,
            httpOnly: true,
            sameSite: 'Strict',
          }),
        ]);
        expect((await attack(page, url)).filter(isSecret)).toEqual([]);
        await page.goto(`http://gateway.test:${new URL(gateway.url).port}/console`);
        await page.getByRole('button', { name: 'Sign in' }).waitFor();
        expect(await context.cookies()).toEqual(cookies);
        await context.close();
      } finally {
        await proxy.stop(true);
        gateway.program.kill();
        await gateway.program.exited;
      }
    },
    180_000,
  );
});
