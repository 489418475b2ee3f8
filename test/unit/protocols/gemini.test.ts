import { describe, expect, test } from 'bun:test';
import { FinishReason } from '@google/genai';
import { createListSplitter, splitElements } from '../../../src/lib/json/json-list.ts';
import { AnswerBody } from '../../../src/protocols/answer-body.ts';
import { readAnswer } from '../../../src/protocols/read-answer.ts';
import { protocolFor } from '../../../src/protocols/by-path.ts';
import type { AnswerReading, StreamReader, StreamSign } from '../../../src/protocols/protocol.ts';
import { readFinish } from '../../../src/translation/gemini/finish.ts';

const PATH = '/v1beta/models/gemini-3-pro:streamGenerateContent';
const bytesOf = (value: unknown): Uint8Array =>
  new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));

function read(path: string, body: unknown): AnswerReading {
  return readAnswer(protocolFor(path), new AnswerBody(bytesOf(body)), 'application/json');
}

const answer = (candidate: object, more: object = {}): object => ({
  candidates: [{ index: 0, ...candidate }],
  modelVersion: 'm',
  ...more,
});
const said = (text: string, more: object = {}): object =>
  answer({ content: { role: 'model', parts: [{ text }] } }, more);

/** With it, an answer is too large to be parsed as a whole. */
const PADDING = 'x'.repeat(5_000);

describe('a whole answer', () => {
  test.each([
    ['a text', said('hi'), undefined],
    ['a reason and nothing else', answer({ finishReason: 'MAX_TOKENS' }), undefined],
    [
      'an empty text and a reason',
      answer({ content: { parts: [{ text: '' }] }, finishReason: 'STOP' }),
      undefined,
    ],
    ['a call', answer({ content: { parts: [{ functionCall: { name: 'f' } }] } }), undefined],
    ['a blocked prompt', { promptFeedback: { blockReason: 'SAFETY' } }, undefined],
    ['a withheld candidate', answer({ finishReason: 'PROHIBITED_CONTENT' }), undefined],
    ['no candidates', { candidates: [], usageMetadata: { promptTokenCount: 1 } }, 'no-choices'],
    ['nothing but usage', { usageMetadata: { promptTokenCount: 1 } }, 'no-choices'],
    [
      'a signature alone',
      answer({ content: { parts: [{ text: '', thoughtSignature: 'x' }] } }),
      'no-choices',
    ],
    [
      'what only describes a part',
      answer({
        content: {
          parts: [{ text: '', partMetadata: [1], mediaResolution: 'HIGH', videoMetadata: { fps: 1 } }],
        },
      }),
      'no-choices',
    ],
    [
      'the beginning of a thought',
      answer({ content: { parts: [{ text: '', thought: true }] } }),
      'no-choices',
    ],
    ['an unblocked prompt', { promptFeedback: { safetyRatings: [{}] } }, 'no-choices'],
    ['candidates of another form', { candidates: [null, 1, { content: { parts: {} } }] }, 'no-choices'],
    ['candidates that are no list', { candidates: { content: {} } }, 'no-choices'],
    ['an unusable call', answer({ finishReason: 'MALFORMED_FUNCTION_CALL' }), 'error-object'],
    [
      'a text before an unusable call',
      answer({ content: { parts: [{ text: 'hi' }] }, finishReason: 'UNEXPECTED_TOOL_CALL' }),
      'error-object',
    ],
    ['an error', { error: { code: 503, message: 'busy', status: 'UNAVAILABLE' } }, 'error-object'],
  ] as const)('with %s', (_, body, defect) => {
    const path = '/v1beta/models/m:generateContent';
    expect(read(path, body).defect).toBe(defect);
    expect(read(path, { ...body, padding: PADDING }).defect).toBe(defect);
  });

  test('is not a list of chunks', () => {
    expect(read('/v1beta/models/m:generateContent', [said('hi')]).defect).toBe('malformed');
  });

  test('of which one candidate is usable is one', () => {
    const candidates = [
      { finishReason: 'OTHER' },
      { finishReason: 'STOP', content: { parts: [{ text: 'a' }] } },
    ];
    expect(read('/v1beta/models/m:generateContent', { candidates }).defect).toBeUndefined();
  });

  test.each([10, 70_000, 2_000_000])('of %d characters has its usage', (size) => {
    const usageMetadata = {
      promptTokenCount: 10,
      toolUsePromptTokenCount: 5,
      cachedContentTokenCount: 4,
      candidatesTokenCount: 6,
      thoughtsTokenCount: 3,
      totalTokenCount: 24,
    };
    expect(read('/v1beta/models/m:generateContent', said('x'.repeat(size), { usageMetadata }))).toMatchObject(
      {
        usage: { inputTokens: 15, outputTokens: 9, cachedTokens: 4, reasoningTokens: 3, totalTokens: 24 },
      },
    );
  });
});

