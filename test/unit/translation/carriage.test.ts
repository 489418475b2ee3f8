import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { betaHeader, type BetaPolicy } from '../../../src/translation/carriage/betas.ts';
import { bedrockCountOf, carriedEvent, eventText } from '../../../src/translation/carriage/bedrock-events.ts';
import { isSteep } from '../../architecture/growth.ts';
import { carry, type CarriageRequest, type CarriageTarget } from '../../../src/translation/carriage/carry.ts';

const BEDROCK: CarriageTarget = { carriage: 'bedrock', model: 'anthropic.claude-opus-4-8' };
const VERTEX: CarriageTarget = { carriage: 'vertex', model: 'claude-opus-4-8' };
const BEDROCK_VERSION = '"anthropic_version":"bedrock-2023-05-31"';
const VERTEX_VERSION = '"anthropic_version":"vertex-2023-10-16"';

const encoded = (text: string) => new TextEncoder().encode(text);
const decoded = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

function carried(
  body: string,
  target: CarriageTarget = BEDROCK,
  request: CarriageRequest = { operation: 'generate' },
) {
  const done = carry(encoded(body), target, request);
  return {
    ...done,
    text: decoded(done.body),
    losses: done.losses.all().map(({ what, path }) => `${what} ${path}`),
  };
}

/** The messages in the sent body. */
function messagesOf(messages: unknown, target = BEDROCK, betas?: string) {
  const { text, losses } = carried(JSON.stringify({ messages }), target, { operation: 'generate', betas });
  return { messages: (JSON.parse(text) as { messages: unknown }).messages, losses };
}

describe('the body of a carrier', () => {
  test.each([
    ['{"model":"m","max_tokens":9}', `{${BEDROCK_VERSION},"max_tokens":9}`],
    ['{"max_tokens":9,"model":"m"}', `{${BEDROCK_VERSION},"max_tokens":9}`],
    ['{"a":1.0,"model":"m","stream":true,  "b" : 1e2}', `{${BEDROCK_VERSION},"a":1.0,"b" : 1e2}`],
    ['{"model":"m","stream":true}', `{${BEDROCK_VERSION}}`],
    ['{}', `{${BEDROCK_VERSION}}`],
    [' {\n "model" : "m",\n "z" : 1\n}\n', ` {${BEDROCK_VERSION},\n "z" : 1\n}\n`],
    ['{"model":"a","x":1,"model":"b","Model":"c"}', `{${BEDROCK_VERSION},"x":1}`],
    [
      '{"mod\\u0065l":"a","x":{"model":"kept","stream":1}}',
      `{${BEDROCK_VERSION},"x":{"model":"kept","stream":1}}`,
    ],
    [
      '{"anthropic_version":"2023-06-01","x":"\\ud83d\\ude00 \\/"}',
      `{${BEDROCK_VERSION},"x":"\\ud83d\\ude00 \\/"}`,
    ],
    ['{"x":12345678901234567890}', `{${BEDROCK_VERSION},"x":12345678901234567890}`],
  ])('%s', (body, expected) => {
    expect(carried(body).text).toBe(expected);
  });

  test('keeps `stream` at Vertex, and a byte order mark', () => {
    expect(carried('\ufeff{"model":"m","stream":true}', VERTEX).body).toEqual(
      encoded(`\ufeff{${VERTEX_VERSION},"stream":true}`),
    );
  });

  test('is counted with its model at Vertex, and wrapped at Bedrock', () => {
    const count = { operation: 'count' } as const;
    const body =
      '{"model":"m","messages":[],"stream":true,"thinking":{"type":"enabled","budget_tokens":2048}}';
    expect(JSON.parse(carried(body, VERTEX, count).text)).toEqual({
      model: 'claude-opus-4-8',
      anthropic_version: 'vertex-2023-10-16',
      messages: [],
      thinking: { type: 'enabled', budget_tokens: 2048 },
    });
    const sent = JSON.parse(carried(body, BEDROCK, count).text) as {
      input: { invokeModel: { body: string } };
    };
    expect(JSON.parse(atob(sent.input.invokeModel.body))).toEqual({
      anthropic_version: 'bedrock-2023-05-31',
      max_tokens: 2049,
      messages: [],
      thinking: { type: 'enabled', budget_tokens: 2048 },
    });
    expect(bedrockCountOf('{"inputTokens":41}')).toBe(41);
    expect(bedrockCountOf('{}')).toBeUndefined();
  });
});

