import { expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { chat, until } from './gateway.ts';
import { startProcess } from './process.ts';

test('400 streams are open at the same time through one process', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-streams-'));
  const simulator = await startSimulator();
  await Bun.write(
    join(folder, 'config.yaml'),
    `providers: [{ name: a, api_base: "${simulator.url}" }]\nlogging: { level: error }\n`,
  );
  const program = startProcess(['--host', '127.0.0.1', '--port', '0'], {
    cwd: folder,
    env: { LOG_LEVEL: 'info' },
  });
  const [, url = ''] = await program.printed(/listening on (http\S+)/);
  // Each says one token and then nothing for a while: all are open until the last one has begun. The test runner's
  // own fetch is bound to 256 connections, so these are plain sockets.
  const sockets = Array.from({ length: 400 }, () => openStream(new URL(url)));
  await until(() => (sockets.every((socket) => socket.text().includes('"content":"')) ? true : undefined));
  expect(simulator.attempts).toHaveLength(400);
  expect(simulator.openConnections()).toBe(400);
  expect(sockets.every((socket) => socket.text().startsWith('HTTP/1.1 200 OK'))).toBe(true);
  for (const socket of sockets) socket.end();
  await until(() => (simulator.openConnections() === 0 ? true : undefined));
  program.kill('SIGKILL');
  await program.exited;
  await simulator.stop();
  await rm(folder, { recursive: true });
});

/** Asks for a stream on a connection of its own, and keeps what comes. */
function openStream({ hostname, port }: URL): { text: () => string; end: () => void } {
  const body = JSON.stringify(chat('mock/stall?after=1', { stream: true }));
  const socket = connect(Number(port), hostname, () =>
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\n` +
        `content-length: ${body.length}\r\n\r\n${body}`,
    ),
  );
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  return { text: () => text, end: () => socket.destroy() };
}
