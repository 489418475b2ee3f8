import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { startGateway, type TestGateway } from './gateway.ts';

/** A provider that stores objects. Each POST creates one, and its id names the provider. */
function startKeeper(name: string): { server: Bun.Server<undefined>; asked: string[] } {
  const asked: string[] = [];
  let count = 0;
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      asked.push(`${request.method} ${pathname}${search}`);
      const id = `${name}_${(count += 1)}`;
      if (pathname.endsWith('/chat/completions') && request.method === 'POST') {
        const message = { role: 'assistant', content: 'Hello' };
        return Response.json({ id, choices: [{ index: 0, message, finish_reason: 'stop' }] });
      }
      if (pathname.endsWith(':generateContent')) {
        const content = { role: 'model', parts: [{ text: 'Hello' }] };
        return Response.json({ candidates: [{ content, finishReason: 'STOP' }] });
      }
      if (!pathname.endsWith('/responses') || request.method !== 'POST')
        return Response.json({ object: 'thing', id, output_file_id: `out_of_${id}` });
      const body = (await request.json()) as { stream?: boolean };
      const response = { id, object: 'response', status: 'completed', output: [] };
      if (body.stream !== true) return Response.json(response);
      const events = ['created', 'completed'].map(
        (kind) =>
          `event: response.${kind}\ndata: ${JSON.stringify({ type: `response.${kind}`, response })}\n\n`,
      );
      return new Response(events.join(''), { headers: { 'content-type': 'text/event-stream' } });
    },
  });
  return { server, asked };
}

const one = startKeeper('one');
const two = startKeeper('two');
let gateway: TestGateway;

beforeAll(() => {
  gateway = startGateway(`
providers:
  - { name: one, api_base: "${one.server.url.origin}/v1" }
  - { name: two, api_base: "${two.server.url.origin}/v1" }
models:
  cheap: { routes: [{ provider: one, model: cheap-up }] }
  other: { routes: [{ provider: two, model: other-up }] }
  secret: { routes: [{ provider: one, model: secret-up }] }
master_keys:
  - { name: all, key: mk-all }
  - { name: narrow, key: mk-narrow, allowed_models: [cheap] }
  - { name: wide, key: mk-wide, allowed_models: [cheap, other] }`);
});
beforeEach(() => {
  one.asked.length = 0;
  two.asked.length = 0;
});
afterAll(async () => {
  await gateway.stop();
  await Promise.all([one.server.stop(true), two.server.stop(true)]);
});

type Said = Record<string, unknown>;

interface Reply {
  readonly status: number;
  readonly code: unknown;
  readonly id: string;
  readonly more: Said;
}