describe('betas', () => {
  const header = 'context-management-2025-06-27, context-1m-2025-08-07,,mcp-client-2025-11-20';
  const body = '{"context_management":{"a":1},"x":1,"mcp_servers":[]}';
  test.each<[BetaPolicy | undefined, string, readonly string[]]>([
    [undefined, `{${BEDROCK_VERSION},"x":1}`, ['dropped context_management', 'dropped mcp_servers']],
    ['drop', `{${BEDROCK_VERSION},"x":1}`, ['dropped context_management', 'dropped mcp_servers']],
    [
      'pass',
      `{${BEDROCK_VERSION},"anthropic_beta":["context-management-2025-06-27","context-1m-2025-08-07","mcp-client-2025-11-20"],"context_management":{"a":1},"x":1,"mcp_servers":[]}`,
      [],
    ],
    [
      ['context-management-2025-06-27', 'computer-use'],
      `{${BEDROCK_VERSION},"anthropic_beta":["context-management-2025-06-27"],"context_management":{"a":1},"x":1}`,
      ['dropped mcp_servers'],
    ],
  ])('%p', (betas, expected, losses) => {
    const done = carried(body, { ...BEDROCK, betas }, { operation: 'generate', betas: header });
    expect(done.text).toBe(expected);
    expect(done.losses).toEqual([...losses]);
    expect(done.betaHeader).toBeUndefined();
  });

  test('are sent as a header at Vertex', () => {
    const done = carried(
      '{}',
      { ...VERTEX, betas: ['context-1m'] },
      { operation: 'generate', betas: header },
    );
    expect(done.text).toBe(`{${VERTEX_VERSION}}`);
    expect(done.betaHeader).toBe('context-1m-2025-08-07');
    expect(done.droppedBetas).toEqual(['context-management-2025-06-27', 'mcp-client-2025-11-20']);
  });

  test('in a body of Bedrock’s form follow the same policy', () => {
    const sent = '{"anthropic_beta":["context-1m-2025-08-07","zz-2025-01-01"],"x":1}';
    expect(carried(sent, { ...BEDROCK, betas: ['context-1m'] }).text).toBe(
      `{${BEDROCK_VERSION},"anthropic_beta":["context-1m-2025-08-07"],"x":1}`,
    );
  });

  test('unknown fields stay, and those of Anthropic’s own service go, whether their beta was requested or not', () => {
    const sent = '{"brand_new":1,"diagnostics":{},"service_tier":"auto","inference_geo":null,"speed":"fast"}';
    const asked = { operation: 'generate', betas: 'cache-diagnosis-2026-04-07' } as const;
    for (const target of [BEDROCK, VERTEX]) {
      const { text, losses } = carried(sent, target, asked);
      expect(JSON.parse(text)).toEqual({ anthropic_version: expect.any(String), brand_new: 1 });
      expect(losses).toEqual(['dropped diagnostics', 'dropped service_tier', 'dropped speed']);
    }
    const listed = carried(sent, { ...BEDROCK, betas: ['fast-mode', 'cache-diagnosis'] }, asked);
    expect(listed.losses).toEqual(['dropped service_tier']);
    expect(carried(sent, { ...BEDROCK, betas: 'pass' }).losses).toEqual([]);
  });

  test('of a provider that is called directly', () => {
    expect(betaHeader('a-2025-01-01,b', 'pass')).toBe('a-2025-01-01,b');
    expect(betaHeader('a-2025-01-01,b', 'drop')).toBeUndefined();
    expect(betaHeader('a-2025-01-01,b', ['a'])).toBe('a-2025-01-01');
    expect(betaHeader('context-1m-2025-08-07', ['context'])).toBe('context-1m-2025-08-07');
  });
});

