import { describe, expect, test } from 'bun:test';
import type { ClientApi, ProviderApi } from '../../../src/translation/conversation.ts';
import type { Target } from '../../../src/translation/exchange.ts';
import { playRequest } from './request-play.ts';

type Row = readonly [ClientApi, ProviderApi, object, readonly string[]];

const chat = (more: object): object => ({ model: 'm', messages: [{ role: 'user', content: 'x' }], ...more });
const responses = (more: object): object => ({ model: 'm', input: 'x', ...more });
const messages = (more: object): object => ({
  model: 'm',
  max_tokens: 9,
  messages: [{ role: 'user', content: 'x' }],
  ...more,
});
const gemini = (more: object): object => ({ contents: [{ role: 'user', parts: [{ text: 'x' }] }], ...more });
const F = { name: 'f', input_schema: { type: 'object' } };

describe('a known field with an unknown value', () => {
  test.each<Row>([
    ['chat', 'gemini', chat({ reasoning_effort: 'ultra' }), ['dropped reasoning_effort']],
    ['responses', 'chat', responses({ reasoning: { effort: 'ultra' } }), ['dropped reasoning.effort']],
    ['messages', 'chat', messages({ output_config: { effort: 'ultra' } }), ['dropped output_config.effort']],
    ['messages', 'chat', messages({ thinking: { type: 'odd' } }), ['dropped thinking']],
    [
      'gemini',
      'chat',
      gemini({ generationConfig: { thinkingConfig: { thinkingLevel: 'ULTRA' } } }),
      ['dropped generationConfig.thinkingConfig.thinkingLevel'],
    ],
    ['messages', 'chat', messages({ tools: [F], tool_choice: { type: 'odd' } }), ['dropped tool_choice']],
    [
      'responses',
      'chat',
      responses({ tools: [{ type: 'function', name: 'f' }], tool_choice: { type: 'mcp' } }),
      ['dropped tool_choice'],
    ],
    [
      'chat',
      'messages',
      chat({ tools: [{ type: 'function', function: { name: 'f' } }], tool_choice: { type: 'odd' } }),
      ['dropped tool_choice'],
    ],
  ])('%s to %s: %j is reported', async (from, to, body, losses) => {
    expect((await playRequest([from, to], body)).losses).toEqual(losses);
  });

  test.each<readonly [ClientApi, ProviderApi, object, string]>([
    ['chat', 'messages', chat({ response_format: { type: 'grammar', grammar: 'x' } }), 'response_format'],
    ['responses', 'gemini', responses({ text: { format: { type: 'grammar' } } }), 'text.format'],
    ['messages', 'chat', messages({ output_config: { format: { type: 'xml' } } }), 'output_config.format'],
    [
      'gemini',
      'chat',
      gemini({ generationConfig: { responseMimeType: 'text/x.enum', responseSchema: { enum: ['a'] } } }),
      'generationConfig.responseMimeType',
    ],
    [
      'chat',
      'messages',
      chat({
        messages: [
          { role: 'user', content: 'x' },
          { role: 'assistant', content: null, audio: { id: 'audio_1' } },
        ],
      }),
      'messages[1].audio',
    ],
  ])('%s to %s: without it, %j would mean something else', async (from, to, body, path) => {
    expect((await playRequest([from, to], body)).unsuitable).toBe(path);
  });
});

test.each<Row>([
  [
    'chat',
    'messages',
    chat({ tools: [{ type: 'function', function: { name: 'f', strict: null, x: 1 }, y: 2 }] }),
    ['dropped tools[0].y', 'dropped tools[0].function.x'],
  ],
  [
    'responses',
    'chat',
    responses({ tools: [{ type: 'function', name: 'f', strict: false, output_schema: {} }] }),
    ['dropped tools[0].output_schema'],
  ],
  [
    'gemini',
    'chat',
    gemini({
      tools: [{ functionDeclarations: [{ name: 'f', behavior: 'NON_BLOCKING', response: {} }] }],
      toolConfig: { retrievalConfig: { languageCode: 'de' } },
    }),
    ['dropped tools[0].functionDeclarations[0].behavior', 'dropped toolConfig.retrievalConfig'],
  ],
  [
    'gemini',
    'chat',
    { contents: [{ role: 'user', parts: [{ text: 'x', videoMetadata: { fps: 1 } }] }] },
    ['dropped contents[0].parts[0].videoMetadata'],
  ],
])('%s to %s: other members of %j are reported', async (from, to, body, losses) => {
  expect((await playRequest([from, to], body)).losses).toEqual(losses);
});

