import { generateKeyPairSync } from 'node:crypto';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { compiled, startGateway } from './gateway.ts';
import { openSocket } from './web-socket-client.ts';

/** A provider of WebSockets and, at `/token`, of access tokens. Records the authorization of each handshake. */
const authorizations: (string | null)[] = [];
let issues = true;
const provider = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch(request, server) {
    if (request.url.endsWith('/token'))
      return issues
        ? Response.json({ access_token: 'issued-access-token', expires_in: 3600 })
        : new Response('', { status: 500 });
    authorizations.push(request.headers.get('authorization'));
    return server.upgrade(request) ? undefined : new Response('', { status: 400 });
  },
  websocket: {
    open: (socket) => void socket.send('{"type":"session.created"}'),
    message: () => undefined,
  },
});
const base = `http://127.0.0.1:${provider.port}`;

/** A proxy that opens tunnels. Records what it was asked for. */
const tunnels: string[] = [];
const proxy = createServer((client) => {
  client.on('error', () => undefined);
  client.once('data', (head) => {
    const [line = ''] = head.toString().split('\r\n');
    tunnels.push(line);
    const target = connect(provider.port ?? 0, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      client.pipe(target).pipe(client);
    });
    target.on('error', () => undefined);
  });
});

beforeAll(async () => {
  await new Promise<void>((resolve) => void proxy.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  proxy.close();
  await provider.stop(true);
});
afterEach(() => {
  for (const name of VARIABLES) delete process.env[name];
  tunnels.length = 0;
  authorizations.length = 0;
  issues = true;
});

const VARIABLES = ['HTTP_PROXY', 'NO_PROXY'];

/** Opens a WebSocket through a gateway with this provider, and waits for its first event. */
async function opened(entry: string): Promise<void> {
  const gateway = startGateway(`
allow_unauthenticated: true
providers: [{ name: up, websockets: [realtime], ${entry} }]
models: { voice: { routes: [{ provider: up, model: gpt-realtime }] } }`);
  try {
    const client = await openSocket(gateway.url, '/v1/realtime?model=voice');
    await client.event('session.created');
    client.socket.close();
  } finally {
    await gateway.stop();
  }
}

describe('a WebSocket to a provider', () => {
  test('goes through the proxy of the environment, unless its host is excluded', async () => {
    process.env['HTTP_PROXY'] = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    await opened(`api_base: "${base}", api_key: sk-provider-key`);
    expect(tunnels).toEqual([`CONNECT 127.0.0.1:${provider.port} HTTP/1.1`]);
    process.env['NO_PROXY'] = 'example.org, 127.0.0.1';
    await opened(`api_base: "${base}", api_key: sk-provider-key`);
    expect(tunnels).toHaveLength(1);
    expect(authorizations).toEqual(['Bearer sk-provider-key', 'Bearer sk-provider-key']);
  });

  test('has the access token that is configured, or the one of the service account', async () => {
    const cloud = `provider_type: vertex, project: p, api_base: "${base}"`;
    await opened(`${cloud}, access_token: configured-token`);
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const account = {
      client_email: 'a@p.iam.gserviceaccount.com',
      private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
      token_uri: `${base}/token`,
    };
    const withAccount = `${cloud}, service_account: { json: ${JSON.stringify(JSON.stringify(account))} }`;
    await opened(withAccount);
    expect(authorizations).toEqual(['Bearer configured-token', 'Bearer issued-access-token']);
    issues = false;
    expect(await opened(withAccount).catch((error: unknown) => String(error))).toContain('502');
    expect(authorizations).toHaveLength(2);
  });
});

test('AWS credentials open no WebSocket, of which the configuration warns', () => {
  const { warnings } = compiled(`
allow_unauthenticated: true
server: { host: 127.0.0.1 }
providers:
  - { name: aws, provider_type: bedrock, region: us-east-1, websockets: [realtime], aws: { access_key_id: AKIDEXAMPLE, secret_access_key: secret-key-1 } }
models: { m: { routes: [{ provider: aws, model: amazon.nova-pro-v1:0 }] } }`);
  expect(warnings.join('\n')).toContain('"aws" has AWS credentials, with which no WebSocket can be opened');
});
