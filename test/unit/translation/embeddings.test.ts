import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import type { EmbeddingsClient } from '../../../src/translation/embeddings/asked.ts';
import {
  embeddingsAnswer,
  readEmbeddings,
  writeEmbeddings,
  type EmbeddingsTarget,
} from '../../../src/translation/embeddings/embeddings.ts';
import { base64Of, floatsOf } from '../../../src/translation/embeddings/providers.ts';

const GEMINI: EmbeddingsTarget = { api: 'gemini', model: 'gemini-embedding-001', policy: 'warn' };
const VERTEX: EmbeddingsTarget = { ...GEMINI, api: 'vertex' };
const OPENAI: EmbeddingsTarget = { api: 'openai', model: 'text-embedding-3', policy: 'warn' };
const SINGLE = '/v1beta/models/smart:embedContent';
const BATCH = '/v1beta/models/smart:batchEmbedContents';

function asked(client: EmbeddingsClient, body: unknown, path = '') {
  const reading = readEmbeddings(client, JSON.stringify(body), { requestId: 'req_x', path });
  if (reading.kind === 'invalid') return reading.path;
  return reading.asked;
}

function written(client: EmbeddingsClient, body: unknown, target: EmbeddingsTarget, path = '') {
  const read = asked(client, body, path);
  if (typeof read === 'string') throw new Error(read);
  return writeEmbeddings(read, target, {});
}

function sent(client: EmbeddingsClient, body: unknown, target: EmbeddingsTarget, path = '') {
  const done = written(client, body, target, path);
  if (done.kind === 'unsuitable') return { unsuitable: done.loss.path };
  const losses = done.exchange.losses.all().map(({ what, path: at }) => `${what} ${at}`);
  return { body: JSON.parse(done.body) as unknown, losses, exchange: done.exchange };
}

describe('a client of OpenAI', () => {
  test('numbers in every notation, and of more digits than a double holds, are numbers', () => {
    const { exchange } = sent('embeddings', { model: 'm', input: 'a' }, GEMINI);
    const values = '[-1.1920928955078125e-07,0.1000000000000000055511151231257827,1]';
    const answer = embeddingsAnswer(`{"embeddings":[{"values":${values}}]}`, exchange!, () => 1);
    if (answer.kind === 'failed') throw new Error(answer.error.message);
    expect(JSON.parse(answer.body)).toMatchObject({
      data: [{ embedding: [-1.1920928955078125e-7, 0.1, 1] }],
    });
  });

  test('embeds one text at Vertex, with its token count', () => {
    const { body, losses, exchange } = sent(
      'embeddings',
      { model: 'm', input: 'é', dimensions: 2, user: 'u' },
      VERTEX,
    );
    expect(body).toEqual({ instances: [{ content: 'é' }], parameters: { outputDimensionality: 2 } });
    expect(losses).toEqual(['dropped user']);
    if (exchange === undefined) throw new Error('unsuitable');
    const answer = { predictions: [{ embeddings: { values: [1, 2], statistics: { token_count: 3 } } }] };
    const estimate = () => {
      throw new Error('the provider counts');
    };
    const done = embeddingsAnswer(JSON.stringify(answer), exchange, estimate);
    expect(done).toEqual({
      kind: 'answer',
      tokens: 3,
      isEstimated: false,
      body: '{"object":"list","data":[{"object":"embedding","index":0,"embedding":[1,2]}],"model":"gemini-embedding-001","usage":{"prompt_tokens":3,"total_tokens":3}}',
    });
  });

  test.each([
    [{ ...VERTEX, model: 'text-embedding-005' }, 250],
    [VERTEX, 1],
    [{ ...VERTEX, model: 'google/gemini-embedding-2' }, 1],
    [{ ...VERTEX, model: 'intfloat/multilingual-e5-large-instruct-maas' }, 1],
    [GEMINI, 100],
  ])('embeds as many texts as the model accepts in a request, under every policy: %j', (target, most) => {
    const input = Array.from({ length: most + 1 }, () => 'a');
    for (const policy of ['warn', 'drop'] as const) {
      const asking = (texts: readonly string[]) =>
        sent('embeddings', { input: texts }, { ...target, policy });
      expect(asking(input)).toEqual({ unsuitable: `input[${most}]` });
      expect(asking(input.slice(1)).losses).toEqual([]);
    }
  });

  test.each([[[1, 2]], [[[1], [2]]], [['a', [1]]]])(
    'token ids are unsuitable under every policy: %p',
    (input) => {
      expect(sent('embeddings', { input }, GEMINI)).toEqual({ unsuitable: 'input' });
      expect(sent('embeddings', { input }, { ...GEMINI, policy: 'drop' })).toEqual({ unsuitable: 'input' });
    },
  );

  test('an encoding that other APIs cannot give makes the route unsuitable', () => {
    const unsuitable = { unsuitable: 'encoding_format' };
    expect(sent('embeddings', { input: 'a', encoding_format: 'int8' }, GEMINI)).toEqual(unsuitable);
    expect(sent('embeddings', { input: 'a', encoding_format: null }, GEMINI)).toMatchObject({ losses: [] });
  });

  test.each([
    [{}, 'input'],
    [{ input: [] }, 'input'],
    [{ input: ['a', null] }, 'input[1]'],
  ])('%p is invalid', (body, path) => {
    expect(asked('embeddings', body)).toBe(path);
  });
});

