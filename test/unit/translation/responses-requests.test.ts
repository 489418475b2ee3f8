import { describe, expect, test } from 'bun:test';
import { envelopeOf } from '../../../src/translation/envelope.ts';
import { readRequest, translationFor } from '../../../src/translation/pair.ts';
import { playRequest } from './request-play.ts';

const FROM_RESPONSES = ['responses', 'chat'] as const;
const FUNCTION = {
  type: 'function',
  name: 'f',
  parameters: { type: 'object', properties: {} },
  strict: false,
};
const TO_RESPONSES = { model: 'gpt-5-6' };

/** A request of Codex: namespaced tools among the input items, calls of them, and results in parts. */
const CODEX = {
  model: 'smart',
  stream: true,
  tool_choice: 'auto',
  parallel_tool_calls: false,
  reasoning: { effort: 'medium', context: 'all_turns' },
  store: false,
  include: ['reasoning.encrypted_content'],
  prompt_cache_key: 'k',
  text: { verbosity: 'low' },
  client_metadata: { session_id: 's' },
  input: [
    {
      type: 'additional_tools',
      id: 'at_1',
      role: 'developer',
      tools: [
        {
          type: 'namespace',
          name: 'functions',
          description: '',
          tools: [{ type: 'custom', name: 'exec', description: 'Runs.', format: { type: 'text' } }, FUNCTION],
        },
      ],
    },
    { type: 'message', id: 'm1', role: 'developer', content: [{ type: 'input_text', text: 'Dev.' }] },
    { type: 'message', id: 'm2', role: 'user', content: [{ type: 'input_text', text: 'hi' }] },
    {
      type: 'custom_tool_call',
      id: 'c1',
      status: 'completed',
      call_id: 'call_1',
      name: 'exec',
      namespace: 'functions',
      input: 'ls',
    },
    {
      type: 'custom_tool_call_output',
      id: 'o1',
      call_id: 'call_1',
      output: [
        { type: 'input_text', text: 'a' },
        { type: 'input_text', text: 'b' },
      ],
    },
  ],
};

describe('a request of Codex', () => {
  test('is written to Chat with flat names in definitions and history', async () => {
    const { body, losses } = await playRequest(FROM_RESPONSES, CODEX);
    const tools = body['tools'] as { function: { name: string } }[];
    expect(tools.map((tool) => tool.function.name)).toEqual(['functions__exec', 'functions__f']);
    expect(body['messages']).toEqual([
      { role: 'system', content: 'Dev.' },
      { role: 'user', content: 'hi' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          {
            id: 'call_1',
            type: 'function',
            function: { name: 'functions__exec', arguments: '{"input":"ls"}' },
          },
        ],
      },
      { role: 'tool', tool_call_id: 'call_1', content: 'a\nb' },
    ]);
    expect([...losses].sort()).toEqual([
      'approximated input[0].tools[0].tools[0]',
      'dropped client_metadata',
      'dropped prompt_cache_key',
      'dropped reasoning.context',
      'dropped text.verbosity',
    ]);
  });

  test.each(['chat', 'messages', 'gemini', 'converse', 'responses'] as const)(
    'can be sent to %s',
    async (api) => {
      const { unsuitable, text } = await playRequest(['responses', api], CODEX, { model: 'm' });
      expect([unsuitable, text.includes('functions__exec')]).toEqual([undefined, true]);
    },
  );

  test('an additional turn leaves the prefix unchanged', async () => {
    const longer = [
      ...CODEX.input,
      { role: 'assistant', content: 'Done.' },
      { role: 'user', content: 'more' },
    ];
    const short = await playRequest(FROM_RESPONSES, CODEX);
    const long = await playRequest(FROM_RESPONSES, { ...CODEX, input: longer });
    const messages = short.body['messages'] as unknown[];
    expect((long.body['messages'] as unknown[]).slice(0, messages.length)).toEqual(messages);
  });
});

