import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { type Console, createConsole } from '../../../src/console/console-page.ts';

const PAGE =
  '<!doctype html><base href="/console/" /><meta name="csp-nonce" content="__CSP_NONCE__">' +
  '<!--page overview--><link href="o.js"><!--/page--><!--page requests--><link href="r.js"><!--/page-->';
const SCRIPT = `console.log(${JSON.stringify('x'.repeat(4000))})`;

let folder: string;
let panel: Console;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'console-'));
  panel = createConsole({ path: () => '/console', folder: join(folder, 'dist') });
});
afterAll(() => rm(folder, { recursive: true }));

const get = (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Response> =>
  panel(new Request(`http://gateway${path}`, { headers, method }), path);

describe('the console', () => {
  test('says that it is being prepared until it is built, and is there afterwards', async () => {
    const early = await get('/console');
    expect([early.status, early.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await early.text()).toContain('being prepared');
    await mkdir(join(folder, 'dist', 'assets'), { recursive: true });
    await writeFile(join(folder, 'dist', 'index.html'), PAGE);
    await writeFile(join(folder, 'dist', 'assets', 'main-3f2a91bc.js'), SCRIPT);
    await writeFile(join(folder, 'dist', 'assets', 'main-3f2a91bc.js.map'), '{}');
    await writeFile(join(folder, 'secret.json'), '{}');
    expect((await get('/console')).status).toBe(200);
  });

  test('answers the address of every view with the page', async () => {
    for (const path of ['/console', '/console/', '/console/requests', '/console/models/a%2Fb'])
      expect(await (await get(path)).text()).toContain('<base href="/console/"');
  });

  test('links to the scripts of the view that is asked for alone', async () => {
    const links = async (path: string) => (await (await get(path)).text()).match(/\w\.js/g);
    expect(await links('/console')).toEqual(['o.js']);
    expect(await links('/console/requests')).toEqual(['r.js']);
    expect(await links('/console/models')).toBeNull();
  });

  test('has a policy without inline scripts, and a nonce of its own in each answer', async () => {
    const nonces = await Promise.all(
      [1, 2].map(async () => {
        const response = await get('/console');
        const policy = response.headers.get('content-security-policy') ?? '';
        const [, nonce = 'none'] = /style-src 'self' 'nonce-([\w-]+)'/.exec(policy) ?? [];
        expect(policy).toContain("default-src 'self'");
        expect(policy).toContain("script-src 'self';");
        expect(policy).toContain("frame-ancestors 'none'");
        expect(policy).not.toContain('unsafe');
        expect(await response.text()).toContain(`content="${nonce}"`);
        return nonce;
      }),
    );
    expect(nonces[0]).not.toBe(nonces[1]);
  });

  test('stands at another path', async () => {
    const other = createConsole({ path: () => '/ops/panel', folder: join(folder, 'dist') });
    const answer = async (path: string) => other(new Request(`http://gateway${path}`), path);
    expect(await (await answer('/ops/panel/keys')).text()).toContain('<base href="/ops/panel/"');
    expect((await answer('/ops/panel/assets/main-3f2a91bc.js')).status).toBe(200);
  });

  test('compresses as the browser asks', async () => {
    const path = '/console/assets/main-3f2a91bc.js';
    const body = async (accept: string) => {
      const response = await get(path, { 'accept-encoding': accept });
      return [response.headers.get('content-encoding'), await response.bytes()] as const;
    };
    const [br, brotli] = await body('gzip, br');
    expect([br, brotliDecompressSync(brotli).toString()]).toEqual(['br', SCRIPT]);
    const [gzip, zipped] = await body('gzip, br;q=0');
    expect([gzip, gunzipSync(zipped).toString()]).toEqual(['gzip', SCRIPT]);
    const [none, plain] = await body('');
    expect([none, new TextDecoder().decode(plain)]).toEqual([null, SCRIPT]);
  });

  test('sends a font as it is, and says so', async () => {
    await writeFile(join(folder, 'dist', 'assets', 'font-3f2a91bc.woff2'), 'wOF2');
    const response = await get('/console/assets/font-3f2a91bc.woff2', { 'accept-encoding': 'gzip, br' });
    expect([response.headers.get('content-encoding'), await response.text()]).toEqual([null, 'wOF2']);
  });

  test('lets a browser keep files whose name has their hash', async () => {
    const response = await get('/console/assets/main-3f2a91bc.js');
    expect(response.headers.get('cache-control')).toContain('immutable');
    const again = await get('/console/assets/main-3f2a91bc.js', {
      'if-none-match': response.headers.get('etag') ?? '',
    });
    expect(again.status).toBe(304);
    expect((await get('/console')).headers.get('cache-control')).toBe('no-store');
  });

  test('gives nothing that is not one of its files', async () => {
    for (const path of [
      'assets/none-00000000.js',
      'assets/main-3f2a91bc.js.map',
      '../secret.json',
      '..%2fsecret.json',
      'assets/../../secret.json',
      '.hidden.js',
      '//etc/passwd.json',
    ])
      expect((await get(`/console/${path}`)).status).toBe(404);
    expect((await get('/console', {}, 'POST')).status).toBe(405);
  });
});
