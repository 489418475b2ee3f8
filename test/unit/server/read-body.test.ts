import { afterAll, beforeEach, describe, expect, test } from 'bun:test';
import { connect, type Socket } from 'node:net';
import { Refusal } from '../../../src/gateway/refusals.ts';
import { BodyBudget } from '../../../src/server/body-budget.ts';
import { type BodyLimits, readBody } from '../../../src/server/read-body.ts';
import { until } from '../../e2e/gateway.ts';

/** The body that the server read, or the reason why it did not. */
type Reading =
  | { readonly size: number; readonly text: string }
  | { readonly refused: string; readonly message: string };

const DEFAULTS: BodyLimits = { maxBodyBytes: 100_000, bodyTimeoutMs: 10_000 };
let limits = DEFAULTS;
let budget = new BodyBudget(() => 1_000_000);
let readings: Reading[] = [];
/** How many requests the server has begun to read. */
let begun = 0;

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  idleTimeout: 0,
  async fetch(request) {
    begun += 1;
    readings.push(await readingOf(request));
    return Response.json(readings.at(-1));
  },
});

async function readingOf(request: Request): Promise<Reading> {
  try {
    const bytes = await readBody(request, limits, { budget, key: request.headers.get('x-key') ?? undefined });
    return { size: bytes.byteLength, text: new TextDecoder().decode(bytes.subarray(0, 50)) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { refused: error.code, message: error.message };
  }
}

beforeEach(() => {
  limits = DEFAULTS;
  budget = new BodyBudget(() => 1_000_000);
  readings = [];
});
afterAll(() => server.stop(true));

async function post(body: string | ReadableStream<Uint8Array> | null): Promise<Reading> {
  const response = await fetch(server.url, { method: 'POST', body });
  return (await response.json()) as Reading;
}

/** A body of unknown length. Its pieces come this many milliseconds apart. */
function pieces(texts: readonly string[], everyMs = 0): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async start(controller) {
      for (const text of texts) {
        controller.enqueue(new TextEncoder().encode(text));
        if (everyMs > 0) await Bun.sleep(everyMs);
      }
      controller.close();
    },
  });
}

/** Sends the head of a request and this much of its body. The test sends the rest. */
function begin(head: string, body: string): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect(server.port ?? 0, '127.0.0.1', () => {
      socket.write(`POST / HTTP/1.1\r\nhost: x\r\n${head}\r\n\r\n${body}`, () => resolve(socket));
    });
    socket.on('error', () => undefined);
  });
}

async function nextReading(): Promise<Reading> {
  for (let n = 0; n < 2_000; n++) {
    const [reading] = readings;
    if (reading !== undefined) return reading;
    await Bun.sleep(5);
  }
  throw new Error('nothing was read');
}

describe('a body is read whole', () => {
  test('with its length declared', async () =>
    expect(await post('hello')).toEqual({ size: 5, text: 'hello' }));
  test('in chunks', async () =>
    expect(await post(pieces(['he', 'l', 'lo']))).toEqual({ size: 5, text: 'hello' }));
  test('where it has none', async () => expect(await post(null)).toEqual({ size: 0, text: '' }));
  test('where it is empty', async () => expect(await post('')).toEqual({ size: 0, text: '' }));
});

describe('how large it may be', () => {
  test('as large as the limit says, and not a byte more', async () => {
    for (const make of [(text: string) => text, (text: string) => pieces([text])]) {
      expect(await post(make('x'.repeat(100_000)))).toMatchObject({ size: 100_000 });
      expect(await post(make('x'.repeat(100_001)))).toMatchObject({ refused: 'body_too_large' });
    }
  });

  test('the limit is named', async () => {
    limits = { ...DEFAULTS, maxBodyBytes: 2 * 1024 * 1024 };
    expect(await post('x'.repeat(2 * 1024 * 1024 + 1))).toMatchObject({
      message: expect.stringContaining('2 MB'),
    });
  });

  test('a body whose declared length is too large is refused before it arrives', async () => {
    const socket = await begin('content-length: 100001', '');
    expect(await nextReading()).toMatchObject({ refused: 'body_too_large' });
    socket.destroy();
  });

  test('a chunked body is refused as soon as it is too large, before its end', async () => {
    const chunk = `8000\r\n${'x'.repeat(0x8000)}\r\n`;
    const socket = await begin('transfer-encoding: chunked', chunk.repeat(4));
    expect(await nextReading()).toMatchObject({ refused: 'body_too_large' });
    socket.destroy();
  });
});

