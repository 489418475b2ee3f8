import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import * as zlib from 'node:zlib';
import { type Simulator, startSimulator } from '../../../src/simulator/simulator.ts';
import { chat, exchange, plainOf, streamOf } from './raw-client.ts';

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator();
});
afterAll(() => simulator.stop());

interface Choice {
  message?: {
    content: string | null;
    tool_calls?: { function: { name: string; arguments: string } }[];
    reasoning?: string;
  };
  delta?: {
    content?: string;
    reasoning_content?: string;
    tool_calls?: { index?: number; function?: { arguments?: string } }[];
  };
  finish_reason: string | null;
}
interface Chunk {
  choices: Choice[];
  usage?: { prompt_tokens: number; completion_tokens: number } | null;
  x_groq?: unknown;
}

async function send(path: string, body: object): Promise<string> {
  return (await fetch(simulator.url + path, { method: 'POST', body: JSON.stringify(body) })).text();
}
async function plain(model: string, more = {}): Promise<Chunk> {
  return JSON.parse(await send('/v1/chat/completions', chat(model, more))) as Chunk;
}
async function stream(model: string, more = {}): Promise<Chunk[]> {
  return chunksOf(await send('/v1/chat/completions', chat(model, { stream: true, ...more })));
}
function chunksOf(text: string): Chunk[] {
  // Not by a regular expression: its lines would also end at U+2028, which is a word of the unicode vocabulary.
  const data = text.split('\n').map((line) => line.slice('data: '.length));
  return data.filter((json) => json.startsWith('{')).map((json) => JSON.parse(json) as Chunk);
}
function saying(chunks: readonly Chunk[]): string {
  return chunks.map(({ choices }) => choices[0]?.delta?.content ?? '').join('');
}

