import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { startGateway, type TestGateway, until } from './gateway.ts';
import { handshake, openSocket, RawSocket } from './web-socket-client.ts';

const KEYS = `
master_keys:
  - { name: all, key: mk-all-models }
  - { name: few, key: mk-few-models, allowed_models: [voice, text] }
  - { name: slow, key: mk-slow-burst, rate_limit: { requests_per_second: 0.01, burst_size: 2 } }`;

let first: Simulator;
let second: Simulator;
let gateway: TestGateway;

function config(keys = KEYS, more = ''): string {
  return `
providers:
  - { name: first, api_base: ${first.url}, api_key: sk-first-provider, websockets: [realtime, responses] }
  - { name: second, api_base: ${second.url}, api_key: sk-second-provider, websockets: [realtime, responses] }
  - { name: azure, api_base: ${second.url}, api_key: sk-azure-provider, provider_type: azure, websockets: [realtime] }
  - { name: http, api_base: ${second.url}, api_key: sk-http-provider }
models:
  voice: { routes: [{ provider: first, model: gpt-realtime-1 }] }
  text: { routes: [{ provider: first, model: gpt-5.5-upstream }] }
  other: { routes: [{ provider: second, model: other-upstream }] }
  deployed: { routes: [{ provider: azure, model: my-deployment }] }
  plain: { routes: [{ provider: http, model: plain-upstream }] }
  mended: { routes: [{ provider: first, model: "mock/ws-refuse?status=503", priority: 1 }, { provider: http, model: x, priority: 1 }, { provider: second, model: good, priority: 2 }] }
  refused: { routes: [{ provider: first, model: "mock/ws-refuse?status=401" }] }
  silent: { routes: [{ provider: first, model: mock/ws-silence }] }
  cut: { routes: [{ provider: first, model: mock/ws-cut }] }
  closing: { routes: [{ provider: first, model: "mock/ws-close?code=4321" }] }
  huge: { routes: [{ provider: first, model: mock/ws-huge }] }
fallback: { cooldown_seconds: 0, retries: 0 }
${keys}
${more}`;
}

const auth = (key: string): Bun.WebSocketOptions => ({ headers: { authorization: `Bearer ${key}` } });
const ALL = auth('mk-all-models');

beforeAll(async () => {
  first = await startSimulator();
  second = await startSimulator();
  gateway = startGateway(config());
});

afterAll(async () => {
  await gateway.stop();
  await first.stop();
  await second.stop();
});

/** The end of the newest request with this status. */
const endOf = (find: (event: { status: number; usage: unknown; model: string | undefined }) => boolean) =>
  until(() => gateway.events.findLast((event) => event.type === 'request-ended' && find(event)));

