import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { until } from '../e2e/gateway.ts';
import { startProcess, type TestProcess } from '../e2e/process.ts';
import { APIS, CHAT, deltasOf } from './apis.ts';
import { ask, type Exchange } from './exchange.ts';

let folder: string;
let simulator: Simulator;
let program: TestProcess;
let url: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-proxy-drain-'));
  simulator = await startSimulator();
});
afterEach(async () => {
  program.kill('SIGKILL');
  await program.exited;
  await simulator.stop();
  await rm(folder, { recursive: true });
});

async function start(more = '', server = ''): Promise<void> {
  await Bun.write(
    join(folder, 'config.yaml'),
    `server: { host: 127.0.0.1, port: 0${server} }\nproviders: [{ name: a, api_base: "${simulator.url}" }]\n${more}`,
  );
  program = startProcess([], { cwd: folder });
  [, url = ''] = await program.printed(/listening on (http\S+)/);
}

/** Fifty streams over all APIs, each of which has begun. */
async function openStreams(model: string): Promise<Exchange[]> {
  const streams = Array.from({ length: 50 }, (_, index) => {
    const api = APIS[index % APIS.length] ?? CHAT;
    return ask(url, api, api.body(model, { stream: true }));
  });
  await until(() => streams.every((stream) => stream.received() > 0));
  return streams;
}

/** Whether the port accepts a new connection. */
function isTaken(): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

/** Waits until the port accepts no more connections. */
async function closed(): Promise<void> {
  const limit = performance.now() + 60_000;
  while ((await isTaken()) && performance.now() < limit) await Bun.sleep(10);
  expect(await isTaken()).toBe(false);
}

describe.each(['SIGTERM', 'SIGINT'] as const)('%s', (signal) => {
  test('lets fifty streams finish, takes no new connection, and exits with 0', async () => {
    await start();
    const streams = await openStreams('mock/ok?words=40&pace=20');
    const plain = ask(url, CHAT, CHAT.body('mock/silence?ms=1500'));
    await simulator.waitForAttempts(51);
    program.kill(signal);
    await closed();
    for (const [index, stream] of streams.entries()) {
      const api = APIS[index % APIS.length] ?? CHAT;
      expect(await stream.ended).toBe('whole');
      expect(stream.text()).toMatch(api.saysWhole);
      expect(deltasOf(stream.text(), api)).toHaveLength(40);
    }
    expect(await plain.ended).toBe('whole');
    expect(plain.status()).toBe(200);
    expect(await program.exited).toBe(0);
    expect(simulator.attempts.every(({ closedByPeerAt }) => closedByPeerAt === undefined)).toBe(true);
    // Their reports are in the log before it closes.
    expect(program.stdout().match(/Request succeeded/g)).toHaveLength(51);
  });
});

test('a second signal ends it at once', async () => {
  await start();
  const streams = await openStreams('mock/endless');
  program.kill('SIGTERM');
  await program.printed(/Shutting down/);
  const signalledAt = performance.now();
  program.kill('SIGTERM');
  expect(await program.exited).toBe(130);
  expect(performance.now() - signalledAt).toBeLessThan(60_000);
  for (const stream of streams) expect(await stream.ended).not.toBe('whole');
});

test('a stream that has not finished when drain_timeout is over is ended, and does not pass for whole', async () => {
  await start('drain_timeout: 0.5');
  const streams = await openStreams('mock/endless');
  program.kill('SIGTERM');
  expect(await program.exited).toBe(0);
  for (const stream of streams) {
    expect(await stream.ended).not.toBe('whole');
    expect(stream.text()).not.toMatch(/\[DONE\]|message_stop|response\.completed/);
  }
  await until(() => simulator.attempts.every(({ closedByPeerAt }) => closedByPeerAt));
});

test('without requests it exits at once', async () => {
  await start();
  program.kill('SIGTERM');
  expect(await program.exited).toBe(0);
});

