import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { chat, until } from './gateway.ts';
import { type ProcessOptions, startProcess } from './process.ts';

/**
 * Opens `count` streams through one program. Each sends one token and then nothing for a while, so that all are
 * open until the last one has begun. Resolves with the number of connections to the provider that were open then.
 */
export async function openStreams(count: number, options: ProcessOptions = {}): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-streams-'));
  const simulator = await startSimulator();
  // The provider of a mapped model is not asked for its list, so its connections are those of the streams.
  await Bun.write(
    join(folder, 'config.yaml'),
    `providers: [{ name: a, api_base: "${simulator.url}", model_mapping: { quiet: "mock/stall?after=1" } }]\nlogging: { level: error }\n`,
  );
  const program = startProcess(['--host', '127.0.0.1', '--port', '0'], {
    ...options,
    cwd: folder,
    env: { ...options.env, LOG_LEVEL: 'info' },
  });
  try {
    const [, url = ''] = await program.printed(/listening on (http\S+)/);
    // The test runner's own fetch may be limited to 256 connections, so these are plain sockets.
    const sockets = Array.from({ length: count }, () => openStream(new URL(url)));
    const hasBegun = ({ text }: OpenStream): boolean =>
      text().startsWith('HTTP/1.1 200 OK') && text().includes('"content":"');
    await until(() => sockets.every(hasBegun) || undefined);
    const open = simulator.openConnections();
    for (const socket of sockets) socket.end();
    await until(() => simulator.openConnections() === 0 || undefined);
    return open;
  } finally {
    program.kill('SIGKILL');
    await program.exited;
    await simulator.stop();
    await rm(folder, { recursive: true });
  }
}

interface OpenStream {
  readonly text: () => string;
  readonly end: () => void;
}

/** Requests a stream over a new connection, and keeps the bytes that arrive. */
function openStream({ hostname, port }: URL): OpenStream {
  const body = JSON.stringify(chat('quiet', { stream: true }));
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