test("every finish reason of Google's types is judged as its translation judges it", () => {
  for (const finishReason of Object.values(FinishReason)) {
    const isFailure = read('/v1beta/models/m:generateContent', answer({ finishReason })).defect !== undefined;
    expect([finishReason, isFailure]).toEqual([finishReason, 'kind' in readFinish({ finishReason })]);
  }
});

describe('token counts and vectors', () => {
  test.each([
    ['/v1beta/models/m:countTokens', { totalTokens: 0 }, undefined],
    ['/v1/messages/count_tokens', { input_tokens: 3 }, undefined],
    ['/v1/responses/input_tokens', { object: 'response.input_tokens', input_tokens: 3 }, undefined],
    ['/v1beta/models/m:countTokens', { error: { code: 500, message: 'x' } }, 'error-object'],
    ['/v1/messages/count_tokens', { type: 'error', error: { type: 'api_error' } }, 'error-object'],
    ['/v1/messages/count_tokens', { tokens: 3 }, 'no-choices'],
    ['/v1/messages/count_tokens', { input_tokens: '3' }, 'no-choices'],
    ['/v1beta/models/m:embedContent', { embedding: { values: [0.5] } }, undefined],
    ['/v1beta/models/m:embedContent', { embedding: {} }, 'no-choices'],
    ['/v1beta/models/m:batchEmbedContents', { embeddings: [{ values: [1] }] }, undefined],
    ['/v1beta/models/m:batchEmbedContents', { embeddings: [] }, 'no-choices'],
    ['/v1beta/models/m:batchEmbedContents', { error: { code: 429 } }, 'error-object'],
  ] as const)('of %s: %j', (path, body, defect) => {
    expect(read(path, body).defect).toBe(defect);
    expect(read(path, { ...body, padding: PADDING }).defect).toBe(defect);
    expect(protocolFor(path).endsWithConnection).toBe(true);
  });

  test.each(['/v1/others/count_tokens', '/v1/others/input_tokens', '/v1beta/models/m:others'])(
    'are not what %s answers',
    (path) => expect(protocolFor(path).name).toBe('opaque'),
  );

  test('of an empty list are what was asked', () => {
    const { asksForNothing } = protocolFor('/v1beta/models/m:batchEmbedContents');
    expect(asksForNothing?.(bytesOf({ requests: [] }))).toBe(true);
    for (const requests of [[{}], {}]) expect(asksForNothing?.(bytesOf({ requests }))).toBe(false);
  });
});

const CHUNKS: readonly (readonly [object, StreamSign])[] = [
  [answer({ content: { role: 'model', parts: [{ text: '', thought: true }] } }), 'thinking'],
  [answer({ content: { role: 'model' } }, { usageMetadata: { promptTokenCount: 9 } }), 'preamble'],
  [answer({ content: { parts: [{ text: 'Hm "]} \\" 世界', thought: true }] } }), 'content'],
  [
    said('a "usageMetadata" [{', { usageMetadata: { promptTokenCount: 9, cachedContentTokenCount: 4 } }),
    'content',
  ],
  [answer({ content: { parts: [{ functionCall: { name: 'f', args: { path: 'C:\\' } } }] } }), 'content'],
  [
    answer(
      { content: { parts: [{ text: '' }] }, finishReason: 'STOP' },
      { usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 5, thoughtsTokenCount: 2 } },
    ),
    'content',
  ],
];
const SIGNS = CHUNKS.map(([, sign]) => sign);
const USAGE = { inputTokens: 9, outputTokens: 7, cachedTokens: 4, reasoningTokens: 2 };

function listReader(): StreamReader {
  const reader = protocolFor(PATH).readList?.();
  if (reader === undefined) throw new Error('the protocol reads no lists');
  return reader;
}

