import { connect } from 'node:net';
import { whenLate } from '../../../src/lib/late.ts';

/** The bytes received on a connection and how it ended; `open`: it was still open after the given time. */
export interface RawAnswer {
  readonly text: string;
  readonly bytes: Buffer;
  /** The segments as received from the kernel. */
  readonly segments: readonly Buffer[];
  readonly ending: 'fin' | 'rst' | 'open';
}

/** Sends bytes on a new connection and reads until it ends, or for the given time. */
export function exchange(port: number, sent: string | Buffer, waitMs = 400): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const segments: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () => socket.write(sent));
    const finish = (ending: RawAnswer['ending']): void => {
      stopTimer();
      socket.destroy();
      const bytes = Buffer.concat(segments);
      resolve({ text: bytes.toString(), bytes, segments, ending });
    };
    const stopTimer = whenLate(waitMs, () => finish('open'));
    socket.on('data', (bytes: Buffer) => segments.push(bytes));
    socket.on('end', () => finish('fin'));
    socket.on('error', () => finish('rst'));
  });
}

/** The bytes of a POST with a JSON body. */
export function post(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Buffer {
  const json = Buffer.from(JSON.stringify(body));
  const fields = Object.entries({ host: 'mock', 'content-type': 'application/json', ...headers })
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
  return Buffer.concat([
    Buffer.from(`POST ${path} HTTP/1.1\r\n${fields}content-length: ${json.length}\r\n\r\n`),
    json,
  ]);
}

/** The body of a chat request. */
export function chat(model: string, more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { model, messages: [{ role: 'user', content: 'Say something nice' }], ...more };
}

/** A raw chat request for a stream. */
export function streamOf(model: string): Buffer {
  return post('/v1/chat/completions', chat(model, { stream: true }));
}

/** A raw chat request for a plain answer. */
export function plainOf(model: string): Buffer {
  return post('/v1/chat/completions', chat(model));
}
