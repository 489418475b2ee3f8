import { describe, expect, test } from 'bun:test';
import type { Target } from '../../../src/translation/exchange.ts';
import { playRequest } from './request-play.ts';

const F = { name: 'f', input_schema: { type: 'object', properties: {} } };
const ASK = { role: 'user', content: 'a' };
const CALL = { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'f', input: {} }] };
const result = (content: unknown, more: object = {}) => ({
  type: 'tool_result',
  tool_use_id: 't1',
  content,
  ...more,
});

const toChat = (body: object | string, target?: Partial<Target>) =>
  playRequest(['messages', 'chat'], body, target);

describe('turns for a Chat provider', () => {
  test('all results immediately follow the call; a second result joins the first', async () => {
    const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBO' } };
    const user = {
      role: 'user',
      content: [
        { type: 'text', text: 'pre' },
        result([{ type: 'text', text: 'x' }, image], { is_error: true }),
        result('again'),
      ],
    };
    const messages = [ASK, CALL, { role: 'system', content: 'S' }, user];
    const { body, losses } = await toChat({ messages, tools: [F] }, { dialect: 'openai', model: 'gpt-4o' });
    expect(body['messages']).toEqual([
      { role: 'user', content: 'a' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 't1', type: 'function', function: { name: 'f', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 't1', content: '[error] x\nagain' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Result of f (t1):' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBO' } },
          { type: 'text', text: 'pre' },
        ],
      },
      { role: 'system', content: 'S' },
    ]);
    expect(losses).toEqual([
      'repaired messages[3].content[2]',
      'approximated messages[3].content[1].is_error',
      'approximated messages[3].content[1].content',
    ]);
  });

  test('vLLM and OpenRouter accept media in the tool message', async () => {
    const image = { type: 'image', source: { type: 'url', url: 'https://x/y.png' } };
    const messages = [ASK, CALL, { role: 'user', content: [result([image])] }];
    const { body, losses } = await toChat({ messages }, { dialect: 'vllm' });
    expect((body['messages'] as unknown[]).slice(2)).toEqual([
      {
        role: 'tool',
        tool_call_id: 't1',
        content: [{ type: 'image_url', image_url: { url: 'https://x/y.png' } }],
      },
    ]);
    expect(losses).toEqual([]);
  });

  test('text after a call moves before it; several texts without a call stay parts', async () => {
    const mixed = {
      role: 'assistant',
      content: [{ type: 'text', text: 'one' }, ...CALL.content, { type: 'text', text: 'two' }],
    };
    const plain = {
      role: 'assistant',
      content: [
        { type: 'text', text: 'one' },
        { type: 'text', text: 'two' },
      ],
    };
    const { body, losses } = await toChat({
      messages: [ASK, mixed, { role: 'user', content: [result('ok')] }, plain],
    });
    const messages = body['messages'] as { content: unknown }[];
    expect(messages[1]?.content).toBe('one\n\ntwo');
    expect(messages[3]?.content).toEqual([
      { type: 'text', text: 'one' },
      { type: 'text', text: 'two' },
    ]);
    expect(losses).toEqual(['approximated messages[1].content[2]']);
  });

  test('search results of Anthropic become text; unreadable blocks are dropped as losses', async () => {
    const found = { type: 'web_search_result', title: 'T', url: 'https://u', encrypted_content: 'x' };
    const content = [
      { type: 'server_tool_use', id: 's', name: 'web_search', input: {} },
      { type: 'web_search_tool_result', tool_use_id: 's', content: [found] },
      { type: 'text', text: 'A' },
    ];
    const { body, losses } = await toChat({ messages: [ASK, { role: 'assistant', content }] });
    expect((body['messages'] as { content: unknown }[])[1]?.content).toEqual([
      { type: 'text', text: '[web search: T – https://u]' },
      { type: 'text', text: 'A' },
    ]);
    expect(losses).toEqual(['dropped messages[1].content[0]', 'approximated messages[1].content[1]']);
  });

  test('a call keeps its input verbatim, a schema its numbers', async () => {
    const { text } = await toChat(
      '{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"f","input":{"a" : 1.0, "n":12345678901234567890}}]}],' +
        '"tools":[{"name":"f","input_schema":{"type":"object","properties":{"n":{"maximum":18446744073709551615}}}}]}',
    );
    expect(text).toContain(JSON.stringify('{"a" : 1.0, "n":12345678901234567890}'));
    expect(text).toContain('"maximum":18446744073709551615');
  });
});