describe('a value that the target refuses', () => {
  test.each<readonly [ClientApi, ProviderApi, Partial<Target>, object, object]>([
    [
      'chat',
      'converse',
      { model: 'amazon.nova-pro-v1:0' },
      chat({ max_tokens: 9, metadata: { a: 'é', 'b c': 'fine', n: 5 } }),
      { requestMetadata: { 'b c': 'fine' } },
    ],
    ['chat', 'messages', {}, chat({ user: 'u'.repeat(300) }), { metadata: { user_id: 'u_GErXXMvz6cb' } }],
    [
      'chat',
      'gemini',
      { model: 'gemini-2.5-pro' },
      chat({
        response_format: { type: 'json_object' },
        tools: [{ type: 'function', function: { name: 'f' } }],
      }),
      { systemInstruction: { parts: [{ text: 'Answer with one JSON object and nothing else.' }] } },
    ],
    [
      'gemini',
      'responses',
      {},
      gemini({
        generationConfig: { responseMimeType: 'application/json', responseSchema: { type: 'ARRAY' } },
      }),
      {
        instructions:
          'Answer with one JSON value and nothing else. It must match this JSON Schema:\n{"type":"array"}',
      },
    ],
  ])('%s to %s %j: %j becomes one that it takes', async (...[from, to, target, body, want]) => {
    const { body: written, losses } = await playRequest([from, to], body, target);
    expect(written).toMatchObject(want);
    expect(losses).toHaveLength(1);
  });

  test('Anthropic’s search does not stand beside a function of its name', async () => {
    const body = chat({
      web_search_options: {},
      tools: [{ type: 'function', function: { name: 'web_search' } }],
    });
    const { body: written, losses } = await playRequest(['chat', 'messages'], body);
    expect(written['tools']).toEqual([
      { name: 'web_search', input_schema: { type: 'object', properties: {} } },
    ]);
    expect(losses).toEqual(['dropped web_search_options']);
  });

  test('a file is what its name or its bytes say, not a PDF', async () => {
    const file = (filename: string | undefined, text: string) =>
      chat({
        messages: [{ role: 'user', content: [{ type: 'file', file: { filename, file_data: btoa(text) } }] }],
      });
    expect((await playRequest(['chat', 'messages'], file('a.docx', 'PK'))).unsuitable).toBe(
      'messages[0].content[0]',
    );
    for (const [name, text, type] of [
      ['a.py', 'import os', 'text'],
      ['a', '%PDF-1.7', 'base64'],
      [undefined, '%PDF-1.7', 'base64'],
    ] as const) {
      const { text: written } = await playRequest(['chat', 'messages'], file(name, text));
      expect(written).toContain(`"source":{"type":"${type}"`);
    }
  });

  test('a schema that says nothing is JSON of any form, and parameters have a type', async () => {
    const body = chat({
      response_format: { type: 'json_schema', json_schema: { name: 'a' } },
      tools: [{ type: 'function', function: { name: 'f', parameters: {} } }],
    });
    const { body: written, losses } = await playRequest(['chat', 'messages'], body);
    expect(losses).toEqual(['approximated response_format']);
    expect(written['tools']).toEqual([{ name: 'f', input_schema: { type: 'object' } }]);
  });
});