describe('the Realtime API', () => {
  test('passes through with the upstream model, and its usage is reported for each response', async () => {
    const client = await openSocket(gateway.url, '/v1/realtime?model=voice', ALL);
    expect((await client.event('session.created'))['session']).toMatchObject({ model: 'gpt-realtime-1' });
    client.send({ type: 'session.update', session: { model: 'voice', instructions: 'Be brief.' } });
    expect((await client.event('session.updated'))['session']).toEqual({
      model: 'gpt-realtime-1',
      instructions: 'Be brief.',
    });
    client.send({ type: 'response.create' });
    client.send({ type: 'response.create' });
    await client.event('response.done', 2);
    const isResponse = (event: { status: number; model: string | undefined }) =>
      event.status === 200 && event.model === 'voice';
    const ended = await until(() => {
      const all = gateway.events.filter((event) => event.type === 'request-ended' && isResponse(event));
      return all.length >= 2 ? all : undefined;
    });
    expect(ended).toHaveLength(2);
    expect(ended[1]).toMatchObject({
      endpoint: '/v1/realtime',
      ending: 'complete',
      provider: 'first',
      keyName: 'all',
      usage: { inputTokens: 12, outputTokens: 8, totalTokens: 20, cachedTokens: 4 },
    });
    client.socket.close(3000, 'done');
    const { headers } = first.attempts.findLast(
      ({ path }) => path === '/v1/realtime?model=gpt-realtime-1',
    ) ?? { headers: {} };
    expect(headers).toMatchObject({ authorization: 'Bearer sk-first-provider' });
    await until(() => first.openConnections() === 0 || undefined);
  });

  test('takes the key of a sub-protocol, and neither sends nor tells it', async () => {
    const raw = new RawSocket(
      gateway.url,
      handshake('/v1/realtime?model=voice&key=mk-all-models', [
        'Sec-WebSocket-Protocol: openai-insecure-api-key.mk-all-models, realtime',
        'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits',
      ]),
    );
    const head = await raw.head();
    expect(head).toStartWith('HTTP/1.1 101');
    expect(head).toMatch(/sec-websocket-protocol: realtime\r?$/im);
    expect(head).not.toMatch(/extensions/i);
    const attempt = first.attempts.at(-1);
    expect(attempt?.headers['sec-websocket-protocol']).toBe('realtime');
    expect(JSON.stringify(attempt)).not.toContain('mk-all-models');
    const started = gateway.events.findLast((event) => event.type === 'request-started');
    expect(started?.headers.get('sec-websocket-protocol')).toBe('realtime');
    // A compressed frame ends the connection if compression was not negotiated.
    raw.frame(0xc1, Buffer.from('a bomb'));
    await until(() => raw.isClosed || undefined);
  });

  test('sends Azure its own header, and the deployment in its older way', async () => {
    const client = await openSocket(
      gateway.url,
      '/openai/realtime?api-version=2025-04-01&deployment=deployed',
      ALL,
    );
    const created = await client.event('session.created');
    expect(created['session']).toMatchObject({ model: 'my-deployment' });
    const attempt = second.attempts.at(-1);
    expect(attempt?.headers).toMatchObject({ 'api-key': 'sk-azure-provider' });
    expect(attempt?.headers['authorization']).toBeUndefined();
    client.socket.close();
  });

  test('goes to the next route that speaks it where the first refuses the handshake', async () => {
    const client = await openSocket(gateway.url, '/v1/realtime?model=mended', ALL);
    expect((await client.event('session.created'))['session']).toMatchObject({ model: 'good' });
    const ended = await endOf(({ status, model }) => status === 101 && model === 'mended');
    expect(ended).toMatchObject({ provider: 'second', history: [{ outcome: { status: 503 } }, {}] });
    client.socket.close();
  });

  test.each([
    ['a wrong key', '/v1/realtime?model=voice', auth('mk-wrong'), '401'],
    ['no key', '/v1/realtime?model=voice', {}, '401'],
    ['no model', '/v1/realtime', ALL, '400'],
    ['a model that is not there', '/v1/realtime?model=nothing', ALL, '404'],
    ['a model that the key may not use', '/v1/realtime?model=other', auth('mk-few-models'), '403'],
    ['a second model behind the first', '/v1/realtime?deployment=other', auth('mk-few-models'), '403'],
    ['a model whose providers speak HTTP only', '/v1/realtime?model=plain', ALL, '426'],
    ['a path that is no WebSocket', '/v1/chat/completions', ALL, '426'],
    ['a provider that refuses', '/v1/realtime?model=refused', ALL, '502'],
  ] as const)('refuses %s', async (_, path, options, status) => {
    expect(await openSocket(gateway.url, path, options).catch(({ message }: Error) => message)).toBe(status);
  });

  test('sends only the model that was checked', async () => {
    const path = '/v1/realtime?model=voice&Model=other&x=1;model=other&deployment=other&%6dodel=other&y=2';
    const client = await openSocket(gateway.url, path, auth('mk-few-models'));
    await client.event('session.created');
    expect(first.attempts.at(-1)?.path ?? '').toEndWith('?model=gpt-realtime-1&y=2');
    client.socket.close();
  });

  test('refuses a message about a model that the key may not use, and goes on', async () => {
    const client = await openSocket(gateway.url, '/v1/realtime?model=voice', auth('mk-few-models'));
    const messages = [
      { type: 'session.update', session: { model: 'other' } },
      { type: 'response.create', response: { model: 'other' } },
      { type: 'session.update', session: { audio: { input: { transcription: { model: 'other' } } } } },
    ];
    for (const message of messages) client.send(message);
    client.send('{"type":"session.update","session":{"model":"voice"},"session":{"model":"other"}}');
    client.send(String.raw`{"type":"session.update","session":{"\u006dodel":"other"}}`);
    client.send('no JSON');
    client.send({ type: 'response.create' });
    await client.event('response.done');
    const codes = client.events.flatMap(({ type, error }) =>
      type === 'error' ? [(error as { code: string }).code] : [],
    );
    expect(codes).toEqual([
      ...Array<string>(3).fill('model_not_allowed'),
      ...Array<string>(3).fill('invalid_body'),
    ]);
    client.socket.close();
  });
});

