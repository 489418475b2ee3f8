import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import zlib from 'node:zlib';
import { startProcess, type TestProcess } from '../e2e/process.ts';

/**
 * Nobody else may wait longer. On a machine that does nothing else each of these takes less than some 100 ms, and without the bounds
 * most of them took 1 to 16 seconds; a test shares its machine.
 */
const MOST_MS = 2_000;

const MB = 1024 * 1024;
const folder = mkdtempSync(join(tmpdir(), 'llm-proxy-freeze-'));
const prober = new Worker(new URL('./health-prober.ts', import.meta.url).href);
let provider: Server;
let program: TestProcess;
let url = '';
/** The bytes that the provider sends. */
let answer: Buffer = Buffer.alloc(0);

beforeAll(async () => {
  provider = createServer((socket) => {
    socket.on('error', () => undefined);
    let missing = -1;
    socket.on('data', (bytes: Buffer) => {
      if (missing === -1) missing = sizeOf(bytes);
      missing -= bytes.length;
      if (missing <= 0) socket.end(answer);
    });
  });
  await new Promise<void>((resolve) => void provider.listen(0, '127.0.0.1', resolve));
  const address = provider.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const file = join(folder, 'config.yaml');
  writeFileSync(
    file,
    `server: { host: 127.0.0.1, port: 0 }
master_keys: [{ name: all, key: sk-all }]
providers: [{ name: up, api_base: "http://127.0.0.1:${port}/v1" }]
fallback: { cooldown_seconds: 0, retries: 0 }
`,
  );
  program = startProcess(['--config', file]);
  [, url = ''] = await program.printed(/listening on (http\S+)/);
  prober.postMessage({ url, pid: program.pid });
});

afterAll(async () => {
  prober.terminate();
  program.kill();
  await program.exited;
  provider.close();
  rmSync(folder, { recursive: true });
});

/** The bytes of a request. The first chunk also carries its head. */
function sizeOf(bytes: Buffer): number {
  const head = bytes.toString('latin1', 0, bytes.indexOf('\r\n\r\n') + 4);
  return head.length + Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
}

/** The slowest answer of `/healthz` since the last call. */
function slowestMs(): Promise<number> {
  return new Promise((resolve) => {
    prober.addEventListener('message', ({ data }: MessageEvent<number>) => resolve(data), { once: true });
    prober.postMessage({});
  });
}

async function send(body: Buffer, contentType = 'application/json'): Promise<number> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    body,
    headers: { 'content-type': contentType, authorization: 'Bearer sk-all' },
  });
  await response.arrayBuffer().catch(() => undefined);
  return response.status;
}

const OK = Buffer.from(
  '{"choices":[{"index":0,"message":{"role":"assistant","content":"ok"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1}}',
);