async function ask(
  key: string,
  line: string,
  body?: Said,
  headers: Record<string, string> = {},
): Promise<Reply> {
  const [method = '', path = ''] = line.split(' ');
  const response = await fetch(`${gateway.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const more = (text.startsWith('{') ? JSON.parse(text) : {}) as Said & { error?: Said };
  return { status: response.status, code: more.error?.['code'], id: String(more['id']), more };
}

describe('a key with a list of models', () => {
  test('reads, uses and deletes what it made, at the provider that has it', async () => {
    const { id, status } = await ask('mk-narrow', 'POST /v1/files', { purpose: 'user_data' });
    expect({ id: id.slice(0, 4), status }).toEqual({ id: 'one_', status: 200 });
    for (const line of [`GET /v1/files/${id}`, `GET /files/${id}/content`, `DELETE /v1/files/${id}`])
      expect((await ask('mk-narrow', line)).status).toBe(200);
    expect(one.asked).toHaveLength(4);
    expect(two.asked).toHaveLength(0);
  });

  test('reaches nothing of another key, nor what nobody made, by any name of a provider', async () => {
    const file = await ask('mk-all', 'POST /v1/files', {}, { 'x-llm-proxy-provider': 'one' });
    const response = await ask('mk-wide', 'POST /v1/responses', { model: 'cheap', input: 'x' });
    one.asked.length = 0;
    for (const headers of [{}, { 'x-llm-proxy-provider': 'cheap' }, { 'x-llm-proxy-provider': 'one' }]) {
      for (const path of [
        `/v1/files/${file.id}`,
        `/v1/files/${file.id}/content`,
        `/files/${encodeURIComponent(file.id).replace('o', '%6f')}`,
        `/v1/responses/${response.id}`,
        '/v1/batches/batch_of_nobody',
        '/v1/chat/completions/chatcmpl-x',
      ])
        expect(await ask('mk-narrow', `GET ${path}`, undefined, headers)).toMatchObject({
          status: 404,
          code: 'object_not_found',
        });
    }
    expect(one.asked).toEqual([]);
  });

  test.each([
    'GET /v1/files',
    'GET /v1/chat/completions?limit=100',
    'GET /v1/responses',
    'POST /v1/batches',
    'POST /v1/messages/batches',
    'GET /v1/organization/admin_api_keys',
    'POST /v1/anything',
    'PUT /v1/chat/completions',
  ])('gets nothing of %s, though its body and its header name a model of it', async (line) => {
    const body = line.startsWith('GET') ? undefined : { model: 'cheap' };
    for (const name of ['cheap', 'one']) {
      const reply = await ask('mk-narrow', line, body, { 'x-llm-proxy-provider': name });
      expect(reply).toMatchObject({ status: 403, code: 'path_not_allowed' });
    }
    expect(one.asked).toEqual([]);
  });

  test.each([
    'POST /v1/models/secret:generateContent',
    'POST /v1beta/models/secret:streamGenerateContent?alt=sse',
    'POST /v1/chat/completions?model=secret',
    'POST /v1/audio/transcriptions?a=b&%6dodel=%73ecret',
    'POST /v1/models/%73ecret:generateContent',
    'POST /openai/deployments/secret/chat/completions',
    'POST /v1/openai/deployments/secret/chat/completions',
  ])('does not reach another model by %s', async (line) => {
    const body = { model: 'cheap', messages: [] };
    const reply = await ask('mk-narrow', line, body, { 'x-llm-proxy-provider': 'cheap' });
    expect(reply.status).toBe(403);
    expect(one.asked).toEqual([]);
  });

  test('names its own model in the path', async () => {
    expect((await ask('mk-narrow', 'POST /v1beta/models/cheap:generateContent', {})).status).toBe(200);
    expect(one.asked).toHaveLength(1);
  });

  test.each([
    [{ models: ['cheap', 'secret'] }],
    [{ Models: ['secret'] }],
    [{ fallbacks: ['secret'] }],
    [{ fallbacks: [{ model: 'secret' }] }],
    [{ fallbacks: [{ cheap: ['secret'] }] }],
    [{ fallback_models: 'secret' }],
    [{ context_window_fallbacks: [{ cheap: ['secret'] }] }],
    [{ models: [7] }],
    [{ tools: [{ type: 'image_generation', model: 'secret' }] }],
  ])('may not name another model beside its own: %j', async (more) => {
    const reply = await ask('mk-narrow', 'POST /v1/chat/completions', {
      model: 'cheap',
      messages: [],
      ...more,
    });
    expect(reply).toMatchObject({ status: 403, code: 'model_not_allowed' });
    expect(one.asked).toEqual([]);
  });

  test('may say what looks like a model and is none', async () => {
    const tools = [{ type: 'function', function: { name: 'f', parameters: { properties: { model: {} } } } }];
    const body = { model: 'cheap', models: ['cheap'], fallbacks: null, messages: [], tools };
    expect((await ask('mk-narrow', 'POST /v1/chat/completions', body)).status).toBe(200);
  });

  test('needs a model in the body where the API has one, whatever the header says', async () => {
    const reply = await ask(
      'mk-narrow',
      'POST /v1/moderations',
      { input: 'x' },
      { 'x-llm-proxy-provider': 'cheap' },
    );
    expect(reply).toMatchObject({ status: 400, code: 'missing_model' });
  });

  test('makes something new at the provider of the model in its header, where its models have several', async () => {
    expect(await ask('mk-wide', 'POST /v1/files', {})).toMatchObject({ status: 400, code: 'missing_model' });
    const { id } = await ask('mk-wide', 'POST /v1/files', {}, { 'x-llm-proxy-provider': 'other' });
    expect(id).toStartWith('two_');
    expect((await ask('mk-wide', `GET /v1/files/${id}`)).status).toBe(200);
    expect(two.asked).toHaveLength(2);
  });

  test.each([[{}], [{ stream: true }]])('reads a response that it made, %j', async (more) => {
    const body = { model: 'cheap', input: 'x', ...more };
    const response = await fetch(`${gateway.url}/v1/responses`, {
      method: 'POST',
      headers: { authorization: 'Bearer mk-narrow', 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const id = /one_\d+/.exec(await response.text())?.[0] ?? '';
    expect((await ask('mk-narrow', `GET /v1/responses/${id}`)).status).toBe(200);
    expect((await ask('mk-wide', `GET /v1/responses/${id}`)).status).toBe(404);
    const next = { model: 'cheap', input: 'y', previous_response_id: id };
    expect((await ask('mk-narrow', 'POST /v1/responses', next)).status).toBe(200);
    expect(await ask('mk-wide', 'POST /v1/responses', next)).toMatchObject({
      status: 404,
      code: 'object_not_found',
    });
  });

  test('has what comes of its objects', async () => {
    const { id } = await ask('mk-narrow', 'POST /v1/files', {});
    expect((await ask('mk-narrow', `GET /v1/files/out_of_${id}`)).status).toBe(200);
  });

  test('reads a completion that it stored, and one that it did not store is nobody’s', async () => {
    const body = { model: 'cheap', messages: [] };
    const stored = await ask('mk-narrow', 'POST /v1/chat/completions', { ...body, store: true });
    expect((await ask('mk-narrow', `GET /v1/chat/completions/${stored.id}/messages`)).status).toBe(200);
    const plain = await ask('mk-narrow', 'POST /v1/chat/completions', body);
    expect((await ask('mk-narrow', `GET /v1/chat/completions/${plain.id}`)).status).toBe(404);
  });
});

describe('for every key', () => {
  test('a request about an object goes to the provider that made it', async () => {
    const { id } = await ask('mk-all', 'POST /v1/files', {}, { 'x-llm-proxy-provider': 'two' });
    one.asked.length = 0;
    two.asked.length = 0;
    expect((await ask('mk-all', `DELETE /v1/files/${id}`)).status).toBe(200);
    expect(two.asked).toEqual([`DELETE /v1/files/${id}`]);
    expect(await ask('mk-all', 'GET /v1/files/unknown')).toMatchObject({
      status: 400,
      code: 'missing_model',
    });
  });

  test('a path that no API has does not exist', async () => {
    expect(await ask('mk-all', 'GET /robots.txt')).toMatchObject({ status: 404, code: 'path_not_found' });
  });
});