describe('chat', () => {
  test('usage counts the words of the prompt and of the answer, streamed or not', async () => {
    const answer = await plain('gpt', {
      messages: [
        { role: 'user', content: 'one two' },
        { role: 'user', content: [{ type: 'text', text: 'three' }] },
      ],
    });
    expect(answer.usage).toMatchObject({ prompt_tokens: 3, completion_tokens: 20 });
    expect(answer.choices[0]?.message?.content?.split(' ')).toHaveLength(20);
    const chunks = await stream('gpt', { stream_options: { include_usage: true } });
    expect(saying(chunks).split(' ')).toHaveLength(20);
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 20 } });
    expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true);
    expect((await stream('gpt')).every(({ usage }) => usage === undefined)).toBe(true);
  });

  test('a token limit truncates the answer and reports it', async () => {
    for (const limit of ['max_tokens', 'max_completion_tokens']) {
      const answer = await plain('gpt', { [limit]: 3 });
      expect(answer.choices[0]).toMatchObject({ finish_reason: 'length' });
      expect(answer.usage?.completion_tokens).toBe(3);
    }
    expect((await plain('gpt', { max_tokens: 20 })).choices[0]?.finish_reason).toBe('stop');
  });

  test('the model name or a header sets words and pace', async () => {
    expect(saying(await stream('gpt?words=5')).split(' ')).toHaveLength(5);
    const before = performance.now();
    await stream('gpt?words=5&pace=50');
    expect(performance.now() - before).toBeGreaterThanOrEqual(75);
    const headers = { 'x-mock-words': '2' };
    const init = { method: 'POST', headers, body: JSON.stringify(chat('gpt')) };
    const answer = (await (await fetch(`${simulator.url}/v1/chat/completions`, init)).json()) as Chunk;
    expect(answer.usage?.completion_tokens).toBe(2);
  });

  test('n choices differ, and each has its own end', async () => {
    const answer = await plain('gpt', { n: 3 });
    expect(new Set(answer.choices.map(({ message }) => message?.content)).size).toBe(3);
    const chunks = await stream('gpt', { n: 2 });
    expect(chunks.filter(({ choices }) => choices[0]?.finish_reason === 'stop')).toHaveLength(2);
  });

  const tools = [
    {
      type: 'function',
      function: {
        name: 'weather',
        parameters: {
          type: 'object',
          required: ['city'],
          properties: { city: { type: 'string' }, days: { type: 'integer' } },
        },
      },
    },
  ];
  test('a tool is called when the user says so, with the arguments that its schema requires', async () => {
    const wish = { tools, messages: [{ role: 'user', content: 'Use a tool' }] };
    const answer = await plain('gpt', wish);
    expect(answer.choices[0]).toMatchObject({ finish_reason: 'tool_calls', message: { content: null } });
    const call = answer.choices[0]?.message?.tool_calls?.[0]?.function;
    expect([call?.name, JSON.parse(call?.arguments ?? '')]).toEqual(['weather', { city: 'mock' }]);
    const chunks = await stream('gpt', wish);
    const pieces = chunks
      .flatMap(({ choices }) => choices[0]?.delta?.tool_calls ?? [])
      .map((delta) => delta.function?.arguments ?? '');
    expect(pieces.length).toBeGreaterThan(2);
    expect(pieces.join('')).toBe(call?.arguments ?? '');
    expect((await plain('gpt', { ...wish, tool_choice: 'none' })).choices[0]?.finish_reason).toBe('stop');
    expect((await plain('gpt', { tools, tool_choice: 'required' })).choices[0]?.finish_reason).toBe(
      'tool_calls',
    );
    expect((await plain('gpt', { tools })).choices[0]?.finish_reason).toBe('stop');
  });

  test('tool calls have the shapes of many providers', async () => {
    const deltas = async (shape: string): Promise<object[]> =>
      (await stream(`mock/tool-${shape}`))
        .map(({ choices }) => choices[0]?.delta ?? {})
        .filter((delta) => /tool_calls|function_call/.test(JSON.stringify(delta)));
    expect(await deltas('whole')).toHaveLength(1);
    expect(JSON.stringify(await deltas('no-index'))).not.toContain('"index"');
    expect(await deltas('legacy')).toContainEqual({ function_call: { name: 'lookup', arguments: '' } });
    expect(await deltas('object-arguments')).toMatchObject([
      { tool_calls: [{ function: { arguments: { query: 'mock' } } }] },
    ]);
    const indexes = (await stream('mock/tool-parallel'))
      .flatMap(({ choices }) => choices[0]?.delta?.tool_calls ?? [])
      .map(({ index }) => index);
    expect(new Set(indexes)).toEqual(new Set([0, 1]));
    expect(saying(await stream('mock/tool-after-text')).length).toBeGreaterThan(0);
    expect(saying(await stream('mock/tool-split'))).toBe('');
  });

  test('the answer is JSON if required, and matches its schema', async () => {
    const schema = {
      type: 'object',
      properties: {
        name: { type: 'string' },
        size: { type: 'number', minimum: 5 },
        kind: { enum: ['a', 'b'] },
        tags: { type: 'array', items: { type: 'boolean' } },
      },
    };
    const wish = { response_format: { type: 'json_schema', json_schema: { name: 'x', schema } } };
    const expected = { name: 'mock', size: 5, kind: 'a', tags: [true] };
    expect(JSON.parse((await plain('gpt', wish)).choices[0]?.message?.content ?? '')).toEqual(expected);
    expect(JSON.parse(saying(await stream('gpt', wish)))).toEqual(expected);
    const object = await plain('gpt', { response_format: { type: 'json_object' } });
    expect(JSON.parse(object.choices[0]?.message?.content ?? '')).toBeObject();
  });

  test('thoughts precede the answer in the provider’s field, and are counted', async () => {
    const chunks = await stream('mock/reasoning-content?thoughts=3&words=2', {
      stream_options: { include_usage: true },
    });
    const thoughts = chunks.filter(({ choices }) => choices[0]?.delta?.reasoning_content !== undefined);
    expect(thoughts).toHaveLength(3);
    expect(chunks.at(-1)?.usage).toMatchObject({
      completion_tokens: 5,
      completion_tokens_details: { reasoning_tokens: 3 },
    });
    expect((await plain('mock/reasoning')).choices[0]?.message?.reasoning?.split(' ')).toHaveLength(10);
  });
});

