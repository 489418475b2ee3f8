import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { wholePiece } from '../../../src/translation/held-text.ts';
import type { ClientApi, Conversation, ProviderApi } from '../../../src/translation/conversation.ts';
import { createExchange, type Target } from '../../../src/translation/exchange.ts';
import { isTranslated, readRequest, translationFor } from '../../../src/translation/pair.ts';
import { chatRequest, messagesAnswer, messagesEvents } from './conversations.ts';

const CLIENTS = (['chat', 'responses', 'messages', 'gemini', 'completions'] as const).filter(
  (api) => isTranslated(api, 'chat') || isTranslated(api, 'messages'),
);
const PROVIDERS = (['chat', 'responses', 'messages', 'gemini', 'converse'] as const).filter((api) =>
  isTranslated('chat', api),
);
const FACTS = { requestId: 'req_golden', now: 1_790_000_000 };
const RUNS = { numRuns: 200 };

function target(api: ProviderApi): Target {
  const model = api === 'messages' ? 'claude-opus-4-8' : 'gpt-x';
  return { provider: 'p1', api, carriage: undefined, model, dialect: 'generic', policy: 'warn' };
}

async function read(api: ClientApi, body: unknown): Promise<Conversation> {
  const reading = await readRequest(api, JSON.stringify(body), { requestId: 'req_golden', path: '' });
  if (reading.kind === 'invalid') throw new Error(`${reading.path}: ${reading.message}`);
  return reading.conversation;
}

async function write(conversation: Conversation, api: ProviderApi): Promise<Record<string, unknown>> {
  const translation = await translationFor(conversation.api, api, target(api));
  const written = translation.request(conversation, FACTS);
  if (written.kind !== 'written') throw new Error(written.loss.path);
  expect(written.exchange.losses.all()).toEqual([]);
  return JSON.parse(written.body) as Record<string, unknown>;
}

describe('reading and writing', () => {
  test('a conversation survives the way to Messages and back to Chat', async () => {
    await fc.assert(
      fc.asyncProperty(chatRequest, async (body) => {
        const messages = await write(await read('chat', body), 'messages');
        const back = await write(await read('messages', messages), 'chat');
        expect(back).toEqual({ ...body, model: 'gpt-x' });
      }),
      RUNS,
    );
  });

  test('a conversation survives the way to Chat and back to Messages', async () => {
    await fc.assert(
      fc.asyncProperty(chatRequest, async (body) => {
        const messages = await write(await read('chat', body), 'messages');
        const chat = await write(await read('messages', messages), 'chat');
        expect(await write(await read('chat', chat), 'messages')).toEqual(messages);
      }),
      RUNS,
    );
  });

  test('a conversation survives the way to Responses and back to Chat', async () => {
    await fc.assert(
      fc.asyncProperty(chatRequest, async (body) => {
        const responses = await write(await read('chat', body), 'responses');
        const back = await write(await read('responses', responses), 'chat');
        expect(joined(back)).toEqual(joined({ ...body, model: 'gpt-x' }));
      }),
      RUNS,
    );
  });

  test('a conversation survives the way to Chat and back to Responses', async () => {
    await fc.assert(
      fc.asyncProperty(chatRequest, async (body) => {
        const responses = await write(await read('chat', body), 'responses');
        const chat = await write(await read('responses', responses), 'chat');
        expect(await write(await read('chat', chat), 'responses')).toEqual(responses);
      }),
      RUNS,
    );
  });

  test.each(PROVIDERS)(
    'writing a conversation twice for %s gives the same bytes, and a longer one has the same prefix',
    async (api) => {
      await fc.assert(
        fc.asyncProperty(chatRequest, async (body) => {
          const translation = await translationFor('chat', api, target(api));
          const bodyOf = async (messages: readonly unknown[]) => {
            const written = translation.request(await read('chat', { ...body, messages }), FACTS);
            return written.kind === 'written' ? written.body : 'unsuitable';
          };
          const once = await bodyOf(body.messages);
          expect(await bodyOf(body.messages)).toBe(once);
          const longer = await bodyOf([
            ...body.messages,
            { role: 'assistant', content: 'Yes' },
            { role: 'user', content: 'x' },
          ]);
          const turns = (text: string) => listOfTurns(JSON.parse(text) as Record<string, unknown>);
          expect(turns(longer).slice(0, turns(once).length)).toEqual([...turns(once)]);
        }),
        { numRuns: 50 },
      );
    },
  );
});