describe('how long it may take', () => {
  for (const [what, head] of [
    ['with its length declared', 'content-length: 20'],
    ['in chunks', 'transfer-encoding: chunked'],
  ] as const) {
    test(`a body ${what} that stalls is refused`, async () => {
      limits = { ...DEFAULTS, bodyTimeoutMs: 100 };
      const socket = await begin(head, head.includes('length') ? 'half' : '4\r\nhalf\r\n');
      expect(await nextReading()).toEqual({
        refused: 'body_timeout',
        message: 'The body of the request was not complete after 0.1 s.',
      });
      socket.destroy();
    });
  }

  test('the time is for the whole of it: a byte now and then does not help', async () => {
    limits = { ...DEFAULTS, bodyTimeoutMs: 150 };
    const slow = post(pieces(Array<string>(40).fill('x'), 30)).catch(() => undefined);
    expect(await nextReading()).toMatchObject({ refused: 'body_timeout' });
    await slow;
  });

  test('a slow one within the limit is read', async () =>
    expect(await post(pieces(['a', 'b', 'c'], 30))).toEqual({ size: 3, text: 'abc' }));

  test('without a limit it may take its time', async () => {
    limits = { ...DEFAULTS, bodyTimeoutMs: Infinity };
    expect(await post(pieces(['a', 'b', 'c'], 30))).toEqual({ size: 3, text: 'abc' });
  });
});

test('a body that breaks off is not taken for a whole one', async () => {
  for (const [head, body] of [
    ['content-length: 20', 'half'],
    ['transfer-encoding: chunked', '4\r\nhalf\r\n'],
  ] as const) {
    [readings, begun] = [[], 0];
    const socket = await begin(head, body);
    await until(() => begun > 0);
    socket.resetAndDestroy();
    expect(await nextReading()).toEqual({
      refused: 'invalid_body',
      message: 'The request body broke off before its end.',
    });
  }
});

describe('how much one key may have under way', () => {
  const half = 'x'.repeat(99_000);
  const unfinished = (key: string): Promise<Socket> => begin(`x-key: ${key}\r\ncontent-length: 100000`, half);
  const whenHeld = async (bytes: number): Promise<void> => {
    for (let n = 0; budget.heldBytes !== bytes && n < 2_000; n++) await Bun.sleep(5);
    expect(budget.heldBytes).toBe(bytes);
  };
  const asKey = async (key: string, body: string | ReadableStream<Uint8Array>): Promise<Reading> => {
    const response = await fetch(server.url, { method: 'POST', body, headers: { 'x-key': key } });
    return (await response.json()) as Reading;
  };

  test('is half of the memory at most, so that others have theirs', async () => {
    const sockets = await Promise.all(Array.from({ length: 5 }, () => unfinished('greedy')));
    await whenHeld(500_000);
    for (const make of [() => half, () => pieces([half])]) {
      expect(await asKey('greedy', make())).toMatchObject({
        refused: 'too_many_bodies',
        message: expect.stringContaining('The key "greedy" has'),
      });
      expect(await asKey('other', make())).toMatchObject({ size: half.length });
    }
    // Small bodies are never refused for this reason.
    expect(await asKey('greedy', 'x'.repeat(60_000))).toMatchObject({ size: 60_000 });
    for (const socket of sockets) socket.destroy();
    await whenHeld(0);
    expect(await asKey('greedy', half)).toMatchObject({ size: half.length });
  });

  test('is given back when a body is complete, stalls, breaks off, or grows too large', async () => {
    await asKey('a', half);
    await asKey('a', pieces([half]));
    await asKey('a', pieces([half, half]));
    await whenHeld(0);
    limits = { ...DEFAULTS, bodyTimeoutMs: 50 };
    const stalled = await unfinished('a');
    await nextReading();
    await whenHeld(0);
    stalled.destroy();
  });
});
