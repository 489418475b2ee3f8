import { describe, expect, test } from 'bun:test';
import type { Target } from '../../../src/translation/exchange.ts';
import { playRequest } from './request-play.ts';

const ASK = { role: 'user', content: 'a' };
const tool = (name: string, more: object = {}) => ({ type: 'function', function: { name, ...more } });

const toMessages = (body: object, target?: Partial<Target>) =>
  playRequest(['chat', 'messages'], body, target);

describe('turns for Claude', () => {
  test('invalid ids and names are replaced consistently in call and result, and a signature is removed', async () => {
    const calls = [
      { id: 'call|1:x', type: 'function', function: { name: 'we ird', arguments: '[1]' } },
      { id: 'g1__ts1_abc', type: 'function', function: { name: 'f', arguments: '{"a": 1.0}' } },
    ];
    const messages = [
      ASK,
      { role: 'assistant', content: '', tool_calls: calls },
      { role: 'tool', tool_call_id: 'g1__ts1_abc', content: '' },
      { role: 'tool', tool_call_id: 'call|1:x', content: 'ok' },
    ];
    const { body, text, losses } = await toMessages({ messages });
    const [, assistant, user] = body['messages'] as { content: Record<string, unknown>[] }[];
    const id = assistant?.content[0]?.['id'];
    expect(id).toMatch(/^call_[0-9A-Za-z]{11}$/);
    expect(assistant?.content[0]).toMatchObject({
      name: 'we_ird_d66fa7c8',
      input: { _invalid_arguments: '[1]' },
    });
    expect(text).toContain('"input":{"a": 1.0}');
    expect(user?.content).toEqual([
      { type: 'tool_result', tool_use_id: id, content: [{ type: 'text', text: 'ok' }] },
      { type: 'tool_result', tool_use_id: 'g1' },
    ]);
    expect(losses).toEqual(['repaired tools', 'repaired messages[1].tool_calls[0]']);
  });

  test('legacy functions become tools, their calls get ids in order, and results match them', async () => {
    const { body } = await toMessages({
      functions: [{ name: 'f' }],
      function_call: { name: 'f' },
      messages: [
        ASK,
        { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{}' } },
        { role: 'function', name: 'f', content: 'r' },
      ],
    });
    expect(body).toMatchObject({ tools: [{ name: 'f' }], tool_choice: { type: 'tool', name: 'f' } });
    expect((body['messages'] as unknown[]).slice(1)).toEqual([
      { role: 'assistant', content: [{ type: 'tool_use', id: 'call_g_0', name: 'f', input: {} }] },
      {
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: 'call_g_0', content: [{ type: 'text', text: 'r' }] }],
      },
    ]);
  });

  test('a missing user turn is added at the start, and a prefill loses its trailing white space', async () => {
    const alone = await toMessages({ messages: [{ role: 'system', content: 'only' }] });
    expect(alone.body).toMatchObject({
      messages: [{ role: 'user', content: [{ text: '(conversation continues)' }] }],
    });
    const prefill = await toMessages({ messages: [ASK, { role: 'assistant', content: 'Sure:  ' }] });
    expect((prefill.body['messages'] as { content: unknown }[])[1]?.content).toEqual([
      { type: 'text', text: 'Sure:' },
    ]);
  });

  test('reasoning without a seal of Anthropic is dropped, and so is an envelope of another provider', async () => {
    const assistant = { role: 'assistant', content: 'x', reasoning_content: 'Hm' };
    expect((await toMessages({ messages: [ASK, assistant] })).losses).toEqual([
      'dropped messages[1].reasoning_content',
    ]);
    const details = [{ type: 'reasoning.encrypted', data: 'llmp1.oa.eyJwIjoicDEiLCJpIjoicnMiLCJlIjoiZSJ9' }];
    const sealed = await toMessages({ messages: [ASK, { ...assistant, reasoning_details: details }] });
    expect(sealed.losses).toEqual(['dropped messages[1].reasoning_details[0]']);
  });
});