test('an idle connection of a client does not hold it up', async () => {
  await start();
  const { hostname, port } = new URL(url);
  const idle = connect(Number(port), hostname);
  await new Promise<void>((resolve) => idle.once('connect', () => resolve()));
  idle.write('GET /healthz HTTP/1.1\r\nhost: gateway\r\n\r\n');
  await new Promise<void>((resolve) => idle.once('data', () => resolve()));
  idle.on('error', () => undefined);
  program.kill('SIGTERM');
  expect(await program.exited).toBe(0);
});

test('requests that arrive together with the signal are answered', async () => {
  await start();
  const { hostname, port } = new URL(url);
  const connected = (): Promise<Socket> =>
    new Promise((resolve) => {
      const socket: Socket = connect(Number(port), hostname, () => resolve(socket));
    });
  const accepted = await connected();
  program.kill('SIGSTOP');
  const clients = [accepted, await connected()];
  const answers = clients.map(
    (socket) =>
      new Promise<string>((resolve) => {
        socket.once('data', (bytes: Buffer) => resolve(String(bytes))).once('close', () => resolve('closed'));
      }),
  );
  for (const socket of clients) {
    const body = JSON.stringify(CHAT.body('mock/ok'));
    socket.on('error', () => undefined);
    socket.write(
      `POST ${CHAT.path} HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
  }
  program.kill('SIGTERM');
  program.kill('SIGCONT');
  for (const answer of await Promise.all(answers)) expect(answer).toStartWith('HTTP/1.1 200');
  expect(await program.exited).toBe(0);
});

test.each([false, true])(
  'an answer that begins meanwhile says that its connection ends (stream: %p)',
  async (stream) => {
    await start();
    const late = ask(url, CHAT, CHAT.body('mock/silence?ms=1500', { stream }));
    await simulator.waitForAttempts(1);
    program.kill('SIGTERM');
    await program.printed(/Shutting down/);
    expect(await late.ended).toBe('whole');
    expect(late.header('connection')).toBe('close');
  },
);

test.each(['', 'workers: 2'])(
  'with drain_delay /readyz says no before listening ends (%s)',
  async (workers) => {
    await start(workers, ', drain_delay: 3');
    const ready = async (): Promise<number> =>
      (await fetch(`${url}/readyz`, { headers: { connection: 'close' } })).status;
    expect(await ready()).toBe(200);
    program.kill('SIGTERM');
    await program.printed(/Shutting down/);
    await Bun.sleep(100);
    // New connections are still accepted. Readiness answers 503, and other requests are served.
    expect(await ready()).toBe(503);
    const late = ask(url, CHAT, CHAT.body('mock/ok'));
    expect(await late.ended).toBe('whole');
    expect([late.status(), late.header('connection')]).not.toContain('close');
    await closed();
    expect(await program.exited).toBe(0);
  },
);

test('LLM_PROXY_DRAIN_DELAY holds where the configuration says nothing', async () => {
  await start('', '');
  program.kill('SIGKILL');
  await program.exited;
  program = startProcess([], { cwd: folder, env: { LLM_PROXY_DRAIN_DELAY: '60' } });
  [, url = ''] = await program.printed(/listening on (http\S+)/);
  program.kill('SIGTERM');
  await program.printed(/Shutting down/);
  await Bun.sleep(100);
  expect((await fetch(`${url}/readyz`)).status).toBe(503);
});

test('/readyz says no over a connection that stays, while requests finish', async () => {
  await start();
  const stream = ask(url, CHAT, CHAT.body('mock/ok?words=60&pace=20', { stream: true }));
  await until(() => stream.received() > 0);
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  socket.on('error', () => undefined);
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
  const readiness = async (): Promise<string> => {
    text = '';
    socket.write('GET /readyz HTTP/1.1\r\nhost: gateway\r\n\r\n');
    return until(() => /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? (socket.destroyed ? 'closed' : undefined));
  };
  expect(await readiness()).toBe('200');
  program.kill('SIGTERM');
  await program.printed(/Shutting down/);
  expect(['503', 'closed']).toContain(await readiness());
  expect(await stream.ended).toBe('whole');
  expect(await program.exited).toBe(0);
});
