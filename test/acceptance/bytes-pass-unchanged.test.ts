import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import type { AttemptRecord } from '../../src/simulator/attempt-log.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { startGateway, type TestGateway } from '../e2e/gateway.ts';
import { type Exchange, exchange, type HeaderFields, postOf } from './exchange.ts';

let simulator: Simulator;
let gateway: TestGateway;

beforeAll(async () => {
  simulator = await startSimulator();
  gateway = startGateway(`
providers:
  - name: a
    api_base: "${simulator.url}"
    model_mapping: { client-model: up/stream-model, same: same, "mock/*": "*" }`);
});
beforeEach(() => simulator.reset());
afterAll(async () => {
  await gateway.stop();
  await simulator.stop();
});

interface Passage {
  readonly arrived: AttemptRecord;
  readonly answer: Exchange;
}

/** Sends a body through the gateway; fails unless there is an answer of status 200. */
async function passed(path: string, body: string | Uint8Array, headers: HeaderFields = {}): Promise<Passage> {
  const answer = exchange(gateway.url, postOf(path, body, headers));
  expect(await answer.ended).toBe('whole');
  expect(answer.status()).toBe(200);
  const [arrived] = simulator.attempts;
  return { arrived: arrived!, answer };
}

/** The provider's direct answer to the same bytes that reached it. */
async function repeated({ path, body, headers }: AttemptRecord): Promise<Buffer> {
  const direct = exchange(
    simulator.url,
    postOf(path, body, { 'content-type': headers['content-type'] ?? '' }),
  );
  expect(await direct.ended).toBe('whole');
  return direct.body();
}

/** Whether two long bodies are equal. Reports only a short part of the difference. */
function expectSame(actual: Uint8Array, expected: Uint8Array): void {
  if (Buffer.compare(actual, expected) === 0) return;
  const at = actual.findIndex((byte, index) => byte !== expected[index]);
  const near = (bytes: Uint8Array): string =>
    Buffer.from(bytes.subarray(Math.max(0, at - 40), at + 40)).toString();
  expect(near(actual)).toBe(near(expected));
  expect(actual.length).toBe(expected.length);
}

const MESSAGES = '"messages":[{"role":"user","content":"Hi"}],"prompt":"Hi","input":"Hi","max_tokens":50';

/** Undocumented bodies that clients send. § is the model. */
const BODIES: Readonly<Record<string, string>> = {
  'unknown fields, deep and odd': `{"model":§,${MESSAGES},"x_unknown":{"deep":[1,{"a":null}],"":[]},"zeta":true,"reasoning":{"effort":"low"}}`,
  'numbers that no double holds': `{"big":12345678901234567890,"model":§,${MESSAGES},"n":[1E400,-0.0,1.10,0.1e-7,9007199254740993]}`,
  'duplicate keys': `{"a":1,"model":§,${MESSAGES},"a":{"b":1,"b":2}}`,
  'escapes and odd white space': ` \r\n{\t"model" :\n §,${MESSAGES},"s":"\\u0041\\/\\ud83d\\ude00\\t\\u0000" } \n`,
  'other models, deeper down': `{"metadata":{"model":"client-model"},"model":§,${MESSAGES},"fallbacks":[{"model":"client-model"}]}`,
  tools: `{"model":§,${MESSAGES},"tool_choice":"none","tools":[{"type":"function","function":{"name":"f","strict":true,"parameters":{"type":"object","properties":{"model":{"type":"string"},"stream":{"type":"boolean"}}}}}]}`,
  cache_control: `{"model":§,"system":[{"type":"text","text":"S","cache_control":{"type":"ephemeral","ttl":"1h"}}],${MESSAGES}}`,
  'text in many scripts': `{"model":§,"user":"你好 👩‍👩‍👧 é ﷽ \u2028 𝔘",${MESSAGES}}`,
};
const PATHS = [
  '/v1/chat/completions',
  '/v1/completions',
  '/v1/embeddings',
  '/v1/responses',
  '/v1/messages',
  '/chat/completions',
];

describe.each(PATHS)('on %s', (path) => {
  test.each(Object.entries(BODIES))('a request and its answer pass byte for byte: %s', async (_, body) => {
    const { arrived, answer } = await passed(path, body.replace('§', '"client-model"'));
    expect(Buffer.from(arrived.body).toString()).toBe(body.replace('§', '"up/stream-model"'));
    expectSame(answer.body(), await repeated(arrived));
  });

  test.each(Object.entries(BODIES))('nothing changes where the model has one name: %s', async (_, body) => {
    const sent = body.replace('§', '"same"');
    const { arrived } = await passed(path, sent);
    expect(Buffer.from(arrived.body).toString()).toBe(sent);
  });
});

