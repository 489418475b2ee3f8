import { describe, expect, test } from 'bun:test';
import { createSseSplitter, splitEvents } from '../../../src/lib/sse.ts';
import { protocolFor } from '../../../src/protocols/by-path.ts';
import type { StreamReader, StreamSign } from '../../../src/protocols/protocol.ts';
import { SHAPES } from './stream-shapes.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Reads a stream as a relay does. Whole blocks are skimmed where possible; the rest is read event by event. */
function follow(
  reader: StreamReader,
  stream: string,
  step: number,
): { skimmed: number; signs: StreamSign[] } {
  const splitter = createSseSplitter(1e9);
  const bytes = bytesOf(stream);
  const signs: StreamSign[] = [];
  let skimmed = 0;
  for (let at = 0; at < bytes.length; at += step) {
    const block = splitter.push(bytes.subarray(at, at + step)) ?? new Uint8Array(0);
    if (block.length === 0) continue;
    if (reader.skim(block)) skimmed += 1;
    else signs.push(...readAll(reader, block));
  }
  return { skimmed, signs };
}

function readAll(reader: StreamReader, block: Uint8Array): StreamSign[] {
  return splitEvents(block).map(({ name, data }) => reader.read(name, data));
}

function signsOf(path: string, stream: string): StreamSign[] {
  return readAll(protocolFor(path).readStream(), bytesOf(stream));
}

describe.each(SHAPES.map((shape) => [shape.name, shape] as const))('the stream of %s', (_, shape) => {
  test('is understood event by event', () => {
    const reader = protocolFor(shape.path).readStream();
    expect(readAll(reader, bytesOf(shape.stream))).toEqual([...shape.signs]);
    expect(reader.isDone()).toBe(true);
    if (shape.usage === undefined) expect(reader.usage()).toBeUndefined();
    else expect(reader.usage()).toMatchObject(shape.usage);
  });

  test('comes to the same wherever its chunks are cut', () => {
    for (const step of [1, 7, 64, 300, 4_096]) {
      const reader = protocolFor(shape.path).readStream();
      follow(reader, shape.stream, step);
      expect(reader.isDone()).toBe(true);
      if (shape.usage === undefined) expect(reader.usage()).toBeUndefined();
      else expect(reader.usage()).toMatchObject(shape.usage);
    }
  });

  test('is not done before its end', () => {
    const reader = protocolFor(shape.path).readStream();
    const last = shape.path === '/v1/messages' ? 2 : shape.signs.length - shape.signs.lastIndexOf('content');
    readAll(
      reader,
      bytesOf(
        splitEvents(bytesOf(shape.stream))
          .slice(0, -last)
          .map(({ start, end }) => Buffer.from(bytesOf(shape.stream).subarray(start, end)).toString())
          .join(''),
      ),
    );
    expect(reader.isDone()).toBe(false);
  });
});

describe('skimming', () => {
  const delta = (content: string): string =>
    `data: ${JSON.stringify({ choices: [{ delta: { content }, finish_reason: null }], usage: null })}\n\n`;
  const begun = (): StreamReader => {
    const reader = protocolFor('/v1/chat/completions').readStream();
    reader.read('', bytesOf(delta('a').slice(6, -2)));
    return reader;
  };

  test('passes over deltas, though null stands for usage and reason in each', () => {
    const reader = begun();
    expect(reader.skim(bytesOf(delta('bc').repeat(10)))).toBe(true);
  });

  test('is not offered before the first content', () => {
    const reader = protocolFor('/v1/chat/completions').readStream();
    expect(reader.skim(bytesOf(delta('a')))).toBe(false);
  });

  test('passes over text that speaks of usage, reasons and errors', () => {
    const text = '{"usage":{"prompt_tokens":1},"finish_reason":"stop","error":{}}';
    expect(begun().skim(bytesOf(delta(text)))).toBe(true);
    expect(begun().skim(bytesOf(delta(JSON.stringify(text))))).toBe(true);
  });

  test.each([
    ['usage', 'data: {"choices":[],"usage": {"prompt_tokens":1}}\n\n'],
    ['a reason', 'data: {"choices":[{"delta":{},"finish_reason" : "stop"}]}\n\n'],
    ['the end', 'data: [DONE]\n\n'],
    ['an error', 'data: {"error":{"message":"x"}}\n\n'],
    ['an event of errors', 'event:error\ndata: oops\n\n'],
  ])('stops for %s', (_, event) => {
    const reader = begun();
    expect(reader.skim(bytesOf(delta('b') + event))).toBe(false);
  });
});

