import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect as connectPlain } from 'node:net';
import { connect } from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GatewayEvent } from '../../src/gateway/events.ts';
import type { Gateway } from '../../src/gateway/ports.ts';
import { LISTENERS_OVERLAP, openRenewable } from '../../src/server/renewable.ts';
import type { ServerState } from '../../src/server/server-state.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { ADMIN_KEY } from './db-program.ts';
import { chat, until } from './gateway.ts';
import { startProcess, type TestProcess } from './process.ts';

const OPENSSL = Bun.which('openssl');
if (OPENSSL === null) console.warn('openssl was not found: HTTPS is not tested');

let folder: string;
let simulator: Simulator;
let program: TestProcess | undefined;
let large: ReturnType<typeof Bun.serve>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-proxy-tls-'));
  simulator = await startSimulator();
  const message = { role: 'assistant', content: 'x'.repeat(3_000_000) };
  const choices = [{ index: 0, message, finish_reason: 'stop' }];
  large = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => Response.json({ choices }) });
});

afterEach(async () => {
  program?.kill('SIGKILL');
  await program?.exited;
  program = undefined;
  await simulator.stop();
  await large.stop(true);
  await rm(folder, { recursive: true });
});

/** Writes a new certificate for this name to the configured path. */
async function certify(name: string): Promise<void> {
  const args = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
  ];
  const child = Bun.spawn(
    [OPENSSL ?? '', ...args, '-subj', `/CN=${name}`, '-keyout', 'key.pem', '-out', 'cert.pem'],
    {
      cwd: folder,
      stderr: 'ignore',
    },
  );
  expect(await child.exited).toBe(0);
}

async function start(engine: string): Promise<TestProcess> {
  await Bun.write(
    join(folder, 'config.yaml'),
    `server: { host: 127.0.0.1, port: 0, engine: ${engine}, tls: { cert_file: cert.pem, key_file: key.pem } }
providers: [{ name: a, api_base: "${simulator.url}" }, { name: large, api_base: "${large.url.origin}" }]
models: { gpt: { routes: [{ provider: a }] }, large: { routes: [{ provider: large }] } }\n`,
  );
  program = startProcess([], { cwd: folder, env: { ADMIN_KEY } });
  return program;
}

/** The name in the certificate that a new connection gets. */
function presented(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    }).on('error', reject);
  });
}

const INSECURE = { tls: { rejectUnauthorized: false } };