describe('what only Anthropic’s own service has', () => {
  const mark = { type: 'ephemeral', ttl: '1h' };
  const source = { type: 'base64', media_type: 'image/png', data: 'AA==' };
  const byUrl = { type: 'image', source: { type: 'url', url: 'https://a/b' }, transformations: {} };
  const sent = (messages: unknown) => {
    const { text, losses } = carried(JSON.stringify({ cache_control: mark, messages }));
    const { messages: written, cache_control } = JSON.parse(text) as Record<string, unknown>;
    expect(cache_control).toBeUndefined();
    // No member is there twice.
    expect(text).toHaveLength(JSON.stringify(JSON.parse(text)).length);
    return { written, losses };
  };

  test.each([
    ['hi', [{ type: 'text', text: 'hi', cache_control: mark }]],
    [[{ type: 'text', text: 'hi' }], [{ cache_control: mark, type: 'text', text: 'hi' }]],
    [[{ type: 'image', source }], [{ cache_control: mark, type: 'image', source }]],
    [
      [{ type: 'text', text: 'hi', cache_control: { type: 'ephemeral' } }],
      [{ type: 'text', text: 'hi', cache_control: { type: 'ephemeral' } }],
    ],
    [
      [{ type: 'tool_result', tool_use_id: 'c', toolset_name: null }],
      [{ cache_control: mark, type: 'tool_result', tool_use_id: 'c' }],
    ],
  ])('the mark of the request goes to its last block: %j', (content, expected) => {
    const before = { role: 'user', content: 'first' };
    const { written, losses } = sent([before, { role: 'user', content }]);
    expect(written).toEqual([before, { role: 'user', content: expected }]);
    expect(losses).toEqual([]);
  });

  test.each([
    ['', 'dropped cache_control'],
    [[{ type: 'thinking', thinking: 'x', signature: 's' }], 'dropped cache_control'],
    [[byUrl], 'dropped messages[0].content[0],dropped cache_control'],
    [[{ type: 'text', text: 'a' }, byUrl], 'dropped messages[0].content[1],dropped cache_control'],
  ])('a last block without room for it loses it: %j', (content, losses) => {
    expect(sent([{ role: 'user', content }]).losses.join()).toBe(losses);
  });

  test('a mark that is null asks for nothing, one for a provider that takes all stays, and a folded message has none', () => {
    const body = '{"cache_control":null,"messages":[{"role":"user","content":"hi"}]}';
    expect(carried(body)).toMatchObject({
      text: body.replace('"cache_control":null', BEDROCK_VERSION),
      losses: [],
    });
    expect(carried(body, { ...BEDROCK, betas: 'pass' }).text).toContain('"cache_control":null');
    const folded = sent([{ role: 'system', content: 'a' }]).losses;
    expect(folded).toEqual(['approximated messages[0].role', 'dropped cache_control']);
  });

  test('members of blocks, tools and settings are cut', () => {
    const call = { type: 'tool_use', id: 'c', name: 'f', input: {} };
    const tool = { name: 'f', input_schema: { type: 'object' } };
    const body = {
      messages: [
        { role: 'user', content: [{ type: 'image', source, transformations: { resize: 1 } }] },
        {
          role: 'assistant',
          content: [
            { ...call, caller: { type: 'direct' } },
            { ...call, caller: { type: 'code_execution_20260120', tool_id: 'x' }, toolset_name: 't' },
          ],
        },
        {
          role: 'user',
          content: [
            {
              type: 'tool_result',
              tool_use_id: 'c',
              content: [{ type: 'image', source, transformations: 1 }],
              toolset_name: 't',
            },
          ],
        },
      ],
      tools: [
        {
          ...tool,
          strict: true,
          input_examples: [{}],
          allowed_callers: ['direct'],
          eager_input_streaming: false,
        },
        { ...tool, strict: null },
      ],
      output_config: { task_budget: { type: 'tokens', total: 9 } },
    };
    const { text, losses } = carried(JSON.stringify(body));
    expect(JSON.parse(text)).toEqual({
      anthropic_version: 'bedrock-2023-05-31',
      messages: [
        { role: 'user', content: [{ type: 'image', source }] },
        { role: 'assistant', content: [call, call] },
        {
          role: 'user',
          content: [{ type: 'tool_result', tool_use_id: 'c', content: [{ type: 'image', source }] }],
        },
      ],
      tools: [tool, tool],
    });
    expect(losses).toEqual([
      'dropped messages[0].content[0].transformations',
      'dropped messages[1].content[1].caller',
      'dropped messages[1].content[1].toolset_name',
      'dropped messages[2].content[0].content[0].transformations',
      'dropped messages[2].content[0].toolset_name',
      'dropped output_config.task_budget',
      'dropped tools[0].strict',
      'dropped tools[0].input_examples',
      'dropped tools[0].allowed_callers',
    ]);
    const rest = JSON.stringify(body).slice(1);
    expect(carried(`{${rest}`, { ...BEDROCK, betas: 'pass' })).toMatchObject({
      text: `{${BEDROCK_VERSION},${rest}`,
      losses: [],
    });
    const betas = ['task-budgets', 'structured-outputs', 'advanced-tool-use'];
    const listed = JSON.parse(carried(`{${rest}`, { ...BEDROCK, betas }).text) as unknown;
    const first = { strict: true, input_examples: [{}], allowed_callers: ['direct'] };
    expect(listed).toMatchObject({ tools: [first, body.tools[1]], output_config: body.output_config });
    const taking: CarriageTarget = { carriage: 'bedrock', model: 'anthropic.claude-sonnet-4-6' };
    expect(carried(JSON.stringify({ tools: [{ ...tool, strict: true }] }), taking).losses).toEqual([]);
  });
});