describe('an error in a stream', () => {
  test.each([
    ['/v1/chat/completions', 'data: {"error":{"message":"boom","code":502}}\n\n'],
    ['/v1/chat/completions', 'data: {"error":"boom"}\n\n'],
    ['/v1/chat/completions', 'event: error\ndata: {"message":"boom"}\n\n'],
    ['/v1/chat/completions', 'event: error\ndata: boom\n\n'],
    ['/v1/chat/completions', 'data: {"object":"error","message":"boom"}\n\n'],
    [
      '/v1/chat/completions',
      'data: {"choices":[{"delta":{"content":""},"finish_reason":"error"}],"error":{"code":502}}\n\n',
    ],
    ['/v1/chat/completions', 'data: {"choices":[{"delta":{},"finish_reason":"error"}]}\n\n'],
    ['/v1/completions', 'data: {"error":{"message":"boom"}}\n\n'],
    ['/v1/messages', 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error"}}\n\n'],
    ['/v1/responses', 'event: error\ndata: {"type":"error","code":"server_error","message":"boom"}\n\n'],
    ['/v1/responses', 'data: {"type":"error","code":"server_error"}\n\n'],
    ['/v1/responses', 'data: {"type":"response.failed","response":{"error":{"code":"x"}}}\n\n'],
    ['/v1/responses', 'data: {"type":"response.failed","response":{"status":"failed"}}\n\n'],
    ['/v1/audio/speech', 'data: {"error":{"message":"boom"}}\n\n'],
  ])('of %s is seen in %j, before content and after it', (path, stream) => {
    expect(signsOf(path, stream)).toEqual(['error']);
    const content =
      SHAPES.find((shape) => protocolFor(shape.path).name === protocolFor(path).name)?.stream ??
      'data: {}\n\n';
    expect(signsOf(path, content + stream).at(-1)).toBe('error');
  });

  test('is also what cannot be read where the first content should be', () => {
    expect(signsOf('/v1/chat/completions', 'data: {"choices":[{"delta"\n\n')).toEqual(['error']);
    expect(signsOf('/v1/messages', 'data: [DONE]\n\n')).toEqual(['error']);
    expect(signsOf('/v1/responses', 'data: <html>\n\n')).toEqual(['error']);
  });

  test('is not the word in an answer', () => {
    const said = JSON.stringify({
      choices: [{ delta: { content: '{"error":{"message":"x"}}' } }],
      error: null,
    });
    expect(signsOf('/v1/chat/completions', `data: ${said}\n\ndata: ${said}\n\n`)).toEqual([
      'content',
      'content',
    ]);
  });
});

describe('a long event', () => {
  const image = `data:image/png;base64,${'iVBORw0KGgo'.repeat(20_000)}`;

  test.each([
    [
      'an image without a word',
      { choices: [{ delta: { content: '', images: [{ image_url: { url: image } }] } }] },
    ],
    ['a long word', { choices: [{ delta: { content: image } }] }],
  ])('may be the first content: %s', (_, event) => {
    expect(signsOf('/v1/chat/completions', `data: ${JSON.stringify(event)}\n\n`)).toEqual(['content']);
  });

  test('may be no content at all, such as instructions that are repeated', () => {
    const created = { type: 'response.created', response: { instructions: image, error: null, usage: null } };
    expect(signsOf('/v1/responses', `data: ${JSON.stringify(created)}\n\n`)).toEqual(['preamble']);
  });

  test('may be an error', () => {
    const event = { error: { message: image } };
    expect(signsOf('/v1/chat/completions', `data: ${JSON.stringify(event)}\n\n`)).toEqual(['error']);
  });

  test('may carry the end and the usage', () => {
    const reader = protocolFor('/v1/chat/completions').readStream();
    const event = {
      choices: [{ delta: { content: image }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 1, completion_tokens: 2 },
    };
    expect(reader.read('', bytesOf(JSON.stringify(event)))).toBe('content');
    expect([reader.isDone(), reader.usage()?.totalTokens]).toEqual([true, 3]);
  });
});

describe('the end', () => {
  test('once said stays said, though usage follows and [DONE] never comes', () => {
    const reader = protocolFor('/v1/chat/completions').readStream();
    reader.read('', bytesOf('{"choices":[{"delta":{},"finish_reason":"stop"}]}'));
    expect(reader.read('', bytesOf('{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}'))).toBe(
      'usage-only',
    );
    expect(reader.isDone()).toBe(true);
  });

  test('of a message is its reason to stop, with or without the last event', () => {
    const reader = protocolFor('/v1/messages').readStream();
    const delta = (reason: string): Uint8Array =>
      bytesOf(`{"type":"message_delta","delta":{"stop_reason":${reason}}}`);
    reader.read('message_delta', delta('null'));
    expect(reader.isDone()).toBe(false);
    reader.read('message_delta', delta('"end_turn"'));
    expect(reader.isDone()).toBe(true);
  });
});

describe('a stream of the Responses API', () => {
  test('may say something by a tool call before any text', () => {
    const item = (type: string): string =>
      `data: {"type":"response.output_item.added","item":{"type":"${type}"}}\n\n`;
    expect(signsOf('/v1/responses', item('reasoning') + item('function_call'))).toEqual([
      'thinking',
      'content',
    ]);
  });

  test('that is incomplete for want of tokens is done', () => {
    const reader = protocolFor('/v1/responses').readStream();
    const event = '{"type":"response.incomplete","response":{"usage":{"input_tokens":1,"output_tokens":2}}}';
    expect(reader.read('response.incomplete', bytesOf(event))).toBe('content');
    expect([reader.isDone(), reader.usage()?.totalTokens]).toEqual([true, 3]);
  });
});

test('an unknown stream is content from its first event, and is not done with it', () => {
  const reader = protocolFor('/v1/audio/speech').readStream();
  expect(reader.isDone()).toBe(false);
  expect(readAll(reader, bytesOf(': x\n\ndata: {"type":"speech.audio.delta","audio":"AA=="}\n\n'))).toEqual([
    'preamble',
    'content',
  ]);
  expect(reader.isDone()).toBe(false);
  reader.read(
    '',
    bytesOf('{"type":"speech.audio.done","usage":{"input_tokens":4,"output_tokens":6,"total_tokens":10}}'),
  );
  expect(reader.usage()?.totalTokens).toBe(10);
  expect(reader.isDone()).toBe(true);
});

describe('an event that is too large to be parsed', () => {
  /** So many values that 4 MB are left without long strings. */
  const many = Array.from({ length: 500_000 }, () => ({ b: 1 }));
  const gemini = '/v1beta/models/m:streamGenerateContent';
  const chunkOf = (more: object, candidate: object = {}): object => ({
    candidates: [
      {
        content: { parts: [{ functionCall: { name: 'f', args: { many, finishReason: 1 } } }] },
        ...candidate,
      },
    ],
    ...more,
  });
  const counts = { promptTokenCount: 3, candidatesTokenCount: 4, totalTokenCount: 7 };
  const completed = (type: string, response: object): object => ({ type, response });

  test.each([
    ['the first chunk of Gemini', gemini, '', chunkOf({}), 'content', false, undefined],
    [
      'the only chunk of Gemini',
      gemini,
      '',
      chunkOf({ usageMetadata: counts }, { finishReason: 'STOP' }),
      'content',
      true,
      7,
    ],
    ['an error', gemini, '', { error: { code: 500, many } }, 'error', false, undefined],
    ['no error', gemini, '', { error: null, ...chunkOf({}) }, 'content', false, undefined],
    ['an error by its name', gemini, 'error', { many }, 'error', false, undefined],
    ['no object', gemini, '', many, 'error', false, undefined],
    [
      'the whole answer of Responses',
      '/v1/responses',
      'response.completed',
      completed('response.completed', { output: many, usage: { input_tokens: 3, output_tokens: 4 } }),
      'content',
      true,
      7,
    ],
    [
      'a delta of Responses',
      '/v1/responses',
      '',
      { type: 'response.output_text.delta', delta: 'a', logprobs: many },
      'content',
      false,
      undefined,
    ],
    [
      'an echo of Responses',
      '/v1/responses',
      '',
      completed('response.created', { tools: many, usage: null }),
      'preamble',
      false,
      undefined,
    ],
    ['a chunk of Chat', '/v1/chat/completions', '', { choices: many }, 'content', false, undefined],
  ] as const)('is still told apart: %s', (...[, path, name, event, sign, isDone, totalTokens]) => {
    const reader = protocolFor(path).readStream();
    expect(reader.read(name, bytesOf(JSON.stringify(event)))).toBe(sign);
    expect(reader.isDone()).toBe(isDone);
    expect(reader.usage()?.totalTokens).toBe(totalTokens);
  });

  test('names the tier of its usage and its type itself', () => {
    const reader = protocolFor('/v1/responses').readStream();
    const response = { output: many, usage: { input_tokens: 3, output_tokens: 4 }, service_tier: 'flex' };
    reader.read('', bytesOf(JSON.stringify(completed('response.completed', response))));
    expect([reader.isDone(), reader.usage()?.parts?.serviceTier]).toEqual([true, 'flex']);
  });
});

test('the position behind a stream of Responses follows every event', () => {
  const reader = protocolFor('/v1/responses').readStream();
  const sent = (sequence_number: number, more: object): Uint8Array =>
    bytesOf(JSON.stringify({ ...more, sequence_number }));
  reader.read('', sent(3, { type: 'response.created', response: { id: 'r', model: 'm' } }));
  const delta = { type: 'response.output_text.delta', delta: 'a' };
  reader.read('', sent(4, delta));
  expect(reader.position?.()).toEqual({ nextSequenceNumber: 5, responseId: 'r', model: 'm' });
  expect(reader.skim(sent(7, delta))).toBe(true);
  expect(reader.position?.().nextSequenceNumber).toBe(8);
});
