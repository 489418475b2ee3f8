import { afterEach, beforeEach, expect, test } from 'bun:test';
import { chat, startGateway, type TestGateway } from '../e2e/gateway.ts';

/** Answers like a provider that lacks an endpoint, and answers everything else like a healthy one. */
function answer(request: Request): Response {
  const { pathname } = new URL(request.url);
  if (pathname.endsWith('/')) return new Response(null, { status: 307, headers: { location: '/v1/x' } });
  if (request.headers.has('if-none-match'))
    return new Response(null, { status: 304, headers: { etag: '"a"' } });
  if (pathname === '/v1/rerank') return Response.json({ error: { message: 'no' } }, { status: 501 });
  if (pathname === '/v1/moderations')
    return new Response('<html>', { headers: { 'content-type': 'text/html' } });
  if (pathname === '/v1/embeddings') return Response.json({ object: 'list', data: [] });
  if (pathname === '/v1/responses')
    return Response.json({ id: 'r', object: 'response', output: [], status: 'queued' }, { status: 202 });
  if (request.headers.has('x-deferred')) return Response.json({ request_id: 'later' });
  if (pathname === '/v1/completions') return Response.json({ object: 'text_completion', choices: [] });
  return Response.json({
    id: 'c',
    choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
  });
}

let providers: ReturnType<typeof Bun.serve>[];
let gateway: TestGateway;

beforeEach(() => {
  providers = [1, 2].map(() => Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: answer }));
  const [first, second] = providers.map(({ url }) => url.origin);
  gateway = startGateway(`
providers:
  - { name: a, api_base: "${first}/v1" }
  - { name: b, api_base: "${second}/v1" }
models:
  m: { routes: [{ provider: a, priority: 1 }, { provider: b, priority: 2 }] }`);
});
afterEach(async () => {
  await gateway.stop();
  for (const provider of providers) await provider.stop(true);
});

/** Status and attempts summary of one client's request. */
async function ask(path: string, body: unknown, headers: Record<string, string> = {}): Promise<string> {
  const response = await gateway.post(path, body, { headers });
  await response.text();
  return `${response.status} ${response.headers.get('x-llm-proxy-trail')}`;
}

const CHAT = '/v1/chat/completions';
const EMBEDDINGS = { model: 'm', input: [] };

test.each([
  ['a condition', CHAT, chat('m'), { 'if-none-match': '"a"' }, '304 a/m rejected 304'],
  [
    'a slash too many',
    '/v1/anything/',
    chat('m'),
    {},
    '502 a/m failed 307 (redirect), b/m failed 307 (redirect)',
  ],
  ['an endpoint that providers lack', '/v1/rerank', chat('m'), {}, '501 a/m failed 501, b/m failed 501'],
  ['embeddings of nothing', '/v1/embeddings', EMBEDDINGS, {}, '200 a/m answered'],
  ['an answer that comes later', '/v1/responses', { model: 'm', input: 'x' }, {}, '202 a/m answered'],
  ['a completion that comes later', CHAT, chat('m'), { 'x-deferred': '1' }, '200 a/m answered'],
])('%s leaves the model to everybody, and itself', async (...row) => {
  const [, path, body, headers, came] = row;
  expect(await ask(path, body, headers)).toBe(came);
  expect(await ask(path, body, headers)).toBe(came);
  expect(await ask(CHAT, chat('m'))).toBe('200 a/m answered');
  expect(gateway.events.filter(({ type }) => type === 'route-cooled')).toEqual([]);
});

test('an endpoint that answers with nothing cools by itself, and the others of the route do not', async () => {
  const empty = { model: 'm', prompt: 'x' };
  expect(await ask('/v1/completions', empty)).toBe(
    '502 a/m failed 200 (no-choices), b/m failed 200 (no-choices)',
  );
  expect(gateway.events.some(({ type }) => type === 'route-cooled')).toBe(true);
  expect(await ask('/v1/completions', empty)).toStartWith('502 b/m');
  expect(await ask(CHAT, chat('m'))).toBe('200 a/m answered');
});

test('embeddings of something that come back empty are a failure', async () => {
  expect(await ask('/v1/embeddings', { model: 'm', input: ['x'] })).toStartWith('502 ');
});
