import { afterEach, describe, expect, test } from 'bun:test';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { startGateway, type TestGateway, until } from './gateway.ts';
import { makeCertificates, OPENSSL } from '../unit/upstream/certificates.ts';
import { handshake, openSocket, RawSocket, type SocketClient } from './web-socket-client.ts';

const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const KEYED = 'master_keys: [{ name: one, key: mk-one-client }, { name: two, key: mk-two-client }]';
const one = { headers: { authorization: 'Bearer mk-one-client' } };
const two = { headers: { authorization: 'Bearer mk-two-client' } };

/** A gateway in front of one provider, by default the simulator. */
async function scene(more = KEYED, url?: string): Promise<TestGateway> {
  const provider = url ?? (await simulator());
  const gateway = startGateway(configOf(provider, more));
  ends.push(() => gateway.stop());
  return gateway;
}

async function simulator(): Promise<string> {
  const provider = await startSimulator();
  ends.push(() => provider.stop());
  return provider.url;
}

function configOf(url: string, more: string, websockets = '[realtime, responses]'): string {
  return `providers: [{ name: p, api_base: "${url}", websockets: ${websockets}, model_mapping: { "*": "*" } }]
${more}`;
}

const refusal = (opening: Promise<SocketClient>): Promise<string> =>
  opening.then(
    () => 'open',
    ({ message }: Error) => message,
  );

describe('a key that is no longer what it was', () => {
  test('ends its connections, and no other', async () => {
    const url = await simulator();
    const gateway = await scene(KEYED, url);
    const first = await openSocket(gateway.url, '/v1/realtime?model=m', one);
    const second = await openSocket(gateway.url, '/v1/realtime?model=m', two);
    gateway.reconfigure(configOf(url, KEYED.replace('mk-one-client', 'mk-one-client, enabled: false')));
    expect((await first.end()).code).toBe(1008);
    expect(second.closed()).toBeUndefined();
    gateway.reconfigure(configOf(url, KEYED.replace('mk-two-client', 'mk-two-client, allowed_models: [n]')));
    expect((await second.end()).code).toBe(1008);
  });

  test('ends its idle connections when it expires, and no other', async () => {
    const at = new Date(Date.now() + 3_000_000).toISOString();
    const gateway = await scene(
      KEYED.replace('mk-one-client', `mk-one-client, expires_at: "${at}"`),
      undefined,
    );
    const first = await openSocket(gateway.url, '/v1/realtime?model=m', one);
    const second = await openSocket(gateway.url, '/v1/realtime?model=m', two);
    await Bun.sleep(20);
    expect(first.closed()).toBeUndefined();
    const url = await simulator();
    const soon = new Date(Date.now() + 300).toISOString();
    gateway.reconfigure(
      configOf(url, KEYED.replace('mk-one-client', `mk-one-client, expires_at: "${soon}"`)),
    );
    expect((await first.end()).code).toBe(1008);
    expect(second.closed()).toBeUndefined();
  });

  test('ends its connections where the provider speaks it no more', async () => {
    const url = await simulator();
    const gateway = await scene(KEYED, url);
    const client = await openSocket(gateway.url, '/v1/realtime?model=m', one);
    gateway.reconfigure(configOf(url, KEYED, '[responses]'));
    expect((await client.end()).code).toBe(1012);
    expect(await refusal(openSocket(gateway.url, '/v1/realtime?model=m', one))).toBe('426');
  });
});

describe('a gateway without keys', () => {
  test('refuses a page of a foreign origin', async () => {
    const gateway = await scene('allow_unauthenticated: true');
    const from = (origin: string) =>
      refusal(openSocket(gateway.url, '/v1/realtime?model=m', { headers: { origin } }));
    expect(await from('https://evil.example')).toBe('403');
    expect(await from(gateway.url)).toBe('open');
  });
});