describe('usage', () => {
  test('is found in each of its places, and equals the usage of the plain answer', async () => {
    const counts = { prompt_tokens: 3, completion_tokens: 4 };
    const chunks = async (place: string): Promise<Chunk[]> => stream(`mock/usage-${place}?words=4`);
    expect((await plain('mock/ok?words=4')).usage).toMatchObject(counts);
    expect((await chunks('own')).at(-1)).toMatchObject({ choices: [], usage: counts });
    expect((await chunks('split')).at(-1)).toMatchObject({ choices: [], usage: counts });
    expect((await chunks('last')).at(-1)).toMatchObject({
      choices: [{ delta: {}, finish_reason: null }],
      usage: counts,
    });
    expect((await chunks('finish')).at(-1)).toMatchObject({
      choices: [{ finish_reason: 'stop' }],
      usage: counts,
    });
    expect((await chunks('x-groq')).at(-1)).toMatchObject({ x_groq: { usage: counts } });
    expect((await chunks('absent')).some((chunk) => 'usage' in chunk)).toBe(false);
    const asked = await stream('mock/usage-absent', { stream_options: { include_usage: true } });
    expect(asked.some((chunk) => 'usage' in chunk)).toBe(false);
    expect((await chunks('cumulative')).map(({ usage }) => usage?.completion_tokens)).toEqual([
      0, 1, 2, 3, 4, 4,
    ]);
  });

  test('usage-split is split over two segments', async () => {
    const { segments } = await exchange(simulator.port, streamOf('mock/usage-split'), 300);
    expect(segments.length).toBeGreaterThanOrEqual(2);
    expect(
      segments.some((segment) => segment.includes('"choices":[]') && segment.includes('"total_tokens"')),
    ).toBe(false);
  });
});