/** Reads a list that arrives in pieces of `step` bytes. Blocks and tail have to be all of it. */
function readList(list: string, step: number): { signs: StreamSign[]; reader: StreamReader } {
  const reader = listReader();
  const splitter = createListSplitter(1e6);
  const bytes = bytesOf(list);
  const signs: StreamSign[] = [];
  const passed: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += step) {
    const block = splitter.push(bytes.slice(at, at + step)) ?? new Uint8Array(0);
    passed.push(block);
    for (const { start, end, data } of splitElements(block)) {
      expect(end).toBeGreaterThan(start);
      signs.push(reader.read('', data));
    }
  }
  passed.push(splitter.takeTail());
  expect(Buffer.concat(passed).toString()).toBe(list);
  return { signs, reader };
}

describe('a stream', () => {
  test('of events is understood, and has no end but a finish reason', () => {
    const reader = protocolFor(PATH).readStream();
    for (const [chunk, sign] of CHUNKS) {
      expect(reader.isDone()).toBe(false);
      expect(reader.read('', bytesOf(chunk))).toBe(sign);
    }
    expect(reader.isDone()).toBe(true);
    expect(reader.usage()).toMatchObject(USAGE);
  });

  test.each([1, 2, 3, 7, 50, 5_000])('that is a list is understood in pieces of %d bytes', (step) => {
    const list = `[${CHUNKS.map(([chunk]) => JSON.stringify(chunk, null, 2)).join('\n,\r\n')}\n]`;
    const { signs, reader } = readList(list, step);
    expect(signs).toEqual([...SIGNS, 'done']);
    expect(reader.isDone()).toBe(true);
    expect(reader.usage()).toMatchObject(USAGE);
    expect(reader.position?.().listed).toBe(CHUNKS.length);
  });

  test('that is a list is cut by its bracket before a finish reason, and open without it after one', () => {
    const early = readList(`[${JSON.stringify(said('hi'))}]`, 5);
    expect(early.signs).toEqual(['content', 'cut']);
    expect(early.reader.isDone()).toBe(false);
    const open = readList(`[${CHUNKS.map(([chunk]) => JSON.stringify(chunk)).join(',')}`, 5);
    expect(open.reader.isDone()).toBe(false);
    expect(readList('[]', 5).signs).toEqual(['cut']);
    const error = { code: 429, message: 'no', status: 'RESOURCE_EXHAUSTED' };
    const failed = readList(JSON.stringify([{ error }]), 5);
    expect([failed.signs[0], failed.reader.error()?.kind]).toEqual(['error', 'rate-limit']);
  });

  const BLOCKED = { promptFeedback: { blockReason: 'OTHER' } };
  const ENDS = [BLOCKED, answer({ finishReason: 'STOP' })];

  test('with a blocked prompt or a finish reason is done, before content and after it', () => {
    for (const end of ENDS)
      for (const before of [[], [said('hi')]]) {
        const reader = protocolFor(PATH).readStream();
        for (const chunk of before) reader.read('', bytesOf(chunk));
        expect([reader.read('', bytesOf(end)), reader.isDone()]).toEqual(['content', true]);
      }
    const reader = protocolFor(PATH).readStream();
    reader.read('', bytesOf({ ...BLOCKED, usageMetadata: { promptTokenCount: 9 } }));
    expect(reader.usage()?.inputTokens).toBe(9);
  });

  test.each([
    ['an unblocked prompt', { promptFeedback: { safetyRatings: [{}] } }, 'preamble'],
    ['an empty finish reason', answer({ finishReason: '' }), 'preamble'],
    ['one that is null', answer({ finishReason: null }), 'preamble'],
    ['an empty text', answer({ content: { parts: [{ text: '', thought: false }] } }), 'preamble'],
  ] as const)('has not begun with %s', (_, chunk, sign) => {
    const reader = protocolFor(PATH).readStream();
    expect([reader.read('', bytesOf(chunk)), reader.isDone()]).toEqual([sign, false]);
  });

  test('has content after its first in texts, calls and files', () => {
    const reader = protocolFor(PATH).readStream();
    reader.read('', bytesOf(said('hi')));
    const signOf = (part: object): StreamSign =>
      reader.read('', bytesOf(answer({ content: { parts: [part] } })));
    expect(signOf({ text: 'more' })).toBe('content');
    expect(signOf({ functionCall: { name: 'f' } })).toBe('content');
    expect(signOf({ inlineData: { mimeType: 'image/png', data: 'AAAA' } })).toBe('content');
    expect(signOf({ text: '', thoughtSignature: 'x' })).toBe('preamble');
  });

  test('with several candidates goes on while one of them is usable, and ends with the first', () => {
    const signsOf = (...candidates: object[]): readonly [StreamSign, boolean] => {
      const reader = protocolFor(PATH).readStream();
      return [reader.read('', bytesOf({ candidates })), reader.isDone()];
    };
    const [thinks, speaks] = [{ text: '', thought: true }, { text: 'hi' }].map((part) => ({
      content: { parts: [part] },
    })) as [object, object];
    expect(signsOf(thinks, speaks)).toEqual(['content', false]);
    expect(signsOf({ finishReason: 'OTHER' }, { ...speaks, finishReason: 'STOP' })).toEqual([
      'content',
      true,
    ]);
    expect(signsOf(speaks, { finishReason: 'STOP' })).toEqual(['content', true]);
    expect(signsOf({ finishReason: 'OTHER' }, { finishReason: 'LANGUAGE' })).toEqual(['error', false]);
  });

  test('with an unusable call is an error, before content and after it', () => {
    const failing = bytesOf(
      answer({ finishReason: 'MALFORMED_FUNCTION_CALL' }, { usageMetadata: { promptTokenCount: 9 } }),
    );
    for (const before of [[], [said('hi')]]) {
      const reader = protocolFor(PATH).readStream();
      for (const chunk of before) reader.read('', bytesOf(chunk));
      expect(reader.read('', failing)).toBe('error');
      expect([reader.isDone(), reader.error(), reader.usage()?.inputTokens]).toEqual([false, undefined, 9]);
    }
  });

  test('tells what its error stands for', () => {
    const errorOf = (error: object): unknown => {
      const reader = protocolFor(PATH).readStream();
      expect(reader.read('', bytesOf({ error }))).toBe('error');
      return reader.error();
    };
    const details = [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '7.5s' }];
    expect(errorOf({ code: 429, message: 'slow', status: 'RESOURCE_EXHAUSTED', details })).toMatchObject({
      kind: 'rate-limit',
      status: 429,
      retryAfterMs: 7_500,
    });
    expect(
      errorOf({ code: 8, message: 'Please retry in 34.07s.', status: 'RESOURCE_EXHAUSTED' }),
    ).toMatchObject({
      kind: 'rate-limit',
      status: 429,
      type: 'rate_limit_error',
      retryAfterMs: 34_070,
    });
    expect(errorOf({ status: 'UNAVAILABLE' })).toMatchObject({ kind: 'overloaded', status: 503 });
    expect(
      errorOf({ code: 400, message: 'The input token count (9) exceeds', status: 'INVALID_ARGUMENT' }),
    ).toMatchObject({ kind: 'context-length', status: 400 });
  });

  test('that breaks off ends with an error of its kind', () => {
    const error = { message: 'gone', code: 'upstream_truncated' };
    const { errorEvent } = protocolFor(PATH);
    expect(errorEvent(error)).toMatch(/^data: \{"error":\{"code":502,.*"status":"UNAVAILABLE".*\}\r\n\r\n$/);
    const reader = listReader();
    expect(errorEvent(error, reader.position?.())).toStartWith('[{"error"');
    reader.read('', bytesOf(said('hi')));
    expect(errorEvent(error, reader.position?.())).toMatch(/^,\r\n\{"error":\{"code":502,.*\}$/);
  });
});

test('a list that is only content is passed in blocks, except for its bracket', () => {
  const reader = listReader();
  const block = bytesOf(`,${JSON.stringify(said('hi'))}`);
  expect(reader.skim(block)).toBe(false);
  reader.read('', bytesOf(said('hi')));
  expect([reader.skim(block), reader.position?.().listed]).toEqual([true, 2]);
  expect(reader.skim(bytesOf('\n]'))).toBe(false);
});

test('an answer without usage is estimated by its texts', () => {
  expect(read('/v1beta/models/m:generateContent', said('four'))).toMatchObject({
    usage: undefined,
    text: { sample: 'four', chars: 4 },
  });
});

test('what stands between the elements of a list belongs to the next one', () => {
  const elements = splitElements(bytesOf('["{", }{"a":1}\n]\n')).map(({ data }) =>
    Buffer.from(data).toString(),
  );
  expect(elements).toEqual(['{"a":1}', ']']);
});

test('a list element beyond the limit is refused', () => {
  const splitter = createListSplitter(100);
  expect(splitter.push(bytesOf(`[{"a":"${'x'.repeat(50)}`))).toHaveLength(0);
  expect(splitter.push(bytesOf('x'.repeat(60)))).toBeUndefined();
});