describe.each(['/v1/chat/completions', '/v1/completions', '/v1/responses', '/v1/messages'])(
  'a stream on %s',
  (path) => {
    const asks = path.endsWith('completions') ? ',"stream_options":{"include_usage":true,"x":1}' : '';

    test.each(Object.entries(BODIES))('passes byte for byte, there and back: %s', async (_, body) => {
      const streamed = body.replace(/\}\s*$/, (end) => `,"stream":true${asks}${end}`);
      const { arrived, answer } = await passed(path, streamed.replace('§', '"client-model"'));
      expect(Buffer.from(arrived.body).toString()).toBe(streamed.replace('§', '"up/stream-model"'));
      expectSame(answer.body(), await repeated(arrived));
    });

    test.each([
      'reasoning-content',
      'reasoning',
      'tool-split',
      'tool-whole',
      'tool-no-index',
      'tool-no-id',
      'tool-repeated-id',
      'tool-parallel',
      'tool-object-arguments',
      'tool-empty-arguments',
      'tool-legacy',
      'tool-finish-stop',
      'tool-after-text',
      'content-filter',
      'unicode',
      'crlf',
      'cr',
      'no-space',
      'multi-line',
      'comments',
      'pings',
      'no-done',
      'no-finish',
      'usage-x-groq',
    ])('passes as the provider has it, plain and streamed: %s', async (fault) => {
      // Without its last event a streamed response is not whole.
      if (fault === 'no-done' && path === '/v1/responses') return;
      for (const stream of ['false', `true${asks}`]) {
        simulator.reset();
        const body = `{"model":"mock/${fault}",${MESSAGES},"stream":${stream}}`;
        const { arrived, answer } = await passed(path, body);
        expectSame(answer.body(), await repeated(arrived));
      }
    });
  },
);

describe('large bodies', () => {
  // Every letter of base64, 25 MB of it.
  const image = Buffer.alloc(
    25 * 1024 * 1024,
    'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
  ).toString();

  test.each(['/v1/chat/completions', '/v1/responses', '/v1/messages'])(
    '25 MB of an image on %s',
    async (path) => {
      const body = `{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,${image}"}}]}],"input":"Hi","max_tokens":9,"model":"client-model"}`;
      const { arrived } = await passed(path, body);
      expectSame(arrived.body, Buffer.from(body.replace('"client-model"', '"up/stream-model"')));
    },
  );

  test('a body that comes in chunks, without its length', async () => {
    const body = `{"model":"client-model",${MESSAGES},"pad":"${'x'.repeat(300_000)}"}`;
    const pieces = body.match(/[\s\S]{1,4097}/g) ?? [];
    const chunks = pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join('');
    const head = 'POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\n';
    const answer = exchange(
      gateway.url,
      Buffer.from(`${head}transfer-encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`),
    );
    expect(await answer.ended).toBe('whole');
    expect(answer.status()).toBe(200);
    expectSame(simulator.attempts[0]!.body, Buffer.from(body.replace('client-model', 'up/stream-model')));
  });
});

describe('forms', () => {
  const audio = Uint8Array.from({ length: 400_000 }, (_, index) => (index * 31) % 256);
  const part = (head: string, content: string | Uint8Array): Uint8Array =>
    Buffer.concat([
      Buffer.from(`--b\r\nContent-Disposition: form-data; ${head}\r\n\r\n`),
      Buffer.from(content as string),
      Buffer.from('\r\n'),
    ]);
  const form = (model: string, isModelFirst: boolean): Buffer => {
    const file = part('name="file"; filename="model.mp3"\r\nContent-Type: audio/mpeg', audio);
    const name = part('name="model"', model);
    const rest = part('name="prompt"', '-- b\r\nname="model"\r\n\r\nclient-model');
    return Buffer.concat([...(isModelFirst ? [name, file] : [file, name]), rest, Buffer.from('--b--\r\n')]);
  };

  test.each(['/v1/audio/transcriptions', '/v1/audio/translations'])('audio on %s', async (path) => {
    for (const isModelFirst of [true, false]) {
      simulator.reset();
      const type = { 'content-type': 'multipart/form-data; boundary=b' };
      const { arrived, answer } = await passed(path, form('client-model', isModelFirst), type);
      expectSame(arrived.body, form('up/stream-model', isModelFirst));
      expectSame(answer.body(), await repeated(arrived));
    }
  });
});

test('bytes of every value pass back: speech', async () => {
  const { arrived, answer } = await passed(
    '/v1/audio/speech',
    '{"model":"client-model","input":"a b c d e f"}',
  );
  expect(answer.body().length).toBeGreaterThan(1000);
  expectSame(answer.body(), await repeated(arrived));
});

test('the query passes as it is', async () => {
  const query = '?api-version=2024-10-21&x=%2F%20+%E4%BD%A0&x=2&empty=';
  const { arrived } = await passed(`/v1/chat/completions${query}`, `{"model":"same",${MESSAGES}}`);
  expect(arrived.path).toBe(`/v1/chat/completions${query}`);
});