describe.skipIf(OPENSSL === null).each(['runtime', 'lean'])('with server.tls and the engine %s', (engine) => {
  test('the gateway speaks HTTPS, streams included', async () => {
    await certify('first');
    const [, url] = await (await start(engine)).printed(/listening on (https:\S+)/);
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(chat('gpt', { stream: true })),
      tls: { rejectUnauthorized: false },
    });
    expect(await response.text()).toContain('data: [DONE]');
  });

  test('a renewed certificate is shown without a restart, and a stream of the old one finishes', async () => {
    await certify('first');
    const [, url = ''] = await (await start(engine)).printed(/listening on (https:\S+)/);
    const port = Number(new URL(url).port);
    expect(await presented(port)).toBe('first');
    const streaming = fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-mock-words': '60', 'x-mock-pace': '20' },
      body: JSON.stringify(chat('gpt', { stream: true })),
      tls: { rejectUnauthorized: false },
    }).then((response) => response.text());
    await until(() => (simulator.attempts.length === 1 ? true : undefined));
    await certify('second');
    let name = '';
    for (let look = 0; name !== 'second' && look < 300; look++) {
      await Bun.sleep(100);
      name = await presented(port).catch(() => '');
    }
    expect(name).toBe('second');
    expect(await streaming).toContain('data: [DONE]');
  });

  test('a port that is taken is not shared with the program that has it', async () => {
    await certify('first');
    const [, url = ''] = await (await start(engine)).printed(/listening on (https:\S+)/);
    const first = program;
    const other = startProcess(['--port', new URL(url).port], { cwd: folder });
    expect(await other.exited).toBe(1);
    expect(other.stderr()).toContain('is in use');
    expect(await presented(Number(new URL(url).port))).toBe('first');
    program = first;
  });

  test('a certificate that can not be served is one clear line, at the start and later', async () => {
    await certify('first');
    await Bun.write(join(folder, 'key.pem'), 'nonsense');
    const refused = await start(engine);
    expect(await refused.exited).toBe(1);
    expect(refused.stderr()).toMatch(/server\.tls\.key_file: key\.pem is not a PEM private key/);
    await certify('second');
    const [, url = ''] = await (await start(engine)).printed(/listening on (https:\S+)/);
    await Bun.write(join(folder, 'cert.pem'), 'half written');
    await program?.printed(/server\.tls\.cert_file: cert\.pem is not a PEM certificate/);
    expect(await presented(Number(new URL(url).port))).toBe('second');
  });

  test('a browser that signs in gets a cookie that is Secure', async () => {
    await certify('first');
    const [, url = ''] = await (await start(engine)).printed(/listening on (https:\S+)/);
    const response = await fetch(`${url}/admin/v1/sessions`, {
      method: 'POST',
      body: JSON.stringify({ key: ADMIN_KEY }),
      headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
      ...INSECURE,
    });
    expect(response.status).toBe(201);
    expect(response.headers.get('set-cookie')).toMatch(/^__Host-.*; Secure$/);
  });

  test('a client that reads late gets all of a large answer, and garbage harms nobody', async () => {
    await certify('first');
    const running = await start(engine);
    const [, url = ''] = await running.printed(/listening on (https:\S+)/);
    const port = Number(new URL(url).port);
    await Promise.all(
      ['GET / HTTP/1.1\r\n\r\n', `\x16\x03\x01${'x'.repeat(600)}`, ''].map((text) => refused(port, text)),
    );
    const client = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
    const body = JSON.stringify(chat('large'));
    client.write(
      `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    client.pause();
    await Bun.sleep(1_000);
    let text = '';
    client.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')));
    client.resume();
    await new Promise((resolve) => client.on('end', resolve).on('error', resolve));
    const length = /\r\ncontent-length: (\d+)/i.exec(text)?.[1];
    expect(text.length - text.indexOf('\r\n\r\n') - 4).toBe(Number(length));
    expect(text.length).toBeGreaterThan(1_000_000);
    expect(running.stderr()).not.toContain('bug');
  });
});

/** Sends a text to a port that expects TLS, and waits until the connection is closed. */
function refused(port: number, text: string): Promise<unknown> {
  const socket = connectPlain(port, '127.0.0.1', () => socket.end(text, 'latin1'));
  socket.resume();
  return new Promise((resolve) => socket.on('close', resolve).on('error', () => undefined));
}

describe.skipIf(OPENSSL === null)('of a renewed certificate', () => {
  test('while no listener with the renewed certificate can open, the old one stays; then the new one takes over', async () => {
    await certify('first');
    const options = {
      port: 0,
      tls: { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') },
    };
    const told: GatewayEvent[] = [];
    const state = { phase: 'serving' } as ServerState;
    let isRefused = false;
    const listeners = openRenewable(
      (port, pair) => {
        if (isRefused) throw new Error('no more files');
        return Bun.serve({
          hostname: '127.0.0.1',
          port,
          reusePort: LISTENERS_OVERLAP,
          ...(pair && { tls: pair }),
          fetch: () => new Response('hello'),
        });
      },
      {
        gateway: { emit: (event: GatewayEvent) => told.push(event) } as unknown as Gateway,
        state,
        ...options,
      },
    );
    try {
      isRefused = true;
      await certify('second');
      await until(() => told.length > 0);
      expect(told[0]).toMatchObject({
        type: 'configuration-refused',
        problems: [expect.stringContaining('no more files')],
      });
      if (LISTENERS_OVERLAP) expect(await presented(listeners.port)).toBe('first');
      isRefused = false;
      let name = '';
      while (name !== 'second') name = await presented(listeners.port).catch(() => '');
    } finally {
      await listeners.stop();
    }
  });
});
