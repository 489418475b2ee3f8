import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { startGateway, type TestGateway } from './gateway.ts';

let simulator: Simulator;
let gateway: TestGateway;

beforeAll(async () => {
  simulator = await startSimulator();
  gateway = startGateway(`
providers: [{ name: a, api_base: "${simulator.url}/v1" }]
models:
  client-model: { routes: [{ provider: a, model: upstream/model-name }] }
  same: { routes: [{ provider: a, model: same }] }`);
});

beforeEach(() => simulator.reset());

afterAll(async () => {
  await gateway.stop();
  await simulator.stop();
});

async function sent(body: string | Uint8Array, path = '/v1/chat/completions'): Promise<string> {
  const response = await fetch(`${gateway.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  await response.arrayBuffer();
  expect(response.status).toBe(200);
  const [attempt] = await simulator.waitForAttempts(1);
  return new TextDecoder().decode(attempt?.body);
}

const MESSAGES = '"messages":[{"role":"user","content":"Hello"}]';

describe('a request body reaches the provider byte for byte but for the name of the model', () => {
  // § stands for the model's name: the client's in requests, the provider's in answers.
  const bodies: Record<string, string> = {
    'unknown fields': `{"model":§,${MESSAGES},"x_unknown":{"deep":[1,{"a":null}]},"zeta":true}`,
    'integers over 2^53 and odd numbers': `{"model":§,${MESSAGES},"seed":9007199254740993,"n1":1E400,"n2":-0.0,"n3":1.10}`,
    'escapes that a parser would normalise': `{"model":§,"messages":[{"role":"user","content":"\\u0041\\/\\ud83d\\ude00\\t"}]}`,
    'odd white space': ` \r\n\t{ "model"\t:\n § ,\r\n ${MESSAGES} , "temperature" : 1 }\n\n `,
    '"model" inside strings and nested objects': `{"metadata":{"model":"client-model"},"messages":[{"role":"user","content":"{\\"model\\":\\"client-model\\"}"}],"model":§,"tools":[]}`,
    'duplicate keys other than the model': `{"a":1,"model":§,${MESSAGES},"a":2}`,
    'model as the last member': `{${MESSAGES},"model":§}`,
    'cache_control, tools and reasoning': `{"model":§,"messages":[{"role":"user","content":[{"type":"text","text":"Hi","cache_control":{"type":"ephemeral"}}]}],"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"model":{"type":"string"}}}}}],"tool_choice":"none","reasoning":{"effort":"low"}}`,
    'emoji, Chinese and combining characters': `{"model":§,"messages":[{"role":"user","content":"你好 👩‍👩‍👧 é"}]}`,
  };

  for (const [what, body] of Object.entries(bodies)) {
    test(what, async () => {
      expect(await sent(body.replace('§', '"client-model"'))).toBe(
        body.replace('§', '"upstream/model-name"'),
      );
    });
  }

  test('nothing at all changes where the provider knows the model by the same name', async () => {
    const body = ` {"model" : "same", ${MESSAGES} } `;
    expect(await sent(body)).toBe(body);
  });

  test('a body of 25 MB', async () => {
    const image = Buffer.alloc(25 * 1024 * 1024, 'AbC+/').toString();
    const body = `{"model":"client-model","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,${image}"}}]}]}`;
    const arrived = await sent(body);
    expect(arrived === body.replace('client-model', 'upstream/model-name')).toBe(true);
  });

  for (const path of ['/v1/completions', '/v1/embeddings', '/v1/responses', '/v1/messages']) {
    test(`on ${path} as well`, async () => {
      const body = `{"model":"client-model","prompt":"Hi","input":"Hi",${MESSAGES},"max_tokens":10,"big":12345678901234567890}`;
      expect(await sent(body, path)).toBe(body.replace('client-model', 'upstream/model-name'));
    });
  }

  test('a stream gets the wish for usage and nothing else', async () => {
    const body = `{"model":"client-model",${MESSAGES},"stream":true}`;
    expect(await sent(body)).toBe(
      `{"stream_options":{"include_usage":true},"model":"upstream/model-name",${MESSAGES},"stream":true}`,
    );
  });

  test('a second model cannot be slipped past: every one becomes the one that was checked', async () => {
    const body = `{"model":"other",${MESSAGES},"\\u006dodel":"client-model"}`;
    expect(JSON.parse(await sent(body)).model).toBe('upstream/model-name');
    expect(new TextDecoder().decode(simulator.attempts[0]?.body)).not.toContain('other');
  });
});

test('a form with binary content arrives byte for byte but for the name of the model', async () => {
  const audio = new Uint8Array(300_000).map((_, index) => (index * 7) % 256);
  const boundary = 'form-boundary';
  const part = (head: string, content: string | Uint8Array): Uint8Array =>
    Buffer.concat([
      Buffer.from(`--${boundary}\r\ncontent-disposition: form-data; ${head}\r\n\r\n`),
      Buffer.from(content as string),
      Buffer.from('\r\n'),
    ]);
  const form = (model: string): Uint8Array =>
    Buffer.concat([
      part('name="file"; filename="model.mp3"', audio),
      part('name="model"', model),
      part('name="prompt"', 'name="model" client-model'),
      Buffer.from(`--${boundary}--\r\n`),
    ]);
  const response = await fetch(`${gateway.url}/v1/audio/transcriptions`, {
    method: 'POST',
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    body: form('client-model') as Uint8Array<ArrayBuffer>,
  });
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ text: expect.any(String) });
  const [attempt] = await simulator.waitForAttempts(1);
  expect(Buffer.compare(attempt!.body, form('upstream/model-name'))).toBe(0);
  expect(attempt?.headers['content-type']).toBe(`multipart/form-data; boundary=${boundary}`);
});

describe('an answer reaches the client byte for byte', () => {
  for (const [what, body] of Object.entries({
    plain: { model: 'same', messages: [{ role: 'user', content: 'unicode 你好' }] },
    streamed: {
      model: 'same',
      messages: [{ role: 'user', content: 'Hi' }],
      stream: true,
      stream_options: { include_usage: true },
    },
  })) {
    test(what, async () => {
      const init = {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      };
      const direct = await (await fetch(`${simulator.url}/v1/chat/completions`, init)).text();
      const proxied = await (await fetch(`${gateway.url}/v1/chat/completions`, init)).text();
      expect(proxied).toBe(direct);
    });
  }
});