/** Drops `strict: false`, which Responses requires and which means the same as its absence. */
function joined(body: Record<string, unknown>): unknown {
  return JSON.parse(JSON.stringify(body).replaceAll(',"strict":false', ''));
}

function listOfTurns(body: Record<string, unknown>): readonly unknown[] {
  return (body['messages'] ?? body['contents'] ?? body['input']) as readonly unknown[];
}

describe('readers', () => {
  const garbage = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.json({ maxDepth: 4 }).map((text) => new TextEncoder().encode(text)),
    fc.constantFrom(...troubledAnswers()).map((value) => new TextEncoder().encode(JSON.stringify(value))),
  );

  test.each(PROVIDERS)(
    'the stream reader for %s accepts any bytes, and reports how the stream ended',
    async (api) => {
      const translation = await translationFor('chat', api, target(api));
      const conversation = await read('chat', { model: 'm', messages: [{ role: 'user', content: 'x' }] });
      fc.assert(
        fc.property(fc.array(garbage, { maxLength: 8 }), (events) => {
          const exchange = createExchange(conversation, target(api), FACTS);
          const stream = translation.stream(exchange);
          for (const event of events) stream.push('', event);
          expect(stream.atEndOfBytes().over).toBeDefined();
        }),
        RUNS,
      );
    },
  );

  test.each(PROVIDERS)('the answer reader for %s accepts any text', async (api) => {
    const translation = await translationFor('chat', api, target(api));
    const conversation = await read('chat', { model: 'm', messages: [{ role: 'user', content: 'x' }] });
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      fc.constantFrom(...troubledAnswers()).map((value) => JSON.stringify(value)),
    );
    fc.assert(
      fc.property(text, (body) => {
        const answer = translation.answer(body, createExchange(conversation, target(api), FACTS));
        expect(['answer', 'failed']).toContain(answer.kind);
      }),
      RUNS,
    );
  });

  test.each(CLIENTS)('the request reader for %s accepts any text', async (api) => {
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      fc.constantFrom(...troubledRequests()).map((value) => JSON.stringify(value)),
    );
    await fc.assert(
      fc.asyncProperty(text, async (body) => {
        const reading = await readRequest(api, body, { requestId: 'req_1', path: '' });
        expect(['read', 'invalid']).toContain(reading.kind);
        if (reading.kind === 'invalid') return;
        for (const provider of PROVIDERS) {
          if (!isTranslated(api, provider)) continue;
          const translation = await translationFor(api, provider, target(provider));
          expect(['written', 'unsuitable']).toContain(translation.request(reading.conversation, FACTS).kind);
        }
      }),
      RUNS,
    );
  });
});