describe('a gateway that shuts down', () => {
  test('ends idle connections of the Responses API at once, and sessions when it stops', async () => {
    const gateway = await scene('drain_timeout: 2');
    const idle = await openSocket(gateway.url, '/v1/responses');
    const session = await openSocket(gateway.url, '/v1/realtime?model=m');
    await session.event('session.created');
    const drained = gateway.app.drain();
    expect((await idle.end()).code).toBe(1001);
    session.send({ type: 'response.create' });
    await session.event('response.done');
    expect(session.closed()).toBeUndefined();
    expect((await session.end()).code).toBe(1001);
    await drained;
  });

  test('waits for a response that is under way', async () => {
    const held: Bun.ServerWebSocket<unknown>[] = [];
    const provider = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: (request, server) => (server.upgrade(request) ? undefined : new Response()),
      websocket: {
        message(socket) {
          held.push(socket);
          socket.send('{"type":"response.created","response":{"id":"resp_1"}}');
        },
      },
    });
    ends.push(() => provider.stop(true));
    const gateway = await scene('drain_timeout: 30', `http://127.0.0.1:${provider.port}`);
    const client = await openSocket(gateway.url, '/v1/responses');
    client.send({ type: 'response.create', model: 'm' });
    await client.event('response.created');
    const drained = gateway.app.drain();
    await Bun.sleep(50);
    expect(client.closed()).toBeUndefined();
    held[0]?.send('{"type":"response.completed","response":{"id":"resp_1","status":"completed"}}');
    await client.event('response.completed');
    expect((await client.end()).code).toBe(1001);
    await drained;
  });
});

describe('the connections that may be open', () => {
  test('are limited for each key and in all, and one that ends makes room', async () => {
    const url = await simulator();
    const gateway = startGateway(configOf(url, KEYED));
    ends.push(() => gateway.stop());
    const { server } = gateway.app.snapshot();
    expect([server.maxWebSockets, server.maxWebSocketsPerKey]).toEqual([1_000, 100]);
    gateway.app.swap({
      ...gateway.app.snapshot(),
      server: { ...server, maxWebSockets: 3, maxWebSocketsPerKey: 2 },
    });
    const open = (options: Bun.WebSocketOptions) => openSocket(gateway.url, '/v1/realtime?model=m', options);
    const first = await open(one);
    await open(one);
    expect(await refusal(open(one))).toBe('429');
    await open(two);
    expect(await refusal(open(two))).toBe('429');
    first.socket.close();
    await until(() => gateway.app.server.pending() === 2 || undefined);
    expect(await refusal(open(two))).toBe('open');
  });
});

describe('a peer that does not read', () => {
  test('holds the provider up, and costs no memory', async () => {
    let sent = 0;
    const provider = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: (request, server) => (server.upgrade(request) ? undefined : new Response()),
      websocket: {
        backpressureLimit: 0,
        open(socket) {
          const event = JSON.stringify({ type: 'response.output_audio.delta', delta: 'x'.repeat(64 * 1024) });
          const pour = (): void => {
            for (
              ;
              sent < 4_000 && socket.readyState === 1 && socket.getBufferedAmount() < 1024 * 1024;
              sent++
            )
              socket.send(event);
          };
          pour();
          const timer = setInterval(pour, 5);
          ends.push(() => clearInterval(timer));
        },
        message: () => undefined,
      },
    });
    ends.push(() => provider.stop(true));
    const gateway = await scene(KEYED, `http://127.0.0.1:${provider.port}`);
    const raw = new RawSocket(
      gateway.url,
      handshake('/v1/realtime?model=m', ['Authorization: Bearer mk-one-client']),
    );
    expect(await raw.head()).toStartWith('HTTP/1.1 101');
    raw.pause();
    await until(() => sent > 0);
    let before = -1;
    // The provider is paused once it sends nothing more for a while.
    while (before !== sent) {
      before = sent;
      await Bun.sleep(500);
    }
    // 4,000 are 250 MB. The system's buffers hold some.
    expect(sent).toBeLessThan(1_000);
    raw.destroy();
    await until(() => gateway.app.server.pending() === 0 || undefined);
  });
});

