import { afterAll, beforeEach, expect, test } from 'bun:test';
import { isForbiddenHost } from '../../src/lib/outgoing-address.ts';
import { createMediaFetcher } from '../../src/upstream/media/media-fetcher.ts';
import { responseOf } from '../../src/server/response.ts';
import { handle } from '../../src/gateway/handle.ts';
import type { ClientRequest } from '../../src/gateway/ports.ts';
import { fails, type Play, Scene } from '../unit/gateway/scene.ts';
import { startGateway } from './gateway.ts';

const PNG = Buffer.from('89504e470d0a1a0a010203', 'hex');
const MIB = 1024 * 1024;

const fetched: string[] = [];

const files = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  idleTimeout: 60,
  fetch(request) {
    const { pathname } = new URL(request.url);
    fetched.push(pathname);
    const png = { headers: { 'content-type': 'image/png' } };
    if (pathname === '/private') return Response.redirect('http://10.0.0.1/a.png', 302);
    if (pathname === '/large') return new Response(new Uint8Array(2 * MIB), png);
    if (pathname === '/login') return new Response('<html>', png);
    if (pathname === '/silent') return new Promise<Response>(() => undefined);
    return new Response(PNG, png);
  },
});

/** The bodies that providers received. */
const bodies: string[] = [];

const provider = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  async fetch(request) {
    bodies.push(await request.text());
    return Response.json({ error: { message: 'not today' } }, { status: 503 });
  },
});

beforeEach(() => {
  fetched.length = 0;
  bodies.length = 0;
});

afterAll(() => Promise.all([files.stop(true), provider.stop(true)]));

const config = (fetchMedia: boolean, base: string): string => `
providers:
  - { name: nova, provider_type: bedrock, region: r, api_key: k, api_base: "${base}" }
  - { name: gem, provider_type: gemini, api_key: k, api_base: "${base}" }
models:
  two: { routes: [{ provider: nova, model: amazon.nova-lite-v1:0 }, { provider: gem, model: gemini-2.5-flash, priority: 2 }] }
  nova: { routes: [{ provider: nova, model: amazon.nova-lite-v1:0 }] }
  claude: { routes: [{ provider: nova, model: anthropic.claude-sonnet-4-5 }] }
translation: { fetch_media: ${fetchMedia}, max_media_mb: 1 }
fallback: { retries: 0 }`;

const at = (path: string): string => `http://127.0.0.1:${files.port}${path}`;

const chat = (model: string, ...paths: string[]) => ({
  model,
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is it?' },
        ...paths.map((path) => ({ type: 'image_url', image_url: { url: at(path) } })),
      ],
    },
  ],
});

/** A gateway that may fetch media from the loopback address, with providers that fail. */
async function askScene(path: string, body: object, signal = new AbortController().signal) {
  const fail: Play = fails(503);
  const scene = new Scene(config(true, 'http://cloud.test'), { nova: [fail], gem: [fail] });
  const media = createMediaFetcher({
    resolve: (name) => Promise.resolve([name]),
    allows: (address) => !isForbiddenHost(address),
  });
  const request: ClientRequest = {
    method: 'POST',
    path,
    search: '',
    headers: new Headers({ 'content-type': 'application/json' }),
    signal,
    clientAddress: () => '',
    readBody: () => Promise.resolve(new TextEncoder().encode(JSON.stringify(body))),
  };
  const response = responseOf(await handle(request, { ...scene.gateway, media }));
  const sent = scene.sent.map((each) => Buffer.concat(each.body ?? []).toString());
  return { response, sent, text: await response.text() };
}

const COMPLETIONS = '/v1/chat/completions';

test('an image is fetched once, and each route has its bytes', async () => {
  const { sent } = await askScene(COMPLETIONS, chat('two', '/a.png', '/a.png', '/b.png'));
  const data = PNG.toString('base64');
  expect(sent.map((body) => body.split(data).length - 1)).toEqual([3, 3]);
  expect(sent[0]).toContain('"format":"png"');
  expect(sent[1]).toContain('"mimeType":"image/png"');
  expect(fetched.toSorted()).toEqual(['/a.png', '/b.png']);
});

test('Claude at Bedrock has the bytes in the body that the client sent otherwise', async () => {
  const block = { type: 'image', source: { type: 'url', url: at('/a.png') } };
  const body = { model: 'claude', max_tokens: 5, messages: [{ role: 'user', content: [block] }] };
  const { sent } = await askScene('/v1/messages', body);
  const source = { type: 'base64', media_type: 'image/png', data: PNG.toString('base64') };
  expect((JSON.parse(sent[0] ?? '') as typeof body).messages).toEqual([
    { role: 'user', content: [{ type: 'image', source }] },
  ] as never);
});

test.each([
  ['/private', 'redirected to another host'],
  ['/large', 'larger than 1 MB'],
  ['/login', 'its content is no image'],
])('%s makes the route unsuitable', async (path, reason) => {
  const { response, text, sent } = await askScene(COMPLETIONS, chat('nova', '/a.png', path));
  expect([response.status, sent]).toEqual([400, []]);
  expect(text).toContain('messages[0].content[2]');
  expect(text).toContain(reason);
});

test('a request names 16 files at most', async () => {
  const paths = Array.from({ length: 17 }, (_, index) => `/${index}.png`);
  expect((await askScene(COMPLETIONS, chat('nova', ...paths.slice(1)))).sent.length).toBe(1);
  const { text } = await askScene(COMPLETIONS, chat('nova', ...paths));
  expect(text).toContain('messages[0].content[17]');
  expect(text).toContain('more than 16 files');
});

test('a client that leaves ends the fetch', async () => {
  const client = new AbortController();
  const asked = askScene(COMPLETIONS, chat('nova', '/silent'), client.signal);
  setTimeout(() => client.abort(), 200);
  expect((await asked).sent).toEqual([]);
});

test('a running gateway fetches from no private address, and from none at all unless it is told to', async () => {
  for (const fetchMedia of [true, false]) {
    const gateway = startGateway(`allow_unauthenticated: true\n${config(fetchMedia, provider.url.origin)}`);
    const response = await gateway.post(COMPLETIONS, chat('nova', '/a.png'));
    const text = await response.text();
    expect(response.status).toBe(400);
    expect(text).toContain('messages[0].content[1]');
    expect(text).toContain(fetchMedia ? 'no public address' : 'Converse does not accept images by url');
    await gateway.stop();
  }
  expect([fetched, bodies]).toEqual([[], []]);
});