describe('a request of a Responses client', () => {
  test.each([
    [{ previous_response_id: 'r' }, 'previous_response_id'],
    [{ conversation: 'c' }, 'conversation'],
    [{ prompt: { id: 'p' } }, 'prompt'],
    [{ background: true }, 'background'],
    [{ input: [{ type: 'item_reference', id: 'i' }] }, 'input[0]'],
    [{ input: [{ id: 'i' }] }, 'input[0]'],
    [{ input: [{ type: 'compaction', encrypted_content: 'e' }] }, 'input[0]'],
    [{ input: [{ type: 'of_tomorrow' }] }, 'input[0]'],
    [{ input: [{ role: 'user', content: [{ type: 'of_tomorrow' }] }] }, 'input[0].content[0]'],
    [{ input: [{ role: 'user', content: [{ type: 'input_image', file_id: 'f' }] }] }, 'input[0].content[0]'],
    [{ tools: [{ type: 'file_search' }] }, 'tools[0]'],
    [
      {
        tools: [
          { ...FUNCTION, name: 'n__f' },
          { type: 'namespace', name: 'n', tools: [FUNCTION] },
        ],
      },
      'tools[1].tools[0]',
    ],
    [{ tools: [FUNCTION, { type: 'mcp' }], tool_choice: { type: 'mcp' } }, 'tools[1]'],
  ])('dropping %j changes the meaning of the request', async (more, path) => {
    expect((await playRequest(FROM_RESPONSES, { model: 'm', input: 'x', ...more })).unsuitable).toBe(path);
  });

  test.each([
    [{ background: false, truncation: 'disabled', stream_options: {}, conversation: null, store: false }, []],
    [{ truncation: 'auto', max_tool_calls: 3 }, ['dropped truncation', 'dropped max_tool_calls']],
    [{ include: ['file_search_call.results'] }, ['dropped include[0]']],
    [{ reasoning: { effort: 'minimal' } }, ['approximated reasoning.effort']],
    [{ input: [{ role: 'user', content: 'x' }, { type: 'compaction_trigger' }] }, ['dropped input[1]']],
    [
      { tools: [{ type: 'namespace', name: 'n', description: 'About n.', tools: [FUNCTION] }] },
      ['dropped tools[0].description'],
    ],
  ])('%j loses %j', async (more, losses) => {
    expect((await playRequest(FROM_RESPONSES, { model: 'm', input: 'x', ...more })).losses).toEqual(losses);
  });

  test.each([
    [{ input: 7 }, 'input'],
    [{ input: [{ role: 'tool', content: 'x' }] }, 'input[0].role'],
    [{ input: [{ content: 'x' }] }, 'input[0].type'],
    [{ input: [{ role: 'user', content: 7 }] }, 'input[0].content'],
  ])('%j is refused at %s', async (body, path) => {
    const reading = await readRequest('responses', JSON.stringify(body), { requestId: 'req_g', path: '' });
    expect(reading).toMatchObject({ kind: 'invalid', path });
  });

  test('consecutive assistant items form one turn, and so do results', async () => {
    const call = (call_id: string) => ({ type: 'function_call', call_id, name: 'f', arguments: '{}' });
    const output = (call_id: string) => ({ type: 'function_call_output', call_id, output: call_id });
    const { body } = await playRequest(FROM_RESPONSES, {
      tools: [FUNCTION],
      input: [
        { role: 'user', content: 'x' },
        { role: 'assistant', content: 'A' },
        call('1'),
        { role: 'assistant', content: 'B' },
        call('2'),
        output('2'),
        output('1'),
        { role: 'developer', content: 'Mid.' },
      ],
    });
    const messages = body['messages'] as { role: string; content: unknown }[];
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'tool', 'user']);
    expect(messages[1]?.content).toBe('A\n\nB');
    expect(messages[4]?.content).toBe('<system>\nMid.\n</system>');
  });

  test('built-in tools that the client ran become ordinary calls', async () => {
    const { body, losses } = await playRequest(FROM_RESPONSES, {
      input: [
        { role: 'user', content: 'x' },
        { type: 'local_shell_call', call_id: 's', action: { type: 'exec', command: ['ls'] } },
        { type: 'local_shell_call_output', id: 's', output: 'a.txt' },
      ],
    });
    expect((body['messages'] as unknown[]).slice(1)).toEqual([
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          {
            id: 's',
            type: 'function',
            function: { name: 'local_shell', arguments: '{"type":"exec","command":["ls"]}' },
          },
        ],
      },
      { role: 'tool', tool_call_id: 's', content: 'a.txt' },
    ]);
    expect(losses).toEqual(['approximated input[1]', 'approximated input[2]']);
  });

  test('a token count has its own path and its own answer, and counts the schema', async () => {
    const path = '/v1/responses/input_tokens';
    const schema = { type: 'object', properties: {}, additionalProperties: false };
    const asked = {
      input: 'x',
      text: { format: { type: 'json_schema', name: 'n', schema } },
      temperature: 1,
    };
    const reading = await readRequest('responses', JSON.stringify(asked), { requestId: 'req_g', path });
    if (reading.kind === 'invalid') throw new Error(reading.message);
    expect(reading.conversation.operation).toBe('count');
    const target = {
      provider: 'p',
      api: 'messages',
      carriage: undefined,
      model: 'claude-opus-4-8',
      dialect: 'generic',
      policy: 'warn',
    } as const;
    const { client, request } = await translationFor('responses', 'messages', target);
    const written = request(reading.conversation, { requestId: 'req_g', now: 1 });
    expect(written.kind === 'written' && JSON.parse(written.body)).toEqual({
      model: 'claude-opus-4-8',
      messages: [{ role: 'user', content: [{ type: 'text', text: 'x' }] }],
      output_config: { format: { type: 'json_schema', schema } },
    });
    const cloud = { ...target, carriage: 'bedrock', model: 'claude-sonnet-4-5' } as const;
    const carried = (await translationFor('responses', 'messages', cloud)).request(reading.conversation, {
      requestId: 'req_g',
      now: 1,
    });
    expect(carried.kind === 'written' && JSON.parse(carried.body)).not.toHaveProperty('output_config');
    expect(client.writeCount?.(7)).toBe('{"object":"response.input_tokens","input_tokens":7}');
  });
});