describe('the leftovers of a dropped beta', () => {
  const user = { role: 'user', content: 'x' };
  const call = { role: 'assistant', content: [{ type: 'tool_use', id: 'c', name: 'f', input: {} }] };
  const result = { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c', content: 'r' }] };
  const folded = { role: 'user', content: '<system>\nS "q"\n</system>' };
  const system = { role: 'system', content: 'S "q"' };

  test('a system message becomes a user message in the same place', () => {
    const done = messagesOf([user, system, { role: 'assistant', content: 'y' }]);
    expect(done.messages).toEqual([user, folded, { role: 'assistant', content: 'y' }]);
    expect(done.losses).toEqual(['approximated messages[1].role']);
  });

  test('a system message between a call and its results moves after them, in order', () => {
    const other = {
      role: 'system',
      content: [
        { type: 'text', text: 'A' },
        { type: 'text', text: 'B', cache_control: { type: 'ephemeral' } },
      ],
    };
    const last = { role: 'assistant', content: 'y' };
    const done = messagesOf([user, call, system, result, other, last]);
    const marked = {
      type: 'text',
      text: '<system>\nA\n\nB\n</system>',
      cache_control: { type: 'ephemeral' },
    };
    expect(done.messages).toEqual([user, call, result, folded, { role: 'user', content: [marked] }, last]);
    expect(messagesOf([user, call, system, other, result]).messages).toEqual([
      user,
      call,
      result,
      folded,
      { role: 'user', content: [marked] },
    ]);
  });

  test('an empty system message is omitted, and one that the route accepts stays', () => {
    expect(messagesOf([user, { role: 'system', content: ' ' }])).toEqual({ messages: [user], losses: [] });
    expect(messagesOf([user, system], { ...BEDROCK, midSystem: true }).messages).toEqual([user, system]);
    const betas = ['mid-conversation-system'];
    expect(messagesOf([user, system], { ...BEDROCK, betas }).messages).toEqual([user, system]);
  });

  test('tool references become texts, and only referenced deferred tools are sent', () => {
    const reference = { type: 'tool_reference', tool_name: 'b' };
    const found = {
      role: 'user',
      content: [{ type: 'tool_result', tool_use_id: 'c', content: [reference] }],
    };
    const tools = [
      { name: 'a', defer_loading: true },
      { defer_loading: true, name: 'b', eager_input_streaming: true },
      { name: 'd', defer_loading: false },
    ];
    const { text, losses } = carried(JSON.stringify({ tools, messages: [user, call, found] }));
    const sent = JSON.parse(text) as Record<string, unknown>;
    expect(sent['tools']).toEqual([{ name: 'b' }, { name: 'd' }]);
    expect(sent['messages']).toEqual([
      user,
      call,
      {
        role: 'user',
        content: [
          {
            type: 'tool_result',
            tool_use_id: 'c',
            content: [{ type: 'text', text: '[tool b is available]' }],
          },
        ],
      },
    ]);
    expect(losses.sort()).toEqual([
      'approximated messages[2].content[0].content[0]',
      'dropped tools[1].eager_input_streaming',
    ]);
  });

  test('with Anthropic’s tool search all deferred tools are sent, and an empty list is omitted', () => {
    const search = { type: 'tool_search_tool_regex_20251119', name: 'tool_search_tool_regex' };
    const body = JSON.stringify({ tools: [search, { name: 'a', defer_loading: true }] });
    expect(carried(body).text).toBe(`{${BEDROCK_VERSION},"tools":[{"name":"a"}]}`);
    expect(carried(body).losses).toEqual(['dropped tools[0]']);
    const none = '{"tools":[{"name":"a","defer_loading":true}],"tool_choice":{"type":"auto"},"x":1}';
    expect(carried(none).text).toBe(`{${BEDROCK_VERSION},"x":1}`);
    const passed = carried(body, { ...BEDROCK, betas: 'pass' });
    expect(passed.text).toBe(`{${BEDROCK_VERSION},${body.slice(1)}`);
  });

  test('the display of updates is removed, other values stay', () => {
    const done = carried('{"thinking":{"type":"adaptive","display":"updates"}}');
    expect(done.text).toBe(`{${BEDROCK_VERSION},"thinking":{"type":"adaptive"}}`);
    expect(done.losses).toEqual(['dropped thinking.display']);
    const kept = '{"thinking":{"display":"omitted"}}';
    expect(carried(kept).text).toBe(`{${BEDROCK_VERSION},${kept.slice(1)}`);
  });

  test('thinking without a seal is removed, with its message if nothing else is in it', () => {
    const bare = { type: 'thinking', thinking: 'Hm', signature: '' };
    const done = messagesOf([
      user,
      { role: 'assistant', content: [bare] },
      { role: 'assistant', content: [bare, { type: 'text', text: 'y' }] },
    ]);
    expect(done.messages).toEqual([user, { role: 'assistant', content: [{ type: 'text', text: 'y' }] }]);
    expect(done.losses).toEqual(['repaired messages[1].content[0]', 'repaired messages[2].content[0]']);
  });
});

describe('Bedrock’s frames', () => {
  const frame = (payload: unknown, type = 'event', name = 'chunk') =>
    carriedEvent({
      type,
      name,
      payload: encoded(typeof payload === 'string' ? payload : JSON.stringify(payload)),
    });

  test('contain one event each; several lines become several data lines', () => {
    const event = frame({ bytes: btoa('{"type":"ping",\r\n"a":1}'), p: 'abc' });
    if (event.kind !== 'event') throw new Error(event.kind);
    expect(decoded(eventText(event.name, event.data))).toBe(
      'event: ping\ndata: {"type":"ping",\ndata: "a":1}\n\n',
    );
  });

  test.each([
    [frame('{'), 'unreadable'],
    [frame({ bytes: '***' }), 'unreadable'],
    [frame({ bytes: btoa('[]') }), 'unreadable'],
    [frame({}), 'unreadable'],
    [frame({}, 'event', 'initial-response'), 'nothing'],
  ])('garbage is unreadable: %p', (event, kind) => {
    expect(event.kind).toBe(kind as 'unreadable');
  });

  test('exceptions become errors of their kind', () => {
    const event = frame({ message: 'slow down' }, 'exception', 'throttlingException');
    expect(event).toEqual({ kind: 'error', error: { kind: 'rate_limit', message: 'slow down' } });
  });
});

test('everything in a body but the carrier’s own members passes through', () => {
  const own = ['model', 'stream', 'anthropic_version', 'anthropic_beta'];
  const entry = fc.tuple(fc.oneof(fc.string(), fc.constantFrom(...own)), fc.jsonValue());
  fc.assert(
    fc.property(fc.array(entry), fc.constantFrom(undefined, 2, '\t'), (entries, indent) => {
      const body = Object.fromEntries(entries);
      const rest = Object.fromEntries(Object.entries(body).filter(([key]) => !own.includes(key)));
      const sent = JSON.parse(carried(JSON.stringify(body, null, indent)).text) as unknown;
      expect(sent).toEqual({
        ...(JSON.parse(JSON.stringify(rest)) as object),
        anthropic_version: 'bedrock-2023-05-31',
      });
    }),
  );
});

test('the work is linear in the length of a body, whatever its content', () => {
  // Each result nests by two levels, of which a body has 10,000 at most.
  const nested = (size: number, levels = size >> 2) =>
    `{"messages":[{"role":"user","content":${'[{"type":"tool_result","content":'.repeat(levels)}[]${'}]'.repeat(levels)}}]}`;
  const systems = (count: number) =>
    JSON.stringify({ messages: Array.from({ length: count }, () => ({ role: 'system', content: 's' })) });
  const tools = (count: number) =>
    JSON.stringify({
      tools: Array.from({ length: count }, (_, at) => ({ name: `t${at}`, defer_loading: true })),
    });
  for (const make of [nested, systems, tools]) expect(isSteep((size) => carried(make(size)))).toBe(false);
});

describe('images and documents that the body only names', () => {
  const image = { type: 'image', source: { type: 'url', url: 'https://pictures.test/a.png' } };
  const document = {
    type: 'document',
    source: { type: 'url', url: 'https://papers.test/a.pdf' },
    title: 'A',
  };
  const stored = { type: 'image', source: { type: 'file', file_id: 'file_1' } };
  const own = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } };
  const result = { type: 'tool_result', tool_use_id: 't', content: [{ type: 'text', text: 'x' }, image] };
  const body = JSON.stringify({
    messages: [{ role: 'user', content: [own, image, document, stored, result] }],
  });
  const IMAGE = 'messages[0].content[1]';
  const DOCUMENT = 'messages[0].content[2]';
  const INNER = 'messages[0].content[4].content[1]';

  test.each([BEDROCK, VERTEX])('are losses of meaning and are told by their paths', (target) => {
    const done = carry(encoded(body), target, { operation: 'generate' });
    expect(done.losses.all().map((loss) => [loss.path, loss.class])).toEqual(
      [IMAGE, DOCUMENT, 'messages[0].content[3]', INNER].map((path) => [path, 'meaning']),
    );
    expect(done.losses.refusing('warn')?.path).toBe(IMAGE);
    expect(done.remote.map(({ kind, path }) => [kind, path])).toEqual([
      ['image', IMAGE],
      ['document', DOCUMENT],
      ['image', INNER],
    ]);
    const [message] = (JSON.parse(decoded(done.body)) as { messages: { content: unknown[] }[] }).messages;
    expect(message?.content).toEqual([own, { ...result, content: [{ type: 'text', text: 'x' }] }]);
  });

  test('are written as bytes once they are fetched', () => {
    const files = new Map([
      [IMAGE, { kind: 'fetched', data: 'iVBO', mediaType: 'image/png' } as const],
      [DOCUMENT, { kind: 'fetched', data: 'SGk=', mediaType: 'text/plain' } as const],
      [INNER, { kind: 'refused', why: 'it takes too long' } as const],
    ]);
    const done = carry(encoded(body), BEDROCK, { operation: 'generate', files });
    const [message] = (JSON.parse(decoded(done.body)) as { messages: { content: unknown[] }[] }).messages;
    expect(message?.content.slice(1, 3)).toEqual([
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBO' } },
      { ...document, source: { type: 'text', media_type: 'text/plain', data: 'Hi' } },
    ]);
    expect(done.losses.all().at(-1)?.why).toBe('the image cannot be fetched: it takes too long');
    expect(done.remote).toEqual([]);
  });
});
