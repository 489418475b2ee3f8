import { describe, expect, test } from 'bun:test';
import { responseOf } from '../../../../src/server/response.ts';
import { handle } from '../../../../src/gateway/handle.ts';
import type { ClientRequest } from '../../../../src/gateway/ports.ts';
import { UnspokenApis } from '../../../../src/gateway/translated/unspoken-apis.ts';
import { readerSource } from '../../../../src/lib/reader-source.ts';
import { answers, fails, type Play, Scene } from '../scene.ts';

const MESSAGE = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude',
  content: [{ type: 'text', text: 'Hello' }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: { input_tokens: 3, output_tokens: 1 },
};

const says: Play = () => reply(200, JSON.stringify(MESSAGE));

function reply(status: number, text: string, type = 'application/json') {
  const { body, headers } = new Response(text, { headers: { 'content-type': type } });
  return {
    kind: 'reply' as const,
    status,
    headers,
    body: body === null ? null : readerSource(body.getReader()),
  };
}

interface Asked {
  readonly path?: string;
  readonly body?: object;
  readonly headers?: Record<string, string>;
}

const USER = [{ role: 'user', content: 'Hi' }];

async function ask(
  scene: Scene,
  { path = '/v1/chat/completions', body = {}, headers = {} }: Asked = {},
): Promise<{ readonly response: Response; readonly body: Json }> {
  const request: ClientRequest = {
    method: 'POST',
    path,
    search: '',
    headers: new Headers({ 'content-type': 'application/json', ...headers }),
    signal: new AbortController().signal,
    clientAddress: () => '',
    readBody: () =>
      Promise.resolve(new TextEncoder().encode(JSON.stringify({ model: 'm', messages: USER, ...body }))),
  };
  const response = responseOf(await handle(request, scene.gateway));
  const text = await response.clone().text();
  return { response, body: text.startsWith('{') ? JSON.parse(text) : text };
}

// oxlint-disable-next-line typescript/no-explicit-any -- what a test reads of an answer, it also checks
type Json = any;

const CLAUDE = '{ name: claude, provider_type: anthropic, api_base: "http://claude.test" }';
const OPENAI = '{ name: openai, provider_type: openai, api_base: "http://openai.test" }';
const BOTH = `providers: [${CLAUDE}, ${OPENAI}]
models: { m: { routes: [{ provider: claude, model: claude-opus-4-8 }, { provider: openai, model: gpt, priority: 2 }] } }
fallback: { retries: 0 }`;
const ALONE = `providers: [${CLAUDE}]
models: { m: { routes: [{ provider: claude, model: claude-opus-4-8 }] } }
fallback: { retries: 0 }`;

describe('a request for a provider of another API', () => {
  test('is put into it, and the answer back, and what was lost is told', async () => {
    const scene = new Scene(ALONE, { claude: [says] });
    const { response, body } = await ask(scene, { body: { seed: 7 } });
    expect(body.choices[0].message.content).toBe('Hello');
    expect(response.headers.get('x-llm-proxy-translation')).toStartWith('openai-chat>messages; dropped=seed');
    const [sent] = scene.sent;
    expect(sent?.target).toMatchObject({ api: 'messages', body: 'translated', model: 'claude-opus-4-8' });
    const ended = scene.events.find((event) => event.type === 'request-ended');
    expect(ended?.translation?.losses.map(({ path }) => path)).toContain('seed');
    expect(ended?.usage).toMatchObject({ inputTokens: 3, outputTokens: 1 });
  });

  test('that it cannot carry goes to the next route, which cools nobody', async () => {
    const scene = new Scene(BOTH, { claude: [says], openai: [answers()] });
    const { response } = await ask(scene, { body: { n: 2 } });
    expect(response.status).toBe(200);
    expect(response.headers.get('x-llm-proxy-attempts')).toBe('1');
    expect(scene.asked()).toEqual(['openai']);
    expect(scene.cooled()).toEqual([]);
  });

  test('that no route can carry is refused with the path of what stands in the way', async () => {
    const scene = new Scene(ALONE, { claude: [says] });
    const { response, body } = await ask(scene, { body: { n: 2 } });
    expect([response.status, body.error.code, body.error.param]).toEqual([
      400,
      'translation_unsupported',
      'n',
    ]);
    expect(scene.asked()).toEqual([]);
  });

  test('that came to a failure elsewhere is answered with that', async () => {
    const config = BOTH.replace('priority: 2', 'priority: 0');
    const scene = new Scene(config, { claude: [says], openai: [fails(500)] });
    const { response } = await ask(scene, { body: { n: 2 } });
    expect(response.status).toBe(500);
    expect(scene.asked()).toEqual(['openai']);
  });

  test('that is not even of its own API is refused, but only where it has to be read', async () => {
    const scene = new Scene(BOTH.replace('priority: 2', 'priority: 0'), {
      claude: [says],
      openai: [answers()],
    });
    expect((await ask(scene, { body: { messages: 'Hi' } })).response.status).toBe(200);
    const alone = new Scene(ALONE, { claude: [says] });
    const { response, body } = await ask(alone, { body: { messages: 'Hi' } });
    expect([response.status, body.error.code, body.error.param]).toEqual([400, 'invalid_body', 'messages']);
  });

  test('may ask for a stricter policy, and a laxer one only with a key that may', async () => {
    const headers = { 'x-llm-proxy-unsupported': 'reject' };
    const scene = new Scene(ALONE, { claude: [says] });
    expect((await ask(scene, { body: { seed: 7 }, headers })).body.error.param).toBe('seed');
    const lax = { 'x-llm-proxy-unsupported': 'drop' };
    expect((await ask(scene, { body: { n: 2 }, headers: lax })).response.status).toBe(400);
  });
});