describe('a request to a Responses provider', () => {
  const chat = (more: object, target: object = TO_RESPONSES) =>
    playRequest(['chat', 'responses'], { messages: [{ role: 'user', content: 'x' }], ...more }, target);

  test('has the system text as its input if there are no turns', async () => {
    const { body } = await chat({ messages: [{ role: 'system', content: 'S.' }] });
    expect(body['instructions']).toBeUndefined();
    expect(body['input']).toEqual([
      { type: 'message', role: 'developer', content: [{ type: 'input_text', text: 'S.' }] },
    ]);
  });

  test.each([
    [{ temperature: 0.1, top_p: 0.2 }, TO_RESPONSES, {}, ['dropped temperature', 'dropped top_p']],
    [
      { temperature: 0.1, reasoning_effort: 'none' },
      { ...TO_RESPONSES, efforts: ['none'] },
      { temperature: 0.1, reasoning: { effort: 'none' } },
      [],
    ],
    [
      { temperature: 0.1, reasoning_effort: 'high' },
      { model: 'gpt-4.1' },
      { temperature: 0.1, include: undefined },
      ['dropped reasoning_effort'],
    ],
    [{ max_tokens: 3 }, TO_RESPONSES, { max_output_tokens: 16 }, ['approximated max_tokens']],
    [
      { logprobs: true, top_logprobs: 2 },
      { model: 'gpt-4.1' },
      { include: ['message.output_text.logprobs'], top_logprobs: 2 },
      [],
    ],
    [
      { seed: 1, logit_bias: {}, presence_penalty: 1 },
      TO_RESPONSES,
      {},
      ['dropped presence_penalty', 'dropped seed', 'dropped logit_bias'],
    ],
    [
      { store: true, user: 'u', metadata: { a: 'b' } },
      TO_RESPONSES,
      { store: true, user: 'u', metadata: { a: 'b' } },
      [],
    ],
    [{ verbosity: 'high' }, { model: 'gpt-4.1' }, { text: undefined }, ['dropped verbosity']],
    [
      { web_search_options: { user_location: { type: 'approximate', approximate: { country: 'NO' } } } },
      TO_RESPONSES,
      { tools: [{ type: 'web_search', user_location: { type: 'approximate', country: 'NO' } }] },
      [],
    ],
  ])('%j to %j', async (more, target, written, losses) => {
    const played = await chat(more, target);
    expect(played.losses).toEqual(losses);
    for (const [key, value] of Object.entries(written)) expect(played.body[key]).toEqual(value);
  });

  test.each([
    [{ stop: 'x' }, 'stop'],
    [{ n: 2 }, 'n'],
    [{ modalities: ['audio'] }, 'modalities'],
  ])('%j has no equivalent', async (more, path) => {
    expect((await chat(more)).unsuitable).toBe(path);
  });

  test('sends back only reasoning that the same provider sealed', async () => {
    const detail = (provider: string) => ({
      role: 'assistant',
      content: 'a',
      reasoning_details: [
        {
          type: 'reasoning.encrypted',
          data: envelopeOf({ origin: 'openai', provider, payload: 'E', itemId: 'rs_1' }),
        },
      ],
    });
    const { body, losses } = await chat({
      messages: [
        { role: 'user', content: 'x' },
        detail('p1'),
        { role: 'user', content: 'y' },
        detail('p2'),
        { role: 'user', content: 'z' },
      ],
    });
    const reasoning = (body['input'] as { type: string }[]).filter(({ type }) => type === 'reasoning');
    expect(reasoning).toEqual([
      { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'E' },
    ] as never);
    expect(losses).toEqual(['dropped messages[3].reasoning_details[0]']);
  });

  test('freeform calls and their results keep their form, and the text marks errors', async () => {
    const { body } = await chat({
      tools: [
        {
          type: 'custom',
          custom: {
            name: 'patch',
            format: { type: 'grammar', grammar: { syntax: 'lark', definition: 'd' } },
          },
        },
      ],
      tool_choice: { type: 'custom', custom: { name: 'patch' } },
      messages: [
        { role: 'user', content: 'x' },
        {
          role: 'assistant',
          tool_calls: [{ id: 'c', type: 'custom', custom: { name: 'patch', input: 'p' } }],
        },
        { role: 'tool', tool_call_id: 'c', content: 'ok' },
      ],
    });
    expect(body['tools']).toEqual([
      { type: 'custom', name: 'patch', format: { type: 'grammar', syntax: 'lark', definition: 'd' } },
    ]);
    expect(body['tool_choice']).toEqual({ type: 'custom', name: 'patch' });
    expect((body['input'] as unknown[]).slice(1)).toEqual([
      { type: 'custom_tool_call', call_id: 'c', name: 'patch', input: 'p' },
      { type: 'custom_tool_call_output', call_id: 'c', output: 'ok' },
    ]);
  });
});
