import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { connect, type Socket } from 'node:net';
import zlib from 'node:zlib';
import { CHAT } from '../acceptance/apis.ts';
import { exchange, postOf } from '../acceptance/exchange.ts';
import { reportOf } from '../acceptance/report.ts';
import { type ScriptedProvider, startScriptedProvider } from '../acceptance/scripted-provider.ts';
import { chat, startGateway, type TestGateway, until } from './gateway.ts';
import { rawRequest, sendRaw } from './raw-client.ts';

const OK = JSON.stringify({
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 5, completion_tokens: 9 },
});

let provider: ScriptedProvider;
let gateway: TestGateway;
/** The answer of the provider `odd`. The provider `sane` answers correctly. */
let script: (socket: Socket, request: string) => void;

beforeAll(async () => {
  provider = await startScriptedProvider((request, socket) => {
    if (/^\S+ \/odd/.test(request)) script(socket, request);
    else socket.write(answer('200 OK', OK));
  });
  gateway = startGateway(`
providers:
  - { name: odd, api_base: "${provider.url}/odd/v1" }
  - { name: sane, api_base: "${provider.url}/sane/v1" }
models:
  alone: { routes: [{ provider: odd, model: m }] }
  falls: { routes: [{ provider: odd, model: m }, { provider: sane, model: m, priority: 2 }] }
allow_unauthenticated: true
fallback: { retries: 0, cooldown_seconds: 0 }`);
});
afterAll(async () => {
  await gateway.stop();
  await provider.stop();
});

function answer(
  status: string,
  body: string | Uint8Array,
  fields = 'content-type: application/json\r\n',
): Buffer {
  const bytes = Buffer.from(body as string);
  return Buffer.concat([
    Buffer.from(`HTTP/1.1 ${status}\r\n${fields}content-length: ${bytes.byteLength}\r\n\r\n`),
    bytes,
  ]);
}

function ends(): number {
  return gateway.events.filter(({ type }) => type === 'request-ended').length;
}

/** Sends one request over a new connection to the provider `odd` only. */
function raw(line: string, body = ''): ReturnType<typeof sendRaw> {
  const fields: [string, string][] = [
    ['Host', 'localhost'],
    ['x-llm-proxy-provider', 'odd'],
  ];
  if (body !== '') fields.push(['content-type', 'application/json']);
  return sendRaw(gateway.url, rawRequest(line, fields, body));
}

function field(answer: Awaited<ReturnType<typeof sendRaw>>, name: string): string | undefined {
  return answer.fields.find(([each]) => each === name)?.[1];
}

async function active(): Promise<string> {
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  return [...text.matchAll(/^llm_proxy_active_requests\{.*\} (.+)$/gm)].map(([, value]) => value).join();
}

describe('a status that is none', () => {
  for (const status of [600, 700, 999]) {
    test(`${status} is the failure of its provider, and the next one is asked`, async () => {
      script = (socket) => socket.write(answer(`${status} Odd`, '{}'));
      const before = ends();
      const response = await gateway.post('/v1/chat/completions', chat('falls'));
      expect([response.status, await response.text()]).toEqual([200, OK]);
      expect(response.headers.get('x-llm-proxy-trail')).toBe(`odd/m failed ${status}, sane/m answered`);
      await until(() => ends() === before + 1);
    });
    test(`${status} without another route is a 502, told once`, async () => {
      script = (socket) => socket.write(answer(`${status} Odd`, '{}'));
      const before = ends();
      const response = await gateway.post('/v1/chat/completions', chat('alone'));
      expect(response.status).toBe(502);
      await response.text();
      await until(() => ends() > before);
      await Bun.sleep(50);
      expect(ends()).toBe(before + 1);
      expect(gateway.events.filter(({ type }) => type === 'bug')).toEqual([]);
      expect(await active()).toMatch(/^0(?:,0)*$/);
    });
  }
  test('205 has no content, whatever comes with it', async () => {
    for (const body of ['', 'something']) {
      script = (socket) => socket.write(answer('205 Reset Content', body));
      const got = await raw('POST /v1/threads', '{}');
      expect([got.status, got.body]).toEqual([205, '']);
      expect((await gateway.ended(ends())).ending).toBe('complete');
    }
  });
  test('a header of 37,000 fields is no answer, and the next provider is asked', async () => {
    const fields = Array.from({ length: 37_000 }, (_, at) => `${at.toString(16)}:\r\n`).join('');
    script = (socket) => socket.write(`HTTP/1.1 200 OK\r\n${fields}content-length: 0\r\n\r\n`);
    const response = await gateway.post('/v1/chat/completions', chat('falls'));
    expect([response.status, await response.text()]).toEqual([200, OK]);
    expect(response.headers.get('x-llm-proxy-trail')).toBe('odd/m unreachable (protocol), sane/m answered');
  });
});