test('an error of the provider is told in the shape of the client', async () => {
  const error = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };
  const scene = new Scene(ALONE, { claude: [() => reply(529, JSON.stringify(error))] });
  const { response, body } = await ask(scene);
  expect([response.status, body.error.code, body.error.message]).toEqual([503, 'overloaded', 'Overloaded']);
});

test('a credential that the answer repeats is redacted', async () => {
  const config = `providers: [{ name: claude, provider_type: anthropic, api_base: "http://claude.test", api_key: sk-canary-of-claude }]
models: { m: { routes: [{ provider: claude, model: claude-opus-4-8 }] } }`;
  const content = [{ type: 'text', text: 'The key is sk-canary-of-claude.' }];
  const answer = { type: 'message', content, stop_reason: 'end_turn' };
  const stream = [
    { type: 'message_start', message: { ...MESSAGE, content: [] } },
    { type: 'content_block_start', index: 0, content_block: content[0] },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn' } },
    { type: 'message_stop' },
  ].map((event) => `data: ${JSON.stringify(event)}\n\n`);
  for (const sent of [
    () => reply(200, JSON.stringify(answer)),
    () => reply(200, stream.join(''), 'text/event-stream'),
  ]) {
    const { body } = await ask(new Scene(config, { claude: [sent] }));
    expect(body.choices[0].message.content).toMatch(/^The key is sk-ca\*{4}.*\.$/);
  }
});

/** A stream of chunks, each with its own memory. `onRead` is called before each. */
function streams(chunks: Iterable<string>, onRead: () => void): Play {
  return () => {
    const rest = chunks[Symbol.iterator]();
    const read = () => {
      onRead();
      const { done, value } = rest.next();
      const bytes = done === true ? undefined : Uint8Array.from(Buffer.from(value));
      return Promise.resolve({ done: done === true, value: bytes });
    };
    const headers = new Headers({ 'content-type': 'text/event-stream' });
    return {
      kind: 'reply',
      status: 200,
      headers,
      body: readerSource({ read, cancel: () => Promise.resolve() }),
    };
  };
}

test('a stream that begins with nothing is given up after some megabytes, however they are divided', async () => {
  const part = 'x'.repeat(100_000);
  let reads = 0;
  const chunks = Array.from({ length: 200 }, () => [`: ${part}`, part, `${part}\n\n`]).flat();
  const scene = new Scene(ALONE, { claude: [streams(chunks, () => (reads += 1))] });
  const { response } = await ask(scene, { body: { stream: true } });
  expect(response.status).toBe(502);
  expect(reads).toBeGreaterThan(80);
  expect(reads).toBeLessThan(100);
});

test('others get turns while a large event is translated, also if its last bytes arrive alone', async () => {
  const delta = { type: 'text_delta', text: 'x'.repeat(400_000) };
  const event = (data: object): string => `data: ${JSON.stringify(data)}\n\n`;
  const large = event({ type: 'content_block_delta', index: 0, delta });
  const chunks = [
    event({ type: 'message_start', message: { ...MESSAGE, content: [] } }),
    event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
    large.slice(0, -1),
    '\n',
    event({ type: 'message_delta', delta: { stop_reason: 'end_turn' } }) + event({ type: 'message_stop' }),
  ];
  let turns = 0;
  let counting: NodeJS.Immediate | undefined;
  const count = (): void => {
    turns += 1;
    counting = setImmediate(count);
  };
  const turnsAtRead: number[] = [];
  count();
  const scene = new Scene(ALONE, { claude: [streams(chunks, () => turnsAtRead.push(turns))] });
  const { body } = await ask(scene, { body: { stream: true } });
  clearImmediate(counting);
  expect(body.split('x').length - 1).toBeGreaterThanOrEqual(delta.text.length);
  // The event is complete with the fourth chunk.
  expect((turnsAtRead[4] ?? 0) - (turnsAtRead[3] ?? 0)).toBeGreaterThan(1);
});