/** Answers and events with a value of the wrong type in each place. */
function troubledAnswers(): unknown[] {
  const wrong = [null, 7, 'x', [], {}, [null], [[]], [{}]];
  const chat = (delta: unknown) => ({ choices: [{ index: 0, delta, message: delta, finish_reason: null }] });
  return [
    ...wrong,
    ...wrong.map((choices) => ({ choices })),
    ...wrong.map((value) => chat(value)),
    ...wrong.map((tool_calls) => chat({ tool_calls })),
    ...wrong.map((inner) => chat({ tool_calls: [{ index: inner, id: inner, function: inner }] })),
    ...wrong.map((content) => chat({ content, reasoning_details: content, refusal: content })),
    ...wrong.map((usage) => ({ usage, choices: [{ finish_reason: 'stop', delta: {} }] })),
    ...wrong.map((error) => ({ error })),
    ...wrong.map((content) => ({ content, usage: content, stop_reason: content })),
    ...wrong.map((message) => ({ type: 'message_start', message })),
    ...wrong.map((content_block) => ({ type: 'content_block_start', index: content_block, content_block })),
    ...wrong.map((inner) => ({
      type: 'content_block_start',
      index: 0,
      content_block: { type: 'tool_use', input: inner },
    })),
    ...wrong.map((delta) => ({ type: 'content_block_delta', index: 0, delta })),
    ...wrong.map((delta) => ({ type: 'message_delta', delta, usage: delta })),
    { type: 'message_stop' },
    { type: 'content_block_stop', index: 9 },
    ...wrong.flatMap((inner) => [
      { type: 'response.created', response: inner },
      { type: 'response.completed', response: inner },
      { type: 'response.completed', response: { output: inner, usage: inner, status: inner } },
      { type: 'response.incomplete', response: { incomplete_details: inner } },
      { type: 'response.failed', response: { error: inner } },
      { type: 'error', code: inner, message: inner, error: inner },
      { status: 'completed', output: [{ type: 'message', content: inner }, inner] },
      { output: [{ type: 'reasoning', summary: inner, content: inner, encrypted_content: inner }] },
      { output: [{ type: 'function_call', call_id: inner, name: inner, arguments: inner }] },
      {
        output: [
          {
            type: 'message',
            content: [{ type: 'output_text', text: 'x', annotations: inner, logprobs: inner }],
          },
        ],
      },
    ]),
    ...['added', 'done'].flatMap((word) =>
      ['message', 'reasoning', 'function_call', 'custom_tool_call', 'web_search_call'].flatMap((type) =>
        wrong.map((inner) => ({
          type: `response.output_item.${word}`,
          output_index: inner,
          item: {
            type,
            id: inner,
            name: inner,
            content: inner,
            summary: inner,
            arguments: inner,
            input: inner,
          },
        })),
      ),
    ),
    ...[
      'output_text',
      'refusal',
      'reasoning_summary_text',
      'reasoning_text',
      'function_call_arguments',
      'custom_tool_call_input',
    ].flatMap((kind) =>
      wrong.flatMap((inner) => [
        {
          type: `response.${kind}.delta`,
          output_index: 0,
          delta: inner,
          logprobs: inner,
          content_index: inner,
        },
        { type: `response.${kind}.done`, output_index: inner, text: inner, arguments: inner, refusal: inner },
      ]),
    ),
  ];
}