describe('the capabilities of a dialect', () => {
  test('Mistral: matching ids of nine characters, no stream options, no user', async () => {
    const messages = [ASK, CALL, { role: 'user', content: [result('ok')] }];
    const { body, losses } = await toChat(
      { messages, stream: true, metadata: { user_id: 'u' } },
      { dialect: 'mistral' },
    );
    const [, call, answer] = body['messages'] as { tool_calls: { id: string }[]; tool_call_id: string }[];
    expect(call?.tool_calls[0]?.id).toMatch(/^[A-Za-z0-9]{9}$/);
    expect(answer?.tool_call_id).toBe(call?.tool_calls[0]?.id ?? '');
    expect(Object.keys(body)).not.toContain('stream_options');
    expect(losses).toEqual(['dropped metadata.user_id']);
  });

  test('DeepSeek: a schema goes into the system text, a forced tool switches thinking off', async () => {
    const { body, losses } = await toChat(
      {
        messages: [ASK],
        system: 'S',
        tools: [F],
        tool_choice: { type: 'any' },
        thinking: { type: 'enabled', budget_tokens: 2000 },
        output_config: { format: { type: 'json_schema', schema: { type: 'object' } } },
      },
      { dialect: 'deepseek' },
    );
    expect(body).toMatchObject({
      thinking: { type: 'disabled' },
      response_format: { type: 'json_object' },
      tool_choice: 'required',
    });
    expect((body['messages'] as { content: string }[])[0]?.content).toContain(
      'JSON Schema:\n{"type":"object"}',
    );
    expect(losses).toEqual(['dropped thinking', 'approximated output_config.format']);
  });

  test.each([
    ['gpt-5-6', 'none', 'thinking'],
    ['gpt-5.4-mini', 'none', 'thinking'],
    ['gpt-5-3', undefined, undefined],
    ['gpt-5-2026-01-01', undefined, undefined],
    ['gpt-6', 'none', 'thinking'],
  ])('OpenAI: %s with tools is sent the effort %p', async (model, effort, lost) => {
    const { body, losses } = await toChat({ messages: [ASK], tools: [F] }, { dialect: 'openai', model });
    expect(body['reasoning_effort']).toBe(effort as never);
    expect(losses).toEqual(lost === undefined ? [] : [`dropped ${lost}`]);
  });

  test('OpenAI: reasoning models accept no sampling parameters, others no effort', async () => {
    const asked = { messages: [ASK], temperature: 0.5, top_p: 0.9, output_config: { effort: 'max' } };
    const reasons = await toChat(asked, { dialect: 'openai', model: 'o3-mini' });
    expect(reasons.losses).toEqual([
      'approximated output_config.effort',
      'dropped temperature',
      'dropped top_p',
    ]);
    expect(reasons.body).toMatchObject({ reasoning_effort: 'high' });
    const plain = await toChat(asked, { dialect: 'azure', model: 'gpt-5-chat-latest' });
    expect(plain.losses).toEqual(['dropped output_config.effort']);
    expect(plain.body).toMatchObject({ temperature: 0.5, top_p: 0.9 });
    const listed = await toChat(asked, { dialect: 'openai', model: 'gpt-5-6', efforts: ['max'] });
    expect(listed.body).toMatchObject({ reasoning_effort: 'max' });
    const none = await toChat(asked, { dialect: 'vllm', efforts: [] });
    expect(none.losses).toEqual(['dropped output_config.effort']);
  });

  test.each([
    [{ max_tokens: 0 }, 'max_tokens'],
    [{ stop_sequences: ['a', 'b', 'c', 'd', 'e'] }, 'stop_sequences'],
    [{ mcp_servers: [{ url: 'x' }] }, 'mcp_servers'],
    [{ thread: { type: 'create' } }, 'thread'],
    [{ thread: { type: 'continue', previous_message_id: 'msg_1' } }, 'thread'],
    [{ tools: [{ type: 'bash_20250124', name: 'bash' }] }, 'tools[0]'],
    [{ tools: [{ type: 'web_search_20250305', name: 'web_search' }] }, 'tools[0]'],
    [
      { messages: [{ role: 'user', content: [{ type: 'container_upload', file_id: 'f' }] }] },
      'messages[0].content[0]',
    ],
    [
      { messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'file', file_id: 'f' } }] }] },
      'messages[0].content[0]',
    ],
    [
      {
        messages: [
          { role: 'user', content: [{ type: 'document', source: { type: 'url', url: 'https://x/y' } }] },
        ],
      },
      'messages[0].content[0]',
    ],
  ])('dropping %j changes the meaning of the request', async (body, path) => {
    expect((await toChat({ messages: [ASK], ...body }, { dialect: 'openai' })).unsuitable).toBe(path);
  });

  test('a server tool among others is tuning, and meaning if the choice names it', async () => {
    const tools = [F, { type: 'web_search_20250305', name: 'web_search' }];
    expect((await toChat({ messages: [ASK], tools })).losses).toEqual(['dropped tools[1]']);
    const choice = { type: 'tool', name: 'web_search' };
    expect((await toChat({ messages: [ASK], tools, tool_choice: choice })).unsuitable).toBe('tools[1]');
  });

  test('the session is removed from the user id, and a long id becomes its hash', async () => {
    const userOf = async (user_id: string) =>
      (await toChat({ messages: [ASK], metadata: { user_id } }, { dialect: 'openai' })).body[
        'safety_identifier'
      ];
    expect(await userOf('{"device_id":"d","session_id":"s"}')).toBe('{"device_id":"d"}');
    expect(await userOf('user_a_account_b_session_c')).toBe('user_a_account_b');
    expect(await userOf('u'.repeat(129))).toMatch(/^u_[0-9A-Za-z]{11}$/);
  });
});
