import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { readAnswer } from '../../../src/translation/bedrock-converse/read-answer.ts';
import { createStreamReader } from '../../../src/translation/bedrock-converse/read-stream.ts';
import { writeRequest } from '../../../src/translation/bedrock-converse/write-request.ts';
import { createExchange, type Target } from '../../../src/translation/exchange.ts';
import { writeJson } from '../../../src/translation/json.ts';
import { readRequest } from '../../../src/translation/openai-chat/read-request.ts';
import type { HubEvent } from '../../../src/translation/stream.ts';

const NOVA: Target = {
  provider: 'p1',
  api: 'converse',
  carriage: undefined,
  model: 'amazon.nova-pro-v1:0',
  dialect: 'generic',
  policy: 'warn',
};

function exchangeFor(body: object, target: Partial<Target> = {}) {
  const text = JSON.stringify({ model: 'smart', messages: [{ role: 'user', content: 'x' }], ...body });
  const reading = readRequest(text, { requestId: 'req_test', path: '/v1/chat/completions' });
  if (reading.kind === 'invalid') throw new Error(reading.message);
  return createExchange(reading.conversation, { ...NOVA, ...target }, { requestId: 'req_test', now: 1 });
}

function written(body: object, target: Partial<Target> = {}) {
  const exchange = exchangeFor(body, target);
  const tree = JSON.parse(writeJson(writeRequest(exchange)));
  return { tree, losses: exchange.losses.all().map(({ what, path }) => `${what} ${path}`) };
}

describe('a request to Converse', () => {
  test('writes the effort in the form of each model family', () => {
    const fields = (model: string, effort: string) =>
      written({ reasoning_effort: effort }, { model }).tree.additionalModelRequestFields;
    expect(fields('openai.gpt-oss-120b-1:0', 'high')).toEqual({ reasoning_effort: 'high' });
    expect(fields('openai.gpt-5.4', 'low')).toEqual({ reasoning: { effort: 'low' } });
    expect(fields('us.amazon.nova-2-lite-v1:0', 'medium')).toEqual({
      reasoningConfig: { type: 'enabled', maxReasoningEffort: 'medium' },
    });
    expect(fields('amazon.nova-pro-v1:0', 'medium')).toBeUndefined();
    expect(written({ reasoning_effort: 'medium' }).losses).toContain('dropped reasoning_effort');
  });

  test('has no token limit with the highest effort of Nova 2, which refuses it', () => {
    const { tree, losses } = written(
      { reasoning_effort: 'high', max_tokens: 50 },
      { model: 'us.amazon.nova-2-lite-v1:0' },
    );
    expect(tree.inferenceConfig.maxTokens).toBeUndefined();
    expect(losses).toContain('dropped max_tokens');
  });

  test('keeps only the last four cache marks', () => {
    const marked = (text: string) => ({ type: 'text', text, cache_control: { type: 'ephemeral' } });
    const { tree } = written({
      messages: [
        { role: 'system', content: [marked('S')] },
        { role: 'user', content: ['a', 'b', 'c', 'd'].map(marked) },
      ],
    });
    expect(tree.system).toEqual([{ text: 'S' }]);
    expect(tree.messages[0].content.filter((block: object) => 'cachePoint' in block)).toHaveLength(4);
  });

  test('requests structured output with a tool from Nova, and in words from models that AWS does not list', () => {
    const response_format = {
      type: 'json_schema',
      json_schema: { name: 'p', schema: { type: 'object', properties: { a: { type: 'string' } } } },
    };
    const nova = written({ response_format });
    expect(nova.tree.toolConfig.toolChoice).toEqual({ tool: { name: 'json_response' } });
    const other = written({ response_format }, { model: 'meta.llama3-70b' });
    expect(other.tree.toolConfig).toBeUndefined();
    expect(other.tree.system[0].text).toContain('JSON Schema');
  });

  test('cannot carry media that Converse cannot fetch', () => {
    const content = [{ type: 'image_url', image_url: { url: 'https://example.com/a.png' } }];
    expect(exchangeFor({ messages: [{ role: 'user', content }] }).losses.refusing('warn')).toBeUndefined();
    const exchange = exchangeFor({ messages: [{ role: 'user', content }] });
    writeRequest(exchange);
    expect(exchange.losses.refusing('warn')?.path).toBe('messages[0].content[0]');
  });
});

describe('a stream of Converse', () => {
  const read = (frames: readonly [string, unknown][]): readonly HubEvent[] => {
    const reader = createStreamReader(exchangeFor({}));
    const events = frames.flatMap(([name, payload]) =>
      reader.push(name, new TextEncoder().encode(JSON.stringify(payload))),
    );
    return [...events, ...reader.atEndOfBytes()];
  };

  test('joins a signature that arrives in pieces, and emits it once', () => {
    const delta = (reasoningContent: object) =>
      ['contentBlockDelta', { contentBlockIndex: 0, delta: { reasoningContent } }] as [string, unknown];
    const events = read([
      delta({ text: 'Hm' }),
      delta({ signature: 'ab' }),
      delta({ signature: 'cd' }),
      ['contentBlockStop', { contentBlockIndex: 0 }],
    ]);
    expect(events.find(({ kind }) => kind === 'reasoning-end')).toMatchObject({ seal: { payload: 'abcd' } });
  });

  test('is complete if it ends after messageStop, and not before', () => {
    const text: [string, unknown] = ['contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'Hi' } }];
    expect(read([text, ['messageStop', { stopReason: 'end_turn' }]]).at(-1)?.kind).toBe('end');
    expect(read([text]).at(-1)?.kind).toBe('error');
  });

  test('with a malformed stop reason is an error', () => {
    const events = read([['messageStop', { stopReason: 'malformed_tool_use' }]]);
    expect(events.at(-1)).toMatchObject({ kind: 'error', error: { code: 'upstream_invalid' } });
  });
});

test('readers never throw, whatever their input', () => {
  const exchange = exchangeFor({});
  const name = fc.constantFrom(
    'messageStart',
    'contentBlockStart',
    'contentBlockDelta',
    'contentBlockStop',
    'messageStop',
    'metadata',
    'exception throttlingException',
    'new',
  );
  const anything = fc.jsonValue({ maxDepth: 3 });
  const payload = fc.oneof(
    anything,
    fc.record(
      {
        contentBlockIndex: anything,
        start: fc.record({ toolUse: anything }),
        delta: fc.record(
          { text: anything, toolUse: anything, reasoningContent: anything },
          { requiredKeys: [] },
        ),
        stopReason: anything,
        usage: anything,
      },
      { requiredKeys: [] },
    ),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(name, payload)), anything, (frames, answer) => {
      const reader = createStreamReader(exchange);
      for (const [event, data] of frames) reader.push(event, new TextEncoder().encode(JSON.stringify(data)));
      reader.atEndOfBytes();
      readAnswer(JSON.stringify(answer), exchange);
      readAnswer(JSON.stringify({ output: { message: { content: answer } }, stopReason: answer }), exchange);
    }),
    { numRuns: 500 },
  );
});