describe('the capabilities of a Claude family', () => {
  test.each([
    ['claude-opus-5-5', 'max', { thinking: { type: 'adaptive' }, output_config: { effort: 'max' } }, []],
    ['claude-opus-5-5', 'none', { output_config: { effort: 'low' } }, ['approximated reasoning_effort']],
    [
      'us.anthropic.claude-sonnet-5-5-v1:0',
      'none',
      { thinking: { type: 'between_tools' } },
      ['approximated reasoning_effort'],
    ],
    ['claude-opus-4-8', 'none', { thinking: { type: 'disabled' } }, []],
    [
      'claude-sonnet-4.6',
      'xhigh',
      { thinking: { type: 'adaptive' }, output_config: { effort: 'high' } },
      ['approximated reasoning_effort'],
    ],
    ['claude-sonnet-5', 'xhigh', { thinking: { type: 'adaptive' }, output_config: { effort: 'xhigh' } }, []],
    [
      'claude-opus-4-8',
      'minimal',
      { thinking: { type: 'adaptive' }, output_config: { effort: 'low' } },
      ['approximated reasoning_effort'],
    ],
    ['claude-sonnet-4@20250514', 'max', { thinking: { type: 'enabled', budget_tokens: 49_976 } }, []],
    ['claude-3-7-sonnet', 'minimal', { thinking: { type: 'enabled', budget_tokens: 1024 } }, []],
    ['claude-3-5-haiku', 'high', {}, ['approximated max_completion_tokens', 'dropped reasoning_effort']],
    ['claude-3-5-haiku', 'none', {}, ['approximated max_completion_tokens']],
  ])('%s with the effort %s', async (model, reasoning_effort, written, losses) => {
    const asked = { messages: [ASK], reasoning_effort, max_completion_tokens: 51_000 };
    const { body, losses: told } = await toMessages(asked, { model });
    const { thinking, output_config } = body;
    expect(JSON.parse(JSON.stringify({ thinking, output_config }))).toEqual(written);
    expect(told).toEqual(losses);
  });

  test('thinking that leaves no room below max_tokens is dropped', async () => {
    const { body, losses } = await toMessages(
      { messages: [ASK], reasoning_effort: 'low', max_tokens: 2000 },
      { model: 'claude-sonnet-4-5' },
    );
    expect(body['thinking']).toBeUndefined();
    expect(losses).toEqual(['dropped reasoning_effort']);
  });

  test('a model that refuses forced tools is instructed in words, which does not exclude thinking', async () => {
    const tools = [tool('f'), tool('g')];
    const { body, losses } = await toMessages(
      { messages: [ASK], tools, tool_choice: 'required', reasoning_effort: 'low' },
      { model: 'claude-fable-5-1' },
    );
    expect(body).toMatchObject({
      tool_choice: { type: 'auto' },
      thinking: { type: 'adaptive' },
      system: [{ text: 'Call one of the tools.' }],
    });
    expect(losses).toEqual(['approximated tool_choice']);
  });

  test('only allowed tools are sent', async () => {
    const tools = [
      tool('f'),
      tool('g'),
      {
        type: 'custom',
        custom: {
          name: 'c',
          format: { type: 'grammar', grammar: { syntax: 'lark', definition: 'start: x' } },
        },
      },
    ];
    const allowed = {
      mode: 'required',
      tools: [
        { type: 'function', function: { name: 'g' } },
        { type: 'custom', custom: { name: 'c' } },
      ],
    };
    const { body, losses } = await toMessages({
      messages: [ASK],
      tools,
      tool_choice: { type: 'allowed_tools', allowed_tools: allowed },
    });
    expect((body['tools'] as { name: string }[]).map(({ name }) => name)).toEqual(['g', 'c']);
    expect((body['tools'] as { description: string }[])[1]?.description).toEndWith(
      'must match this lark grammar:\nstart: x',
    );
    expect(body['tool_choice']).toEqual({ type: 'any' });
    expect(losses).toEqual(['approximated tools[2]']);
  });

  test('carriers accept only bytes, no tier, no strict tools and no system message in the middle', async () => {
    const strict = tool('f', { strict: true, parameters: { type: 'object' } });
    const messages = [ASK, { role: 'system', content: 'S' }];
    const asked = { messages, service_tier: 'auto', tools: [strict] };
    const { losses } = await toMessages(asked, { carriage: 'vertex' });
    expect(losses).toEqual([
      'dropped tools[0].strict',
      'approximated messages[1].role',
      'dropped service_tier',
    ]);
    const image = { role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://x/y.png' } }] };
    expect((await toMessages({ messages: [image] }, { carriage: 'bedrock' })).unsuitable).toBe(
      'messages[0].content[0]',
    );
  });

  test('a schema without a native form becomes a tool, or joins the system text if there are other tools', async () => {
    const open = { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'object' } } };
    const byTool = await toMessages({ messages: [ASK], response_format: open });
    expect(byTool.body).toMatchObject({
      tools: [{ name: 'json_response' }],
      tool_choice: { type: 'tool', name: 'json_response' },
    });
    const byText = await toMessages({ messages: [ASK], response_format: open, tools: [tool('f')] });
    expect((byText.body['system'] as { text: string }[])[0]?.text).toStartWith(
      'Answer with one JSON object and nothing else.',
    );
    expect([byTool.losses, byText.losses]).toEqual([
      ['approximated response_format'],
      ['approximated response_format'],
    ]);
  });

  test('reject allows no approximation, drop allows even losses of meaning', async () => {
    const asked = { messages: [ASK], n: 2, temperature: 1.5 };
    expect((await toMessages(asked, { policy: 'reject', model: 'claude-sonnet-4-5' })).unsuitable).toBe('n');
    expect(
      (await toMessages({ ...asked, n: 1 }, { policy: 'reject', model: 'claude-sonnet-4-5' })).unsuitable,
    ).toBe('temperature');
    const dropped = await toMessages(asked, { policy: 'drop', model: 'claude-sonnet-4-5' });
    expect(dropped.losses).toEqual(['dropped n', 'approximated temperature']);
  });
});