test('an answer that is none of its API is told as one that could not be translated', async () => {
  const scene = new Scene(ALONE, {
    claude: [() => reply(200, '{"content":"no list","stop_reason":"end_turn"}')],
  });
  const { response, body } = await ask(scene);
  expect(response.status).toBe(502);
  expect(['translation_failed', 'upstream_invalid']).toContain(body.error.code);
});

test('tokens that the provider cannot count are estimated, and nothing is sent', async () => {
  const config = `providers: [${OPENAI}]
models: { m: { routes: [{ provider: openai, model: gpt, api: chat }] } }`;
  const scene = new Scene(config, {});
  const { response, body } = await ask(scene, { path: '/v1/messages/count_tokens', body: { max_tokens: 9 } });
  expect(response.headers.get('x-llm-proxy-estimated')).toBe('true');
  expect(body.input_tokens).toBeGreaterThan(0);
  expect(scene.asked()).toEqual([]);
});

describe('a provider that turns out not to count tokens', () => {
  const config = `providers: [{ name: gem, provider_type: gemini, api_base: "http://gem.test" }, ${CLAUDE}]
models:
  g: { routes: [{ provider: gem, model: gemini-2.5-flash }] }
  c: { routes: [{ provider: claude, model: claude-opus-4-8 }] }
fallback: { retries: 0 }`;
  const messages = { path: '/v1/messages/count_tokens', body: { model: 'g', max_tokens: 9 } };
  const gemini = {
    path: '/v1beta/models/c:countTokens',
    body: { contents: [{ role: 'user', parts: [{ text: 'How many are these?' }] }] },
  };

  test.each([404, 405, 501])('%i: the tokens are estimated, and nothing cools', async (status) => {
    const lacks: Play = () =>
      reply(status, 'no /v1beta/models/gemini-2.5-flash:countTokens here', 'text/plain');
    const scene = new Scene(config, { gem: [lacks], claude: [lacks] });
    const { response, body } = await ask(scene, messages);
    expect([response.status, response.headers.get('x-llm-proxy-estimated')]).toEqual([200, 'true']);
    expect(body.input_tokens).toBeGreaterThan(0);
    const other = await ask(scene, gemini);
    expect([other.response.status, other.response.headers.get('x-llm-proxy-estimated')]).toEqual([
      200,
      'true',
    ]);
    expect(other.body.totalTokens).toBeGreaterThan(0);
    expect(scene.asked()).toEqual(['gem', 'claude']);
    expect(scene.cooled()).toEqual([]);
  });

  test('a model that it lacks, and any other error, is told as before', async () => {
    const unknown: Play = () =>
      reply(404, '{"error":{"code":404,"message":"models/gemini-2.5-flash is not found"}}');
    expect((await ask(new Scene(config, { gem: [unknown] }), messages)).response.status).toBe(404);
    const wrong: Play = () => reply(400, '{"error":{"code":400,"message":"wrong"}}');
    expect((await ask(new Scene(config, { gem: [wrong] }), messages)).response.status).toBe(400);
  });
});