describe('a client of Gemini', () => {
  test('requests one embedding', () => {
    const request = {
      content: { parts: [{ text: 'a' }, { text: 'b' }] },
      output_dimensionality: 2,
      taskType: 'RETRIEVAL_QUERY',
    };
    const { body, losses, exchange } = sent('gemini', request, OPENAI, SINGLE);
    expect(body).toEqual({ model: 'text-embedding-3', input: ['a\nb'], dimensions: 2 });
    expect(losses).toEqual(['dropped taskType']);
    if (exchange === undefined) throw new Error('unsuitable');
    const answer = { data: [{ index: 0, embedding: 'AAAAPwAAgL8=' }], usage: { prompt_tokens: 2 } };
    const done = embeddingsAnswer(JSON.stringify(answer), exchange, () => 9);
    expect(done).toMatchObject({ body: '{"embedding":{"values":[0.5,-1]}}', tokens: 2 });
  });

  test('requests several, which may come back in another order', () => {
    const text = (each: string) => ({ model: 'models/smart', content: { parts: [{ text: each }] } });
    const { body, exchange } = sent('gemini', { requests: [text('a'), text('b')] }, OPENAI, BATCH);
    expect(body).toEqual({ model: 'text-embedding-3', input: ['a', 'b'] });
    if (exchange === undefined) throw new Error('unsuitable');
    const data = [
      { index: 1, embedding: [2] },
      { index: 0, embedding: [1] },
    ];
    const done = embeddingsAnswer(JSON.stringify({ data }), exchange, (texts) => texts.length);
    expect(done).toMatchObject({
      body: '{"embeddings":[{"values":[1]},{"values":[2]}]}',
      isEstimated: true,
      tokens: 2,
    });
  });

  test('keeps what a text is for at Vertex, in the form of the model’s own method', () => {
    const request = {
      content: { parts: [{ text: 'a' }] },
      taskType: 'RETRIEVAL_DOCUMENT',
      title: 't',
      outputDimensionality: 2,
    };
    const older = sent('gemini', request, VERTEX, SINGLE);
    expect(older).toMatchObject({
      body: {
        instances: [{ content: 'a', task_type: 'RETRIEVAL_DOCUMENT', title: 't' }],
        parameters: { outputDimensionality: 2 },
      },
      losses: [],
    });
    const { body, losses, exchange } = sent(
      'gemini',
      request,
      { ...VERTEX, model: 'gemini-embedding-2' },
      SINGLE,
    );
    expect(body).toEqual({
      content: { parts: [{ text: 'a' }] },
      embedContentConfig: { taskType: 'RETRIEVAL_DOCUMENT', title: 't', outputDimensionality: 2 },
    });
    expect(losses).toEqual([]);
    const plain = sent(
      'gemini',
      { content: request.content },
      { ...VERTEX, model: 'gemini-embedding-2' },
      SINGLE,
    );
    expect(plain.body).toEqual({ content: request.content });
    const answer = { embedding: { values: [1, 2] }, usageMetadata: { promptTokenCount: 4 } };
    const done = embeddingsAnswer(JSON.stringify(answer), exchange!, () => 9);
    expect(done).toMatchObject({ body: '{"embedding":{"values":[1,2]}}', tokens: 4 });
  });

  test('cannot request embeddings of an image or of several lengths', () => {
    const image = {
      content: { parts: [{ text: 'a' }, { inlineData: { mimeType: 'image/png', data: '' } }] },
    };
    expect(sent('gemini', image, OPENAI, SINGLE)).toEqual({ unsuitable: 'content.parts[1]' });
    const of = (outputDimensionality: number) => ({
      content: { parts: [{ text: 'a' }] },
      outputDimensionality,
    });
    expect(sent('gemini', { requests: [of(1), of(2)] }, OPENAI, BATCH)).toEqual({
      unsuitable: 'requests[1].outputDimensionality',
    });
  });
});

test.each([
  ['[]'],
  ['{'],
  ['{"data":[{"index":0,"embedding":"***"}]}'],
  ['{"data":[{"index":4000000000,"embedding":["a"]}]}'],
  ['{"data":[]}'],
  ['{"data":[{"embedding":[1]},{"embedding":[2]}]}'],
  ['{"error":{"message":"no"}}'],
])('an answer without embeddings is a failure: %s', (answer) => {
  const { exchange } = sent('gemini', { content: { parts: [{ text: 'a' }] } }, OPENAI, SINGLE);
  if (exchange === undefined) throw new Error('unsuitable');
  expect(embeddingsAnswer(answer, exchange, () => 1).kind).toBe('failed');
});

test('numbers survive base64 as float32', () => {
  fc.assert(
    fc.property(fc.float32Array({ noNaN: true }), (numbers) => {
      expect(floatsOf(base64Of(Array.from(numbers)))).toEqual(Array.from(numbers));
    }),
  );
  expect(floatsOf('AAAA')).toBeUndefined();
});
