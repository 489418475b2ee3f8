import { describe, expect, test } from 'bun:test';
import { carry, type CarriageTarget } from '../../../src/translation/carriage/carry.ts';

const BEDROCK: CarriageTarget = { carriage: 'bedrock', model: 'anthropic.claude-opus-4-8' };
const VERTEX: CarriageTarget = { carriage: 'vertex', model: 'claude-opus-4-8' };

function carried(body: object, target: CarriageTarget) {
  const { body: bytes, losses } = carry(new TextEncoder().encode(JSON.stringify(body)), target, {
    operation: 'generate',
  });
  return {
    sent: JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>,
    losses: losses.all().map(({ what, class: kind, path }) => `${what} ${kind} ${path}`),
  };
}

const SEARCH = { type: 'web_search_20250305', name: 'web_search', max_uses: 2 };
const BASH = { type: 'bash_20250124', name: 'bash' };
const F = { name: 'f', input_schema: { type: 'object' } };
const USER = { role: 'user', content: 'x' };

describe('a tool that runs on Anthropic’s servers', () => {
  test.each([BEDROCK, VERTEX])('is dropped where others are left, and they stay: %j', (target) => {
    const code = { type: 'code_execution_20250825', name: 'code_execution' };
    const { sent, losses } = carried({ tools: [F, code, BASH], messages: [USER] }, target);
    expect(sent['tools']).toEqual([F, BASH]);
    expect(losses).toEqual(['dropped tuning tools[1]']);
  });

  test('is a loss of meaning if it is the only one, or is chosen; then no choice is sent', () => {
    expect(carried({ tools: [SEARCH], messages: [USER] }, BEDROCK).losses).toEqual([
      'dropped meaning tools[0]',
    ]);
    const chosen = {
      tools: [F, SEARCH],
      tool_choice: { type: 'tool', name: 'web_search' },
      messages: [USER],
    };
    const { sent, losses } = carried(chosen, BEDROCK);
    expect(losses).toEqual(['dropped meaning tools[1]']);
    expect(sent).toEqual({ anthropic_version: 'bedrock-2023-05-31', tools: [F], messages: [USER] });
  });

  test('stays where the cloud has it, or the provider says that it does', () => {
    const body = { tools: [SEARCH], messages: [USER] };
    for (const target of [
      VERTEX,
      { ...BEDROCK, betas: 'pass' },
      { ...BEDROCK, betas: ['web-search'] },
    ] as const)
      expect(carried(body, target)).toMatchObject({ sent: body, losses: [] });
  });

  test('leaves texts in a history for a cloud without it', () => {
    const history = [
      USER,
      {
        role: 'assistant',
        content: [
          { type: 'server_tool_use', id: 's1', name: 'web_search', input: { query: 'q' } },
          {
            type: 'web_search_tool_result',
            tool_use_id: 's1',
            content: [{ type: 'web_search_result', title: 'T', url: 'https://a', encrypted_content: 'e' }],
            cache_control: { type: 'ephemeral' },
          },
          { type: 'text', text: 'y', citations: [{ type: 'web_search_result_location', url: 'https://a' }] },
          { type: 'mcp_tool_use', id: 'm1', name: 'q', server_name: 's', input: { a: 1 } },
          { type: 'bash_code_execution_tool_result', tool_use_id: 's2', content: {} },
        ],
      },
      USER,
    ];
    const { sent, losses } = carried({ messages: history }, BEDROCK);
    expect(sent['messages']).toEqual([
      USER,
      {
        role: 'assistant',
        content: [
          { type: 'text', text: '[web search: T – https://a]', cache_control: { type: 'ephemeral' } },
          { type: 'text', text: 'y', citations: null },
          { type: 'text', text: '[called q with {"a":1}]' },
        ],
      },
      USER,
    ]);
    expect(losses).toEqual([
      'dropped tuning messages[1].content[0]',
      'approximated tuning messages[1].content[1]',
      'dropped tuning messages[1].content[2].citations',
      'approximated tuning messages[1].content[3]',
      'dropped tuning messages[1].content[4]',
    ]);
    const atVertex = carried({ messages: history }, VERTEX);
    expect((atVertex.sent['messages'] as { content: unknown[] }[])[1]?.content.slice(0, 3)).toEqual(
      (history[1] as { content: unknown[] }).content.slice(0, 3),
    );
  });
});

describe('a system message that becomes one of the user', () => {
  test('tells how the tools change, and cannot define one', () => {
    const change = (type: string, tool: object) => ({
      messages: [USER, { role: 'system', content: [{ type, tool }], output_config: { effort: 'low' } }],
    });
    const reference = { type: 'tool_reference', name: 'f' };
    const { sent, losses } = carried(change('tool_removal', reference), BEDROCK);
    expect(sent['messages']).toEqual([
      USER,
      {
        role: 'user',
        content: [{ type: 'text', text: '<system>\n[tool f is no longer available]\n</system>' }],
      },
    ]);
    expect(losses).toEqual([
      'dropped tuning messages[1].output_config',
      'approximated tuning messages[1].content[0]',
      'approximated tuning messages[1].role',
    ]);
    const deferred = { tools: [{ ...F, defer_loading: true }], ...change('tool_addition', reference) };
    expect(carried(deferred, BEDROCK).sent['tools']).toEqual([F]);
    const definition = { type: 'tool_definition', definition: F };
    expect(carried(change('tool_addition', definition), BEDROCK).losses).toContain(
      'dropped meaning messages[1].content[0]',
    );
  });

  test('is cut behind the user message that it was for', () => {
    const once = { role: 'system', content: 'once', clear_at: 'next_user_message' };
    expect(carried({ messages: [USER, once] }, BEDROCK).sent['messages']).toHaveLength(2);
    expect(carried({ messages: [USER, once, USER] }, BEDROCK).sent['messages']).toEqual([USER, USER]);
  });
});