describe('a count that goes to a provider of the client’s API, which turns out not to count', () => {
  const config = `providers:
  - { name: own, provider_type: anthropic, api_base: "http://own.test" }
  - { name: aws, provider_type: bedrock, region: us-east-1, api_key: k, api_base: "http://aws.test" }
  - { name: gcp, provider_type: vertex, project: p, location: us-east5, access_token: t, api_base: "http://gcp.test" }
  - { name: local, api_base: "http://local.test" }
models:
  own: { routes: [{ provider: own, model: claude-opus-4-8 }] }
  aws: { routes: [{ provider: aws, model: anthropic.claude-opus-4-8-v1:0 }] }
  gcp: { routes: [{ provider: gcp, model: claude-opus-4-8 }] }
  local: { routes: [{ provider: local, model: x7 }] }
fallback: { retries: 0 }`;
  const asked = (model: string) => ({ path: '/v1/messages/count_tokens', body: { model, max_tokens: 9 } });
  const UNKNOWN =
    '{"type":"error","error":{"type":"not_found_error","message":"This model provider has no counts"}}';

  test.each([
    ['own', 404, UNKNOWN],
    ['aws', 404, UNKNOWN],
    ['aws', 400, '{"message":"The provided model doesn\'t support counting tokens."}'],
    ['gcp', 404, UNKNOWN],
    ['local', 404, UNKNOWN],
    ['own', 405, ''],
  ])('it is estimated, and nothing cools: %s, %i', async (name, status, text) => {
    const scene = new Scene(config, { [name]: [() => reply(status, text)] });
    Object.assign(scene.gateway, { unspoken: new UnspokenApis() });
    const { response, body } = await ask(scene, asked(name));
    expect([response.status, response.headers.get('x-llm-proxy-estimated')]).toEqual([200, 'true']);
    expect(body.input_tokens).toBeGreaterThan(0);
    expect([scene.asked(), scene.cooled()]).toEqual([[name], []]);
  });

  test('an error that names the model, and any other, is told as it is', async () => {
    const missing = '{"type":"error","error":{"type":"not_found_error","message":"model: claude-opus-4-8"}}';
    const scene = new Scene(config, { own: [() => reply(404, missing)] });
    expect(await ask(scene, asked('own'))).toMatchObject({
      response: { status: 404 },
      body: JSON.parse(missing),
    });
    const other = new Scene(config, { own: [() => reply(400, UNKNOWN)] });
    expect((await ask(other, asked('own'))).response.status).toBe(400);
  });
});

test('a count of tokens by the Responses API is no answer without choices', async () => {
  const config = `providers: [{ name: counter, provider_type: openai-responses, api_base: "http://counter.test" }]
models: { m: { routes: [{ provider: counter, model: gpt }] } }`;
  const counts: Play = () => reply(200, '{"object":"response.input_tokens","input_tokens":17}');
  const scene = new Scene(config, { counter: [counts] });
  const { response, body } = await ask(scene, { path: '/v1/messages/count_tokens', body: { max_tokens: 9 } });
  expect([response.status, body]).toEqual([200, { input_tokens: 17 }]);
  expect(response.headers.has('x-llm-proxy-estimated')).toBe(false);
});

describe('a provider of which nobody knows what it speaks', () => {
  const config = `providers: [{ name: local, api_base: "http://local.test" }]
models: { m: { routes: [{ provider: local, model: x }] } }
fallback: { retries: 0 }`;
  const speaksChat: Play = (request, clock) =>
    request.target?.api === 'chat' ? answers()(request, clock) : reply(404, '{"detail":"Not Found"}');
  const messages = { path: '/v1/messages', body: { max_tokens: 9 } };

  test('is asked in the client’s API first, then in another one, and from then on at once', async () => {
    const scene = new Scene(config, { local: [speaksChat] });
    Object.assign(scene.gateway, { unspoken: new UnspokenApis() });
    for (const asks of [2, 1]) {
      scene.sent.length = 0;
      const { response, body } = await ask(scene, messages);
      expect([response.status, body.content[0].text]).toEqual([200, 'Hello']);
      expect(scene.asked()).toHaveLength(asks);
    }
    expect(scene.events.filter(({ type }) => type === 'api-missing')).toHaveLength(1);
    scene.clock.pass(3_600_001);
    scene.sent.length = 0;
    await ask(scene, messages);
    expect(scene.asked()).toHaveLength(2);
  });

  test('embeds for a client of Gemini through /v1/embeddings, once its own path has been missing', async () => {
    const embeds: Play = (request) =>
      request.target?.api === 'embeddings'
        ? reply(200, '{"object":"list","data":[{"index":0,"embedding":[0.5]}],"usage":{"prompt_tokens":1}}')
        : reply(404, '{"detail":"Not Found"}');
    const scene = new Scene(config, { local: [embeds] });
    Object.assign(scene.gateway, { unspoken: new UnspokenApis() });
    const content = { parts: [{ text: 'Hi' }] };
    for (const [verb, given, wanted] of [
      ['embedContent', { content }, { embedding: { values: [0.5] } }],
      ['batchEmbedContents', { requests: [{ content }] }, { embeddings: [{ values: [0.5] }] }],
    ] as const) {
      const { response, body } = await ask(scene, { path: `/v1beta/models/m:${verb}`, body: given });
      expect([response.status, body]).toEqual([200, wanted]);
    }
    expect(scene.asked()).toHaveLength(3);
  });

  test('and that lacks the model is not taken for one that lacks the API', async () => {
    const scene = new Scene(config, { local: [() => reply(404, '{"error":{"message":"no model x"}}')] });
    Object.assign(scene.gateway, { unspoken: new UnspokenApis() });
    const { response } = await ask(scene, messages);
    expect(response.status).toBe(404);
    expect(scene.asked()).toHaveLength(1);
  });
});