describe('a provider', () => {
  /** A provider that handles each handshake and message with the test's functions. */
  function provider(
    behaviour: Partial<Bun.WebSocketHandler<undefined>>,
    more: { readonly tls?: Bun.TLSOptions; readonly isSilent?: boolean } = {},
  ): string {
    const server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      ...(more.tls && { tls: more.tls }),
      fetch: (request, one) => {
        if (more.isSilent === true) return new Promise<Response>(() => undefined);
        return one.upgrade(request, { data: undefined }) ? undefined : new Response();
      },
      websocket: { message: () => undefined, ...behaviour },
    });
    ends.push(() => server.stop(true));
    return server.url.origin;
  }

  /** A gateway with only these providers. */
  function open(config: string): TestGateway {
    const gateway = startGateway(config);
    ends.push(() => gateway.stop());
    return gateway;
  }

  test('that repeats its credential is masked', async () => {
    const url = provider({
      open: (socket) =>
        void socket.send('{"type":"error","error":{"message":"Incorrect API key: sk-the-provider-key"}}'),
      message: (socket) => socket.close(4000, 'sk-the-provider-key is wrong'),
    });
    const gateway = open(
      `allow_unauthenticated: true\nbackends: [{ name: q, url: "${url}", api_key: sk-the-provider-key, websockets: [realtime], model_mapping: { q: q } }]`,
    );
    const client = await openSocket(gateway.url, '/v1/realtime?model=q');
    expect(JSON.stringify(await client.event('error'))).not.toContain('provider-key');
    client.send({ type: 'response.create' });
    expect(await client.end()).toEqual({ code: 4000, reason: '' });
  });

  test('that says why and closes at once is heard', async () => {
    const url = provider({
      open(socket) {
        socket.send('{"type":"error","error":{"message":"sk-the-provider-key is over its quota"}}');
        socket.close(4001, 'quota');
      },
    });
    const gateway = open(
      `allow_unauthenticated: true\nbackends: [{ name: q, url: "${url}", api_key: sk-the-provider-key, websockets: [realtime], model_mapping: { q: q } }]`,
    );
    const client = await openSocket(gateway.url, '/v1/realtime?model=q');
    expect(await client.end()).toEqual({ code: 4001, reason: 'quota' });
    expect(client.events).toHaveLength(1);
    expect(JSON.stringify(client.events)).not.toContain('provider-key');
  });

  test.skipIf(OPENSSL === null)('is reached over TLS with its own authority, and not without', async () => {
    const { localhost, elsewhere, caFile: path } = makeCertificates();
    const greeting = {
      open: (socket: Bun.ServerWebSocket) => void socket.send('{"type":"session.created"}'),
    };
    const named = (url: string): string => url.replace('127.0.0.1', 'localhost');
    const url = named(provider(greeting, { tls: localhost }));
    const other = named(provider(greeting, { tls: elsewhere }));
    const gateway = open(
      `allow_unauthenticated: true\nbackends:\n  - { name: q, url: "${url}", ca_file: "${path}", websockets: [realtime], model_mapping: { q: q } }` +
        `\n  - { name: r, url: "${url}", websockets: [realtime], model_mapping: { r: r } }` +
        `\n  - { name: s, url: "${other}", ca_file: "${path}", websockets: [realtime], model_mapping: { s: s } }`,
    );
    const client = await openSocket(gateway.url, '/v1/realtime?model=q');
    await client.event('session.created');
    expect(await refusal(openSocket(gateway.url, '/v1/realtime?model=r'))).toBe('502');
    expect(await refusal(openSocket(gateway.url, '/v1/realtime?model=s'))).toBe('502');
  });

  test('that does not answer the handshake is followed by the next', async () => {
    const silent = provider({}, { isSilent: true });
    const gateway = await scene(
      `allow_unauthenticated: true
timeouts: { first_byte_timeout: 0.3 }
backends: [{ name: silent, url: "${silent}", websockets: [realtime] }]
models: { q: { routes: [{ provider: silent, model: q }, { provider: p, model: q, priority: 2 }] } }`,
    );
    const client = await openSocket(gateway.url, '/v1/realtime?model=q');
    await client.event('session.created');
  });
});