function http(contentType: string, body: Buffer, more = ''): Buffer {
  const head = `HTTP/1.1 200 OK\r\ncontent-type: ${contentType}\r\ncontent-length: ${body.length}\r\n${more}connection: close\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

/** Repeats a text up to this many bytes. */
function filled(text: string, bytes: number): Buffer {
  return Buffer.alloc(Math.floor(bytes / text.length) * text.length, text);
}

const around = (before: string, middle: Buffer, after: string): Buffer =>
  Buffer.concat([Buffer.from(before), middle, Buffer.from(after)]);

async function holdsNobodyUp(work: () => Promise<unknown>): Promise<void> {
  await slowestMs();
  await work();
  expect(await slowestMs()).toBeLessThan(MOST_MS);
}

describe('a body of 60 MB holds nobody up:', () => {
  const part = (disposition: string): string =>
    `--b\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n\r\n`;
  const cases: [what: string, status: number, make: () => Buffer, contentType?: string][] = [
    ['lists', 200, () => around('{"model":"m","a":[', filled('[],', 60 * MB), '1]}')],
    ['short strings', 200, () => around('{"model":"m","a":[', filled('"",', 60 * MB), '1]}')],
    ['keys', 200, () => around('{"model":"m",', filled('"k":1,', 60 * MB), '"a":1}')],
    [
      'keys with escapes',
      200,
      () => around('{"model":"m",', filled('"\\u006d\\u006f\\u0064":1,', 60 * MB), '"a":1}'),
    ],
    ['spaces', 200, () => around('{"model":"m",', filled(' ', 60 * MB), '"a":1}')],
    ['backslashes', 200, () => around('{"model":"m","a":"', filled('\\\\', 60 * MB), '"}')],
    ['a fault behind empty lines', 400, () => around('{"model":"m",', filled('\n', 60 * MB), 'x}')],
    ['nesting without end', 400, () => around('{"model":"m","a":', filled('[', 60 * MB), '}')],
    ['a name of 60 MB', 400, () => around('{"model":"', filled('m', 60 * MB), '"}')],
    [
      'a form of many parts',
      400,
      () => around('', filled(part('name="x"'), 60 * MB), '--b--'),
      'multipart/form-data; boundary=b',
    ],
    [
      'a form of many parameters',
      400,
      () => around('', filled(part(`name="x"${';'.repeat(8_000)}`), 60 * MB), '--b--'),
      'multipart/form-data; boundary=b',
    ],
    [
      'a form of dashes',
      400,
      () => around(part('name="x"'), filled('-', 60 * MB), '\r\n--b--'),
      'multipart/form-data; boundary=b',
    ],
  ];

  for (const [what, status, make, contentType] of cases) {
    test(
      what,
      async () => {
        answer = http('application/json', OK);
        const body = make();
        await holdsNobodyUp(async () => expect(await send(body, contentType)).toBe(status));
      },
      60_000,
    );
  }
});

describe('an answer up to the limits holds nobody up:', () => {
  const sse = (body: Buffer): Buffer => http('text/event-stream', body);
  const json = (body: Buffer, more = ''): Buffer => http('application/json', body, more);
  const choice =
    '"choices":[{"index":0,"message":{"role":"assistant","content":"ok"},"finish_reason":"stop"}]';
  const cases: [what: string, stream: boolean, make: () => Buffer][] = [
    ['many keys', false, () => json(around(`{${choice},`, filled('"k":1,', 60 * MB), '"a":1}'))],
    ['many choices', false, () => json(around('{"choices":[', filled('{"a":1},', 60 * MB), '{"error":1}]}'))],
    ['a large error', false, () => json(around('{"error":[', filled('{"a":1},', 60 * MB), '1]}'))],
    [
      'text without usage',
      false,
      () =>
        json(
          around(
            '{"choices":[{"message":{"content":"',
            filled('a b', 60 * MB),
            '"},"finish_reason":"stop"}]}',
          ),
        ),
    ],
    [
      'texts without usage',
      false,
      () => json(around('{"choices":[', filled('{"content":"a"},', 60 * MB), '{"finish_reason":"stop"}]}')),
    ],
    [
      'packed zeros',
      false,
      () =>
        json(
          zlib.gzipSync(around(`{${choice},"a":"`, filled('0', 60 * MB), '"}')),
          'content-encoding: gzip\r\n',
        ),
    ],
    ['a stream of empty lines', true, () => sse(filled('\n', 64 * MB))],
    ['a stream of comments', true, () => sse(filled(':\n\n', 64 * MB))],
    ['an event of empty data', true, () => sse(around('', filled('data:\n', 63 * MB), '\n'))],
    ['an event of many values', true, () => sse(around('data: {"a":[', filled('1,', 63 * MB), '1]}\n\n'))],
    ['an event without end', true, () => sse(filled('data: x', 70 * MB))],
  ];

  test.each(cases)(
    '%s',
    async (_, stream, make) => {
      answer = make();
      const body = Buffer.from(
        JSON.stringify({ model: 'm', stream, messages: [{ role: 'user', content: 'hi' }] }),
      );
      await holdsNobodyUp(() => send(body).catch(() => 0));
    },
    60_000,
  );
});