describe('formats', () => {
  test('CRLF, CR, no space and several data lines mean the same', async () => {
    const read = async (style: string): Promise<unknown[]> => {
      const text = await send('/v1/chat/completions', {
        ...chat('x'),
        stream: true,
        model: `mock/${style}?words=3`,
      });
      const events = text
        .replace(/\r\n|\r/g, '\n')
        .split('\n\n')
        .filter(Boolean);
      const data = events.map((event) =>
        event
          .split('\n')
          .map((line) => line.replace(/^data: ?/, ''))
          .join('\n'),
      );
      return data.slice(0, -1).map((json) => (JSON.parse(json) as Chunk).choices.length);
    };
    for (const style of ['ok', 'crlf', 'cr', 'no-space', 'multi-line', 'cr+multi-line+no-space']) {
      expect([style, await read(style)]).toEqual([style, [1, 1, 1, 1, 1]]);
    }
    const raw = (style: string): Promise<string> =>
      send('/v1/chat/completions', chat(`mock/${style}`, { stream: true }));
    expect(await raw('crlf')).toMatch(/\}\r\n\r\ndata: /);
    expect(await raw('cr')).not.toContain('\n');
    expect(await raw('no-space')).toMatch(/^data:\{/);
    expect(await raw('multi-line')).toMatch(/^data: \{\ndata: {2}"id"/);
  });

  test('comments and pings come between events', async () => {
    const text = await send('/v1/chat/completions', chat('mock/comments?every=2', { stream: true }));
    expect(text).toStartWith(': PROCESSING\n\ndata: {');
    expect(text.match(/^: /gm)?.length).toBeGreaterThan(5);
    expect(await send('/v1/messages', chat('mock/pings', { stream: true }))).toStartWith('event: ping\n');
  });

  test('chunks of one byte split characters', async () => {
    const { segments, text } = await exchange(simulator.port, streamOf('mock/chunks+unicode?words=3'), 1000);
    expect(segments.length).toBeGreaterThan(10);
    const chunks = text.slice(text.indexOf('\r\n\r\n') + 4).match(/1\r\n/g);
    expect(chunks?.length).toBeGreaterThan(500);
    const joined = await send('/v1/chat/completions', chat('mock/chunks+unicode?words=30', { stream: true }));
    expect(saying(chunksOf(joined))).toMatch(/[\u4e00-\u9fff]/);
    expect(joined).not.toContain('\ufffd');
  });

  const decoders = {
    gzip: zlib.gunzipSync,
    deflate: zlib.inflateSync,
    br: zlib.brotliDecompressSync,
    zstd: zlib.zstdDecompressSync,
  };
  for (const [encoding, decode] of Object.entries(decoders)) {
    test(`${encoding} compresses answers, errors and streams`, async () => {
      const fetched = async (model: string, isStream: boolean): Promise<string> => {
        const body = JSON.stringify(chat(model, { stream: isStream }));
        const response = await fetch(`${simulator.url}/v1/chat/completions`, {
          method: 'POST',
          body,
          decompress: false,
        });
        expect(response.headers.get('content-encoding')).toBe(encoding);
        return decode(await response.arrayBuffer()).toString();
      };
      expect(JSON.parse(await fetched(`mock/${encoding}`, false))).toHaveProperty('choices');
      expect(JSON.parse(await fetched(`mock/500+${encoding}`, false))).toHaveProperty('error');
      expect(await fetched(`mock/${encoding}`, true)).toEndWith('data: [DONE]\n\n');
    });

    test(`${encoding} streams can be read event by event`, async () => {
      const body = JSON.stringify(chat(`mock/${encoding}+stall?after=2`, { stream: true }));
      const response = await fetch(`${simulator.url}/v1/chat/completions`, { method: 'POST', body });
      const reader = response.body!.getReader();
      let text = '';
      while (text.split('"content":').length < 4)
        text += new TextDecoder().decode((await reader.read()).value);
      expect(text).toEndWith('\n\n');
      await reader.cancel();
    });
  }

  test('drip is slow', async () => {
    const early = await exchange(simulator.port, plainOf('mock/drip?bytes=10&ms=20'), 100);
    const body = early.text.split('\r\n\r\n')[1] ?? '';
    expect(body.length).toBeGreaterThanOrEqual(10);
    expect(body.length).toBeLessThanOrEqual(60);
  });

  test('big-event has the requested size', async () => {
    const chunks = await stream('mock/big-event?bytes=3000000&words=2');
    expect(saying(chunks).split(' ')[0]).toHaveLength(3_000_000);
  });
});

describe('successes without an answer', () => {
  test('an error object, no choices, nothing, HTML', async () => {
    expect(JSON.parse(await send('/v1/chat/completions', chat('mock/200-error')))).toHaveProperty('error');
    expect((await plain('mock/200-no-choices')).choices).toEqual([]);
    expect((await stream('mock/200-no-choices')).every(({ choices }) => choices.length === 0)).toBe(true);
    expect(await send('/v1/chat/completions', chat('mock/200-empty'))).toBe('');
    expect(await send('/v1/chat/completions', chat('mock/200-empty', { stream: true }))).toBe('');
    expect(await send('/v1/chat/completions', chat('mock/200-html'))).toContain('<html>');
  });
});

describe('the other APIs', () => {
  test('responses streams its events in order, with consecutive numbers', async () => {
    const text = await send('/v1/responses', {
      model: 'm?words=2',
      input: 'one two',
      instructions: 'three',
      stream: true,
    });
    expect([...text.matchAll(/^event: (.*)$/gm)].map(([, name]) => name)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
    expect([...text.matchAll(/"sequence_number":(\d+)/g)].map(([, number]) => Number(number))).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
    ]);
    expect(text).toContain('"usage":{"input_tokens":3,');
    expect(
      JSON.parse(await send('/v1/responses', { model: 'm', input: 'a', max_output_tokens: 2 })),
    ).toMatchObject({ status: 'incomplete' });
  });

  test('messages streams its events in order', async () => {
    const text = await send('/v1/messages', { ...chat('m'), max_tokens: 2, stream: true });
    expect([...text.matchAll(/^event: (.*)$/gm)].map(([, name]) => name)).toEqual([
      'message_start',
      'ping',
      'content_block_start',
      'content_block_delta',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ]);
    expect(text).toContain('"stop_reason":"max_tokens"');
    expect(JSON.parse(await send('/v1/messages', chat('m?words=7')))).toMatchObject({
      usage: { input_tokens: 3, output_tokens: 7 },
    });
  });

  test('embeddings are the same for the same text, as numbers and as base64', async () => {
    const ask = async (more: object): Promise<{ data: { embedding: number[] | string }[] }> =>
      JSON.parse(await send('/v1/embeddings', { model: 'm', input: ['a', 'b', 'a'], ...more })) as {
        data: { embedding: number[] }[];
      };
    const [a, b, again] = (await ask({})).data.map(({ embedding }) => embedding);
    expect(a).toEqual(again as number[]);
    expect(a).not.toEqual(b as number[]);
    const bytes = Buffer.from(
      (await ask({ encoding_format: 'base64' })).data[0]?.embedding as string,
      'base64',
    );
    expect(Array.from({ length: 8 }, (_, index) => bytes.readFloatLE(index * 4))).toEqual(a as number[]);
  });
});
