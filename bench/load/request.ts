import { BENCH_KEY, BENCH_MODEL } from '../peers/peer.ts';

export const CHAT_PATH = '/v1/chat/completions';
export const AUTHORIZATION = `Bearer ${BENCH_KEY}`;

/** The body of a chat request whose prompt has about this many bytes. */
export function chatBody(promptBytes: number, isStream = false): string {
  const content = PROSE.repeat(Math.ceil(promptBytes / PROSE.length)).slice(0, promptBytes);
  return JSON.stringify({
    model: BENCH_MODEL,
    messages: [{ role: 'user', content }],
    temperature: 0.7,
    ...(isStream ? { stream: true, stream_options: { include_usage: true } } : {}),
  });
}

/** A request as it goes over the wire. */
export function requestText(port: number, body: string): string {
  return [
    `POST ${CHAT_PATH} HTTP/1.1`,
    `host: 127.0.0.1:${port}`,
    `authorization: ${AUTHORIZATION}`,
    'content-type: application/json',
    'accept: */*',
    `content-length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n');
}

const PROSE = 'The quick brown fox says "hello" to the lazy dog,\nagain and again. ';