describe('the Responses API', () => {
  test('connects when a message names the model, and each response has its own', async () => {
    const client = await openSocket(gateway.url, '/v1/responses', ALL);
    client.send({ type: 'response.create', model: 'text', input: 'Hello!' });
    const done = await client.event('response.completed');
    expect(done['response']).toMatchObject({ model: 'gpt-5.5-upstream' });
    client.send({ type: 'response.create', model: 'voice', input: 'Hello!' });
    expect((await client.event('response.completed', 2))['response']).toMatchObject({
      model: 'gpt-realtime-1',
    });
    client.send({ type: 'response.create', model: 'other', input: 'Hello!' });
    expect(await client.event('error')).toMatchObject({ status: 409, error: { code: 'model_elsewhere' } });
    expect(await endOf(({ status, model }) => status === 200 && model === 'text')).toMatchObject({
      endpoint: '/v1/responses',
      usage: { inputTokens: 12 },
    });
    client.socket.close();
  });

  test('lets Codex fall back to HTTP where its model is served by no provider that speaks it', async () => {
    const headers = (model: string) => ({
      authorization: 'Bearer mk-all-models',
      'openai-beta': 'responses_websockets=2026-02-06',
      'x-codex-turn-metadata': JSON.stringify({ model, request_kind: 'prewarm' }),
    });
    const refused = openSocket(gateway.url, '/v1/responses', { headers: headers('plain') });
    expect(await refused.catch(({ message }: Error) => message)).toBe('426');
    const client = await openSocket(gateway.url, '/v1/responses', { headers: headers('text') });
    expect(first.attempts.at(-1)?.headers).toMatchObject({
      'openai-beta': 'responses_websockets=2026-02-06',
    });
    client.socket.close();
  });

  test('takes a token for the handshake and for each response but the first', async () => {
    const client = await openSocket(gateway.url, '/v1/responses', auth('mk-slow-burst'));
    for (let count = 0; count < 3; count++) client.send({ type: 'response.create', model: 'text' });
    expect(await client.event('error')).toMatchObject({
      status: 429,
      error: { code: 'rate_limit_exceeded' },
    });
    await client.event('response.completed', 2);
    const again = openSocket(gateway.url, '/v1/responses', auth('mk-slow-burst'));
    expect(await again.catch(({ message }: Error) => message)).toBe('429');
    client.socket.close();
  });

  test("refuses a response of another key's in a key with a list of models", async () => {
    const owner = await openSocket(gateway.url, '/v1/responses', ALL);
    owner.send({ type: 'response.create', model: 'text' });
    const { response } = (await owner.event('response.completed')) as { response: { id: string } };
    const client = await openSocket(gateway.url, '/v1/responses', auth('mk-few-models'));
    client.send({ type: 'response.create', model: 'text', previous_response_id: response.id });
    expect(await client.event('error')).toMatchObject({ error: { code: 'object_not_found' } });
    owner.socket.close();
    client.socket.close();
  });
});

describe('the end of a connection', () => {
  const ask = { type: 'response.create' };

  test("has the provider's close code", async () => {
    const client = await openSocket(gateway.url, '/v1/realtime?model=closing', ALL);
    client.send(ask);
    expect(await client.end()).toEqual({ code: 4321, reason: 'The mock closes.' });
  });

  test('is 1011 where the provider broke off, and the response is truncated', async () => {
    const client = await openSocket(gateway.url, '/v1/realtime?model=cut', ALL);
    client.send(ask);
    expect((await client.end()).code).toBe(1011);
    expect(await endOf(({ model }) => model === 'cut')).toMatchObject({ ending: 'truncated' });
  });

  test('comes with a message that is too large, from either side', async () => {
    const large = await openSocket(gateway.url, '/v1/realtime?model=huge', ALL);
    large.send(ask);
    expect((await large.end()).code).toBe(1009);
    const client = await openSocket(gateway.url, '/v1/realtime?model=voice', ALL);
    client.send('x'.repeat(17 * 1024 * 1024));
    expect((await client.end()).code).toBe(1009);
    await until(() => first.openConnections() === 0 || undefined);
  });

  test('comes with messages that are no text', async () => {
    const client = await openSocket(gateway.url, '/v1/realtime?model=voice', ALL);
    client.socket.send(new Uint8Array([1, 2, 3]));
    expect((await client.end()).code).toBe(1003);
  });

  test('comes with more messages than anybody says', async () => {
    const client = await openSocket(gateway.url, '/v1/realtime?model=voice', ALL);
    for (let count = 0; count < 20_000; count++)
      client.send('{"type":"input_audio_buffer.append","audio":""}');
    expect((await client.end()).code).toBe(1008);
  });

  test('takes the provider along where the client breaks off', async () => {
    await until(() => first.openConnections() === 0 || undefined);
    const client = await openSocket(gateway.url, '/v1/realtime?model=silent', ALL);
    client.send(ask);
    await until(() => first.openConnections() === 1 || undefined);
    client.socket.terminate();
    await until(() => first.openConnections() === 0 || undefined);
    expect(await endOf(({ model, status }) => model === 'silent' && status === 200)).toMatchObject({
      ending: 'client-left',
    });
  });
});
