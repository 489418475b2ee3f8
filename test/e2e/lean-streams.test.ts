import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { connect } from 'node:net';
import {
  chunkedHead,
  chunkOf,
  LAST_CHUNK,
  type ScriptedProvider,
  startScriptedProvider,
} from '../acceptance/scripted-provider.ts';
import { chat, startGateway, type TestGateway } from './gateway.ts';
import { rawRequest } from './raw-client.ts';

/** From here on, events that have only content need not be examined one by one. */
const ENOUGH_EVENTS = 40;

/** The longest pause between two pieces. */
const IDLE_MS = 500;

const eventOf = (content: string): string =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`;
const BEGINNING = eventOf('beginning').repeat(ENOUGH_EVENTS);
const ENDING = [
  'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n',
  'data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":9,"total_tokens":14}}\n\n',
  'data: [DONE]\n\n',
].join('');

let provider: ScriptedProvider;
let gateway: TestGateway;
/** The pieces that the provider writes after the beginning; `cut` ends the connection. */
let script: readonly (Buffer | 'cut')[] = [];

beforeAll(async () => {
  provider = await startScriptedProvider(async (_, socket) => {
    socket.write(chunkedHead('text/event-stream'));
    for (const piece of [chunkOf(Buffer.from(BEGINNING)), ...script]) {
      // A pause between two pieces lets each be read by itself.
      await Bun.sleep(20);
      if (piece === 'cut') socket.destroy();
      else socket.write(piece);
    }
  });
  gateway = startGateway(
    `providers: [{ name: p, api_base: "${provider.url}", api_key: sk-the-providers-secret, timeouts: { idle_timeout: ${IDLE_MS / 1000} } }]`,
    undefined,
    'lean',
  );
});
afterAll(async () => {
  await gateway.stop();
  await provider.stop();
});

/** The client's bytes after the head of the answer, as they came over the wire. The client leaves when it has read `last`. */
async function wireOf(pieces: readonly (Buffer | 'cut')[], last?: string): Promise<string> {
  script = pieces;
  const body = JSON.stringify(chat('m', { stream: true, stream_options: { include_usage: true } }));
  const request = rawRequest(
    'POST /v1/chat/completions',
    [
      ['Content-Type', 'application/json'],
      ['Host', 'localhost'],
    ],
    body,
  );
  const { promise, resolve } = Promise.withResolvers<string>();
  let text = '';
  const socket = connect(gateway.app.server.port, '127.0.0.1', () => socket.write(request));
  socket.on('data', (bytes: Buffer) => {
    text += bytes.toString('latin1');
    if (last !== undefined && text.includes(last)) socket.destroy();
  });
  socket.on('error', () => undefined);
  socket.on('close', () => resolve(text.slice(text.indexOf('\r\n\r\n') + 4)));
  return promise;
}

/** The data of a chunked body, and what is left of it. */
function dataOf(wire: string): { readonly data: string; readonly rest: string } {
  let data = '';
  for (let rest = wire; ;) {
    const size = /^([0-9a-f]+)(?:;.*)?\r\n/i.exec(rest);
    if (size?.[1] === undefined) return { data, rest };
    const start = size[0].length;
    const end = start + Number.parseInt(size[1], 16);
    data += rest.slice(start, end);
    rest = rest.slice(end + 2);
    if (end === start) return { data, rest };
  }
}

const text = (bytes: string): Buffer => Buffer.from(bytes, 'latin1');
const framed = (bytes: string): string => chunkOf(Buffer.from(bytes)).toString('latin1');
const FIRST = eventOf('first');
const SECOND = eventOf('second');
const END = [text(framed(ENDING)), LAST_CHUNK];

describe('a stream of the lean engine arrives with its bytes', () => {
  const cases: Readonly<Record<string, readonly string[]>> = {
    'when each event is a chunk': [framed(FIRST), framed(SECOND)],
    'when one chunk has two events': [framed(FIRST + SECOND)],
    'when two chunks come together': [framed(FIRST) + framed(SECOND)],
    'when an event is cut into two chunks': [framed(FIRST.slice(0, 20)), framed(FIRST.slice(20) + SECOND)],
    'when the end of an event is a chunk of its own': [
      framed(FIRST.slice(0, -1)),
      framed('\n'),
      framed(SECOND),
    ],
    'when an event ends with the beginning of the next chunk': [
      framed(`${FIRST}data: {"choices":`),
      framed('[]}\n\n'),
      framed(SECOND),
    ],
    'when a chunk is cut': [framed(FIRST).slice(0, 10), framed(FIRST).slice(10), framed(SECOND)],
    'when the size of a chunk is cut': [
      framed(FIRST).slice(0, 1),
      framed(FIRST).slice(1) + framed(SECOND).slice(0, -1),
      '\n',
    ],
    'when the size has an extension or a zero': [
      framed(FIRST).replace('\r\n', ';a=b\r\n'),
      `0${framed(SECOND)}`,
    ],
  };
  for (const [when, pieces] of Object.entries(cases)) {
    test(when, async () => {
      const count = gateway.events.filter(({ type }) => type === 'request-ended').length;
      const { data, rest } = dataOf(await wireOf([...pieces.map(text), ...END]));
      const sent = dataOf([...pieces, ...END.map(String)].join('')).data;
      expect([data, rest]).toEqual([BEGINNING + sent, '']);
      const { ending, usage } = await gateway.ended(count + 1);
      expect([ending, usage?.outputTokens]).toEqual(['complete', 9]);
    });
  }
});

test('a stream whose client leaves at the end marker is complete', async () => {
  const count = gateway.events.filter(({ type }) => type === 'request-ended').length;
  await wireOf([text(framed(ENDING))], '[DONE]');
  expect((await gateway.ended(count + 1)).ending).toBe('complete');
});

test('a chunk of whole events leaves as it came, and no other framing does', async () => {
  const plain = framed(FIRST).replace(/^[0-9a-f]+/, (size) => size.toUpperCase());
  const odd = framed(SECOND).replace('\r\n', ';a=b\r\n');
  const wire = await wireOf([text(plain), text(odd), ...END]);
  expect(wire).toContain(plain);
  expect(wire).not.toContain(';a=b');
  expect(wire).toContain(framed(SECOND));
});

test('a stream of whole chunks may take longer than the longest pause', async () => {
  const pieces = Array.from({ length: (2 * IDLE_MS) / 20 }, () => text(framed(FIRST)));
  // On a busy machine, a pause may be too long.
  let wire = '';
  for (let tries = 0; tries < 3 && !wire.includes('[DONE]'); tries++)
    wire = await wireOf([...pieces, ...END]);
  expect(wire).toContain('[DONE]');
});

test('half an event that came as a whole chunk is not delivered', async () => {
  const { data } = dataOf(await wireOf([text(framed(FIRST)), text(framed(SECOND.slice(0, -4))), 'cut']));
  expect(data.startsWith(BEGINNING + FIRST)).toBe(true);
  expect(data).not.toContain('second');
  expect(data).toContain('upstream_truncated');
  expect(data).not.toContain('[DONE]');
});

test('an error event that came as a whole chunk is redacted, and ends the stream', async () => {
  const error = 'data: {"error":{"message":"sk-the-providers-secret failed","type":"server_error"}}\n\n';
  const { data } = dataOf(await wireOf([text(framed(FIRST)), text(framed(error)), ...END]));
  expect(data).not.toContain('sk-the-providers-secret');
  expect(data).toContain('server_error');
  expect(data).not.toContain('[DONE]');
});