function troubledRequests(): unknown[] {
  const wrong = [null, 7, 'x', [], {}, [null], [[]], [{}], ['x']];
  const user = { role: 'user', content: 'x' };
  return [
    ...wrong.map((messages) => ({ messages })),
    ...wrong.map((content) => ({ messages: [{ role: 'user', content }] })),
    ...wrong.map((content) => ({
      messages: [{ role: 'assistant', content, tool_calls: content, reasoning_details: content }],
    })),
    ...wrong.map((inner) => ({
      messages: [{ role: 'assistant', tool_calls: [{ id: inner, function: inner }] }],
    })),
    ...wrong.map((inner) => ({ messages: [{ role: 'tool', tool_call_id: inner, content: inner }] })),
    ...wrong.map((inner) => ({
      messages: [{ role: 'user', content: [{ type: 'tool_result', tool_use_id: inner, content: inner }] }],
    })),
    ...wrong.map((inner) => ({
      messages: [{ role: 'user', content: [{ type: 'image', source: inner, image_url: inner }] }],
    })),
    ...wrong.map((inner) => ({
      messages: [{ role: 'user', content: [{ type: 'image_url', image_url: inner }] }],
    })),
    ...wrong.map((inner) => ({ messages: [{ role: 'user', content: [{ type: 'file', file: inner }] }] })),
    ...wrong.map((tools) => ({
      messages: [user],
      tools,
      tool_choice: tools,
      functions: tools,
      function_call: tools,
    })),
    ...wrong.map((inner) => ({
      messages: [user],
      tools: [{ type: 'function', name: inner, function: inner, input_schema: inner }],
    })),
    ...wrong.map((system) => ({
      messages: [user],
      system,
      stop: system,
      metadata: system,
      response_format: system,
    })),
    ...wrong.map((schema) => ({
      messages: [user],
      response_format: { type: 'json_schema', json_schema: { schema } },
    })),
    ...wrong.map((inner) => ({
      messages: [user],
      thinking: inner,
      output_config: inner,
      reasoning_effort: inner,
    })),
    ...wrong.map((inner) => ({ input: inner, contents: inner, prompt: inner })),
    ...wrong.map((inner) => ({
      input: 'x',
      prompt: 'x',
      instructions: inner,
      tools: inner,
      tool_choice: inner,
      include: inner,
      reasoning: inner,
      text: inner,
      logprobs: inner,
      stop: inner,
      echo: inner,
    })),
    ...wrong.map((inner) => ({
      input: 'x',
      tools: [{ type: 'namespace', name: inner, tools: inner }, { type: inner }],
    })),
    ...wrong.map((inner) => ({
      input: 'x',
      text: { format: inner },
      tool_choice: { type: inner, name: inner, tools: inner },
    })),
    ...wrong.map((inner) => ({ input: [{ role: inner, content: inner }, { type: inner }] })),
    ...[
      'message',
      'reasoning',
      'function_call',
      'function_call_output',
      'custom_tool_call',
      'custom_tool_call_output',
      'additional_tools',
      'tool_search_output',
      'web_search_call',
      'local_shell_call',
      'shell_call_output',
      'computer_call_output',
      'mcp_call',
      'compaction',
    ].flatMap((type) =>
      wrong.map((inner) => ({
        input: [
          {
            type,
            role: 'assistant',
            id: inner,
            call_id: inner,
            name: inner,
            content: inner,
            summary: inner,
            output: inner,
            arguments: inner,
            input: inner,
            tools: inner,
            action: inner,
            encrypted_content: inner,
          },
          {
            role: 'user',
            content: [
              { type: 'input_image', image_url: inner },
              { type: 'input_file', file_data: inner, filename: inner },
            ],
          },
        ],
      })),
    ),
  ];
}

describe('answers', () => {
  test('a Chat client gets the same from a stream of Anthropic as from a whole answer', async () => {
    const translation = await translationFor('chat', 'messages', target('messages'));
    const back = await translationFor('chat', 'chat', target('chat'));
    const conversation = await read('chat', {
      model: 'm',
      stream: true,
      stream_options: { include_usage: true },
      messages: [],
    });
    fc.assert(
      fc.property(messagesAnswer, (answer) => {
        const exchange = createExchange(conversation, target('messages'), FACTS);
        const whole = translation.answer(JSON.stringify(answer), exchange);
        const stream = translation.stream(exchange);
        const collector = back.collector(createExchange(conversation, target('chat'), FACTS));
        for (const event of messagesEvents(answer)) {
          const step = stream.push(String(event['type']), new TextEncoder().encode(JSON.stringify(event)));
          for (const bytes of step.bytes) {
            for (const data of new TextDecoder()
              .decode(wholePiece(bytes))
              .split('\n\n')
              .filter((text) => text !== '')) {
              collector.push('', new TextEncoder().encode(data.slice('data: '.length)));
            }
          }
        }
        const streamed = collector.answer();
        if (whole.kind !== 'answer' || streamed.kind !== 'answer') throw new Error('no answer');
        expect(ofMessage(streamed.body)).toEqual(ofMessage(whole.body));
      }),
      RUNS,
    );
  });
});

function ofMessage(body: string): unknown {
  const { choices, usage } = JSON.parse(body) as { choices: Record<string, unknown>[]; usage: unknown };
  return { choices, usage };
}