describe('the length of an answer', () => {
  test('to HEAD is the one that the provider gave, or none', async () => {
    script = (socket) =>
      socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/pdf\r\ncontent-length: 12345\r\n\r\n');
    expect(field(await raw('HEAD /v1/files/f/content'), 'content-length')).toBe('12345');
    script = (socket) => socket.write('HTTP/1.1 404 Not Found\r\ncontent-length: 77\r\n\r\n');
    const missing = await raw('HEAD /v1/files/f/content');
    expect([missing.status, field(missing, 'content-length'), missing.body]).toEqual([404, '77', '']);
    script = (socket) => socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
    const chunked = await raw('HEAD /v1/files/f/content');
    expect([chunked.status, field(chunked, 'content-length')]).toEqual([200, undefined]);
  });
  test('of a file stays what it was, unless it is large or slow', async () => {
    script = (socket) =>
      socket.write(answer('200 OK', 'x'.repeat(12_345), 'content-type: application/pdf\r\n'));
    const small = await raw('GET /v1/files/f/content');
    expect([field(small, 'content-length'), small.body.length]).toEqual(['12345', 12_345]);
    script = (socket) =>
      socket.write(answer('200 OK', 'x'.repeat(1_100_000), 'content-type: application/pdf\r\n'));
    expect(field(await raw('GET /v1/files/f/content'), 'content-length')).toBeUndefined();
    script = (socket) => {
      const bytes = answer('200 OK', 'x'.repeat(300), 'content-type: audio/mpeg\r\n');
      const send = (from: number): void => {
        socket.write(bytes.subarray(from, from + 60));
        if (from < bytes.byteLength) setTimeout(() => send(from + 60), 40);
      };
      send(0);
    };
    const slow = await raw('GET /v1/files/f/content');
    expect(field(slow, 'transfer-encoding')).toBe('chunked');
  });
  test('that a file does not come to is a failure that can be routed around', async () => {
    script = (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf');
    const response = await gateway.post('/v1/audio/speech', { model: 'falls', input: 'Hello' });
    expect([response.status, await response.text()]).toEqual([200, OK]);
    expect(response.headers.get('x-llm-proxy-trail')).toBe('odd/m failed 200 (truncated), sane/m answered');
  });
});

describe('a large answer that is sent as a whole', () => {
  const large = JSON.stringify({ ...JSON.parse(OK), padding: 'x'.repeat(40_000_000) });
  const asked = (): ReturnType<typeof exchange> =>
    exchange(gateway.url, postOf(CHAT.path, JSON.stringify(chat('alone'))));

  test('is complete for a client that takes all of it', async () => {
    script = (socket) => socket.write(answer('200 OK', large));
    const got = asked();
    expect(await got.ended).toBe('whole');
    expect(got.received()).toBe(large.length);
    const { ending, usage } = await reportOf(gateway, got);
    expect([ending, usage]).toMatchObject(['complete', { inputTokens: 5, outputTokens: 9 }]);
  });
  test('is not, for one that leaves in the middle', async () => {
    script = (socket) => socket.write(answer('200 OK', large));
    const before = ends();
    const attempts = (): number => gateway.events.filter(({ type }) => type === 'attempt-ended').length;
    const attemptsBefore = attempts();
    // The client does not read. The system's buffers for it hold less than half of the answer.
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1', () =>
      socket.write(postOf(CHAT.path, JSON.stringify(chat('alone')))),
    );
    await until(() => attempts() > attemptsBefore);
    await Bun.sleep(100);
    socket.destroy();
    await until(() => ends() > before);
    expect((await gateway.ended(before + 1)).ending).toBe('client-left');
  });
});