describe('the newest blocks of Anthropic in a history', () => {
  const system = (tool: object, type = 'tool_addition') => ({ type, tool });

  test('tools that are added later are defined, and their changes told', async () => {
    const body = messages({
      tools: [{ ...F, defer_loading: true }],
      messages: [
        { role: 'user', content: 'x' },
        {
          role: 'system',
          content: [
            system({ type: 'tool_reference', name: 'f' }),
            system({ type: 'tool_definition', definition: { ...F, name: 'g' } }),
            system({ type: 'mcp_toolset_reference', server_name: 's' }, 'tool_removal'),
          ],
        },
      ],
    });
    const { body: written, losses } = await playRequest(['messages', 'chat'], body, { dialect: 'openai' });
    expect(written['tools']).toMatchObject([{ function: { name: 'f' } }, { function: { name: 'g' } }]);
    expect(written['messages']).toEqual([
      { role: 'user', content: 'x' },
      {
        role: 'system',
        content: '[tool f is available]\n\n[tool g is available]\n\n[the tools of s are no longer available]',
      },
    ]);
    expect(losses).toHaveLength(3);
  });

  test('a system message that was for one user message is not sent behind the next', async () => {
    const once = { role: 'system', content: 'once', clear_at: 'next_user_message' };
    const turns = [{ role: 'user', content: 'x' }, once, { role: 'assistant', content: 'y' }];
    const asked = async (list: readonly object[]) =>
      (await playRequest(['messages', 'chat'], messages({ messages: list }))).text;
    expect(await asked(turns)).toContain('once');
    expect(await asked([...turns, { role: 'user', content: 'z' }])).not.toContain('once');
  });

  test('a summary is a text, and only Anthropic reads one that is encrypted', async () => {
    const asked = (block: object) =>
      playRequest(
        ['messages', 'gemini'],
        messages({
          messages: [
            { role: 'user', content: 'x' },
            { role: 'assistant', content: [block] },
            { role: 'user', content: 'y' },
          ],
        }),
      );
    expect((await asked({ type: 'compaction', content: 'All so far.' })).text).toContain('All so far.');
    expect((await asked({ type: 'compaction', encrypted_content: 'e' })).unsuitable).toBe(
      'messages[1].content[0]',
    );
    expect((await asked({ type: 'mcp_tool_use', name: 'q', input: { a: 1 } })).text).toContain('[called q');
    expect((await asked({ type: 'fallback', from: {}, to: {} })).losses).toEqual([
      'dropped messages[1].content[0]',
    ]);
  });
});

describe('the settings of a web search that the other one lacks are told', () => {
  const anthropic = {
    type: 'web_search_20250305',
    name: 'web_search',
    max_uses: 3,
    blocked_domains: ['b.com'],
    user_location: { type: 'approximate', city: 'B' },
    allowed_callers: ['direct'],
    cache_control: { type: 'ephemeral' },
  };
  const openAi = {
    type: 'web_search',
    filters: { allowed_domains: ['a.com'], newer: 1 },
    search_context_size: 'high',
    external_web_access: true,
  };
  const google = { googleSearch: { excludeDomains: ['b.com'], timeRangeFilter: {} } };

  test.each<readonly [ClientApi, ProviderApi, object, readonly [written: object, ...lost: string[]]]>([
    ['messages', 'gemini', anthropic, [{ googleSearch: {} }, 'max_uses', 'blocked_domains', 'user_location']],
    ['messages', 'responses', anthropic, [{ type: 'web_search' }, 'max_uses', 'blocked_domains']],
    [
      'messages',
      'responses',
      { type: 'web_search_20250305', name: 'web_search', allowed_domains: ['a.com'] },
      [{ type: 'web_search', filters: { allowed_domains: ['a.com'] } }],
    ],
    [
      'responses',
      'messages',
      openAi,
      [{ name: 'web_search', allowed_domains: ['a.com'] }, 'search_context_size', 'filters.newer'],
    ],
    [
      'responses',
      'gemini',
      openAi,
      [{ googleSearch: {} }, 'search_context_size', 'filters.allowed_domains', 'filters.newer'],
    ],
    ['gemini', 'messages', google, [{ blocked_domains: ['b.com'] }, 'googleSearch.timeRangeFilter']],
  ])('%s to %s', async (from, to, tool, [written, ...lost]) => {
    const asked = { ...messages({}), ...gemini({}), input: 'x', max_tokens: 99, tools: [tool] };
    const { body, losses } = await playRequest([from, to], asked);
    expect((body['tools'] as object[])[0]).toMatchObject(written);
    const told = losses.filter((loss) => loss.includes('tools'));
    expect(told).toEqual(lost.map((name) => `dropped tools[0].${name}`));
  });

  test('the search of Chat has a context size, as that of Responses has', async () => {
    const turns = [{ role: 'user', content: 'x' }];
    const asked = { messages: turns, web_search_options: { search_context_size: 'high' } };
    const { body, losses } = await playRequest(['chat', 'responses'], asked);
    expect((body['tools'] as object[])[0]).toMatchObject({ search_context_size: 'high' });
    expect(losses.filter((loss) => loss.includes('search'))).toEqual([]);
  });

  test('Vertex AI blocks domains as Anthropic does', async () => {
    const asked = messages({ tools: [anthropic] });
    const { body, losses } = await playRequest(['messages', 'gemini'], asked, { carriage: 'vertex' });
    expect(body['tools']).toEqual([{ googleSearch: { excludeDomains: ['b.com'] } }]);
    expect(losses).not.toContain('dropped tools[0].blocked_domains');
  });
});