test('a request that was sent twice, since its connection had been closed, is told as that', async () => {
  let count = 0;
  script = (socket) => {
    count += 1;
    // The second request comes on the connection of the first.
    if (count === 2) socket.end();
    else socket.write(answer('200 OK', OK));
  };
  await (await gateway.post('/v1/chat/completions', chat('alone'))).text();
  const response = await gateway.post('/v1/chat/completions', chat('alone'));
  expect([response.status, count]).toEqual([200, 3]);
  expect(response.headers.get('x-llm-proxy-attempts')).toBe('2');
  expect(response.headers.get('x-llm-proxy-trail')).toBe('odd/m answered (sent twice)');
});

test('a stream in raw deflate is read as a whole answer in it is', async () => {
  const events = [
    'data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}',
    'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}',
    'data: [DONE]',
    '',
  ].join('\n\n');
  for (const [compress, cut] of [
    [zlib.deflateRawSync, 1],
    [zlib.deflateSync, 1],
    [zlib.deflateRawSync, 1000],
  ] as const) {
    script = (socket) => {
      const bytes = answer(
        '200 OK',
        compress(events),
        'content-type: text/event-stream\r\ncontent-encoding: deflate\r\n',
      );
      const head = bytes.indexOf('\r\n\r\n') + 4;
      socket.write(bytes.subarray(0, head + cut));
      setTimeout(() => socket.write(bytes.subarray(head + cut)), 10);
    };
    const response = await gateway.post('/v1/chat/completions', chat('alone', { stream: true }));
    expect([response.status, await response.text()]).toEqual([200, events]);
  }
});

/** The maximum growth of the process during some work, in MB. */
async function growthWhile(work: () => Promise<void>): Promise<number> {
  Bun.gc(true);
  const before = process.memoryUsage.rss();
  let peak = before;
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 2);
  await work();
  clearInterval(watch);
  return (peak - before) / 1e6;
}

describe('a small answer that holds a large one', () => {
  const large = Buffer.alloc(120_000_000, '0');
  const GZIP = 'content-type: application/json\r\ncontent-encoding: gzip\r\n';

  test('passes as it is, and does not grow the process', async () => {
    const bomb = zlib.gzipSync(Buffer.concat([Buffer.from('{"zeros":"'), large, Buffer.from('"}')]));
    script = (socket) => socket.write(answer('200 OK', bomb, GZIP));
    const grownMb = await growthWhile(async () => {
      for (let count = 0; count < 4; count++) {
        const response = await gateway.post('/v1/chat/completions', chat('alone'), {
          decompress: false,
        } as BunFetchRequestInit);
        expect(response.status).toBe(200);
        expect((await response.arrayBuffer()).byteLength).toBe(bomb.byteLength);
      }
    });
    // Decoding and buffering it would take 120 MB, and twice that for a moment. Leftovers of other tests in this process are less.
    expect(grownMb).toBeLessThan(150);
  });
  test('is counted where its usage stands at its end', async () => {
    const usage = '"usage":{"prompt_tokens":70,"total_tokens":70}}';
    const bomb = zlib.gzipSync(
      Buffer.concat([Buffer.from('{"object":"list","data":["'), large, Buffer.from(`"],${usage}`)]),
    );
    script = (socket) => socket.write(answer('200 OK', bomb, GZIP));
    const response = await gateway.post('/v1/embeddings', { model: 'alone', input: 'a' }, {
      decompress: false,
    } as BunFetchRequestInit);
    expect((await response.arrayBuffer()).byteLength).toBe(bomb.byteLength);
    const report = await reportOf(gateway, { header: (name) => response.headers.get(name) ?? undefined });
    expect(report).toMatchObject({ usage: { inputTokens: 70 }, isUsageEstimated: false });
  });
});
