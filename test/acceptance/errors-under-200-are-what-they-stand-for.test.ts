import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { startGateway, type TestGateway } from '../e2e/gateway.ts';
import { type Api, CHAT, COMPLETIONS, eventsOf, MESSAGES_API, RESPONSES } from './apis.ts';
import { ask, type Exchange } from './exchange.ts';
import { reportOf } from './report.ts';
import {
  chunkedHead,
  chunkOf,
  LAST_CHUNK,
  type ScriptedProvider,
  startScriptedProvider,
} from './scripted-provider.ts';

let provider: ScriptedProvider;
let gateway: TestGateway;
/** An error that cools routes down. */
let strict: TestGateway;

beforeAll(async () => {
  provider = await startScriptedProvider((request, socket) => {
    const { body } = JSON.parse(/x-answer: (.*)\r\n/.exec(request)?.[1] ?? '{}') as { body: string };
    socket.write(chunkedHead(body.startsWith('{') ? 'application/json' : 'text/event-stream'));
    socket.write(chunkOf(Buffer.from(body)));
    socket.write(LAST_CHUNK);
  });
  [gateway, strict] = [0, 30].map((cooldown) =>
    startGateway(`
providers:
  - { name: a, api_base: "${provider.url}", api_key: sk-secret-of-a }
  - { name: b, api_base: "${provider.url}" }
models: { m: { routes: [{ provider: a, model: m }, { provider: b, model: m, priority: 2 }] } }
fallback: { cooldown_seconds: ${cooldown}, retries: 0 }`),
  ) as [TestGateway, TestGateway];
});
afterAll(async () => {
  await gateway.stop();
  await strict.stop();
  await provider.stop();
});

async function answered(api: Api, body: string, stream = true, by = gateway): Promise<Exchange> {
  const answer = ask(by.url, api, api.body('m', { stream }), { 'x-answer': JSON.stringify({ body }) });
  expect(await answer.ended).toBe('whole');
  return answer;
}

interface Reported {
  readonly code?: string | number | null;
  readonly type?: string;
  readonly message: string;
}

/** An error as the first event of a stream of this API. */
function stream(api: Api, error: Reported): string {
  switch (api) {
    case RESPONSES: {
      const response = { id: 'resp_1', status: 'failed', error };
      return `event: response.failed\ndata: ${JSON.stringify({ type: 'response.failed', sequence_number: 1, response })}\n\n`;
    }
    case MESSAGES_API:
      return `event: error\ndata: ${JSON.stringify({ type: 'error', error })}\n\n`;
    default:
      return `data: ${JSON.stringify({ error })}\n\n`;
  }
}

async function outcomeOf(answer: Exchange, by = gateway): Promise<unknown> {
  const { history } = await reportOf(by, answer);
  const cools = by.events.filter(
    (event) => event.type === 'route-cooled' && event.requestId === answer.header('x-llm-proxy-request-id'),
  );
  return { attempts: history.length, kind: history[0]?.outcome.kind, cools: cools.length > 0 };
}

const REQUEST_TO_BLAME: readonly [Reported, readonly Api[]][] = [
  [
    { code: 'context_length_exceeded', type: 'invalid_request_error', message: 'too long' },
    [CHAT, COMPLETIONS],
  ],
  [{ code: 'invalid_prompt', message: 'bad prompt' }, [CHAT, RESPONSES]],
  [{ code: 'image_too_large', message: 'bad image' }, [RESPONSES]],
  [{ code: 'content_policy_violation', message: 'unsafe' }, [CHAT, RESPONSES]],
  [{ code: 400, message: 'by number' }, [CHAT]],
  [{ type: 'invalid_request_error', message: 'prompt is too long: 200001 tokens > 200000' }, [MESSAGES_API]],
];

describe('errors that the request causes are delivered at once, and cool no provider:', () => {
  for (const [error, apis] of REQUEST_TO_BLAME) {
    test.each(apis.map((api) => [api.name, api] as const))(`${error.message}, %s`, async (_, api) => {
      const answer = await answered(api, stream(api, error), true, strict);
      expect(answer.status()).toBe(400);
      expect(JSON.parse(answer.text())).toMatchObject({ error: { message: error.message } });
      expect(await outcomeOf(answer, strict)).toEqual({ attempts: 1, kind: 'rejected', cools: false });
    });
  }
});

const STATUSES: readonly [Api, Reported, number][] = [
  [CHAT, { code: 'rate_limit_exceeded', message: 'Please try again in 1.5s.' }, 429],
  [CHAT, { code: 'insufficient_quota', message: 'no quota' }, 429],
  [CHAT, { code: 'invalid_api_key', type: 'invalid_request_error', message: 'bad key' }, 401],
  [CHAT, { code: 'server_is_overloaded', message: 'busy' }, 503],
  [CHAT, { code: 502, message: 'Provider returned error' }, 502],
  [CHAT, { code: 'something_else', message: 'odd' }, 502],
  [MESSAGES_API, { type: 'overloaded_error', message: 'Overloaded' }, 529],
  [MESSAGES_API, { type: 'rate_limit_error', message: 'slow down' }, 429],
  [MESSAGES_API, { type: 'billing_error', message: 'pay' }, 402],
  [MESSAGES_API, { type: 'api_error', message: 'Internal server error' }, 500],
  [RESPONSES, { code: 'server_error', message: 'broken' }, 500],
];

describe('everything else asks the next route, and is told as its status when none helped:', () => {
  test.each(STATUSES.map(([api, error, status]) => [api.name, status, { api, error }] as const))(
    '%s: %d',
    async (_, status, { api, error }) => {
      const answer = await answered(api, stream(api, error));
      expect(answer.status()).toBe(status);
      expect(answer.header('content-type')).toBe('application/json');
      expect(JSON.parse(answer.text())).toMatchObject({ error: { message: error.message } });
      expect(await outcomeOf(answer)).toMatchObject({ attempts: 2 });
    },
  );
});

test('the wait in a message is one that clients understand', async () => {
  const answer = await answered(CHAT, stream(CHAT, STATUSES[0]![1]));
  expect(answer.header('retry-after')).toBe('2');
});

test('an error of the Messages API has the shape of that API', async () => {
  const answer = await answered(
    MESSAGES_API,
    stream(MESSAGES_API, { type: 'overloaded_error', message: 'Overloaded' }),
  );
  expect(JSON.parse(answer.text())).toMatchObject({
    type: 'error',
    error: { type: 'overloaded_error', message: 'Overloaded' },
  });
});

const FOUR_KINDS: readonly [Reported, string][] = [
  [{ code: 'context_length_exceeded', message: 'ran out of room' }, 'context_length_exceeded'],
  [{ code: 'insufficient_quota', message: 'no quota' }, 'insufficient_quota'],
  [{ code: 'rate_limit_exceeded', message: 'Please try again in 1.5s.' }, 'rate_limit_exceeded'],
  [{ code: 'server_is_overloaded', message: 'busy' }, 'server_is_overloaded'],
];

describe('a Responses client that asked for a stream gets four kinds as one:', () => {
  test.each(FOUR_KINDS.map(([error, code]) => [code, error] as const))(
    '%s, as it came',
    async (code, error) => {
      const created = `event: response.created\ndata: {"type":"response.created","response":{"id":"resp_1"}}\n\n`;
      const answer = await answered(RESPONSES, created + stream(RESPONSES, error));
      expect(answer.status()).toBe(200);
      expect(answer.text()).toBe(created + stream(RESPONSES, error));
      const { ending } = await reportOf(gateway, answer);
      expect(ending).toBe('failed');
      expect(code).toBe(String(error.code));
    },
  );

  test.each([true, false])(
    'written anew where the provider said it otherwise (stream: %p)',
    async (isStream) => {
      const body = JSON.stringify({ error: { code: 'insufficient_quota', message: 'no quota' } });
      const answer = await answered(RESPONSES, body, isStream);
      if (!isStream) {
        expect(answer.status()).toBe(429);
        return;
      }
      expect(answer.status()).toBe(200);
      expect(answer.header('content-type')).toBe('text/event-stream');
      const events = eventsOf(answer.text());
      expect(events.map(({ name }) => name)).toEqual(['response.created', 'response.failed']);
      expect(JSON.parse(events[1]!.data)).toMatchObject({
        sequence_number: 1,
        response: { status: 'failed', error: { code: 'insufficient_quota', message: 'no quota' } },
      });
    },
  );
});

describe('an API that the gateway does not know:', () => {
  const other = (path: string, value: object): Promise<Response> => {
    const body = JSON.stringify(value);
    return gateway.post(path, { model: 'm' }, { headers: { 'x-answer': JSON.stringify({ body }) } });
  };

  test.each(['/v1/images/generations', '/v1/audio/speech', '/v1/rerank', '/v1/some/thing'])(
    'a whole answer of %s that is an error is one, and nothing else is',
    async (path) => {
      const busy = await other(path, { error: { code: 'rate_limit_exceeded', message: 'slow down' } });
      expect([busy.status, busy.headers.get('x-llm-proxy-trail')]).toEqual([
        429,
        'a/m rate-limited 429, b/m rate-limited 429',
      ]);
      const wrong = await other(path, {
        error: { type: 'invalid_request_error', message: 'for sk-secret-of-a' },
        request_id: 'r',
      });
      expect([wrong.status, wrong.headers.get('x-llm-proxy-trail')]).toEqual([400, 'a/m rejected 400']);
      expect(await wrong.text()).not.toContain('sk-secret-of-a');
      for (const fine of [
        { error: null, status: 'ok' },
        { object: 'job', id: 'j', error: { code: 'failed', message: 'x' } },
      ]) {
        const answer = await other(path, fine);
        expect([answer.status, await answer.json()]).toEqual([200, fine]);
      }
    },
  );
});

test('a credential in the error of a provider is not shown', async () => {
  const answer = await answered(
    CHAT,
    stream(CHAT, { code: 'invalid_prompt', message: 'not for sk-secret-of-a' }),
  );
  expect(answer.status()).toBe(400);
  expect(answer.text()).not.toContain('sk-secret-of-a');
});

test.each(['{}', 'null', '[]', '""', 'false'])('"error": %s is none', async (error) => {
  const events = `data: {"error":${error},"choices":[{"delta":{"content":"hello"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n`;
  const answer = await answered(CHAT, events);
  expect(answer.status()).toBe(200);
  expect(answer.text()).toBe(events);
});

describe('a stream is told by its bytes where one was asked for:', () => {
  const EVENTS =
    'data: {"choices":[{"delta":{"content":"hello"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n';

  let other: ScriptedProvider;
  let front: TestGateway;
  /** The provider's answer, one byte in each chunk. */
  let given: { readonly contentType: string | undefined; readonly events: string };

  beforeAll(async () => {
    other = await startScriptedProvider((_, socket) => {
      const { contentType, events } = given;
      const type = contentType === undefined ? '' : `Content-Type: ${contentType}\r\n`;
      socket.write(`HTTP/1.1 200 OK\r\n${type}Transfer-Encoding: chunked\r\n\r\n`);
      for (const byte of Buffer.from(events)) socket.write(chunkOf(Buffer.of(byte)));
      socket.write(LAST_CHUNK);
    });
    front = startGateway(`providers: [{ name: a, api_base: "${other.url}" }]`);
  });
  afterAll(async () => {
    await front.stop();
    await other.stop();
  });

  test.each([undefined, 'text/plain', 'application/json', 'application/octet-stream'])(
    'events as %p',
    async (contentType) => {
      for (const beginning of [
        '',
        '\n',
        '\r\n\r\n',
        '\uFEFF',
        ': hello\n\n',
        'event: x\ndata: {"choices":[]}\n\n',
      ]) {
        given = { contentType, events: beginning + EVENTS };
        const answer = ask(front.url, CHAT, CHAT.body('m', { stream: true }));
        expect([await answer.ended, answer.status()]).toEqual(['whole', 200]);
        expect(answer.text()).toBe(given.events);
        expect(answer.header('content-type')).toBe('text/event-stream');
      }
    },
  );

  test('JSON that is declared as a stream of events is judged as JSON', async () => {
    const body = '{"choices":[{"message":{"content":"hello"},"finish_reason":"stop"}]}';
    const answer = await answered(CHAT, ` ${body}`);
    expect([answer.status(), answer.text()]).toEqual([200, ` ${body}`]);
  });
});

test.each([true, false])(
  'an answer that is to be fetched later is passed on (stream: %p)',
  async (isStream) => {
    for (const body of ['{"request_id":"r_1"}', '{"id":"r_1","status":"CREATED","created_at":1}']) {
      const answer = await answered(CHAT, body, isStream);
      expect([answer.status(), answer.text()]).toEqual([200, body]);
    }
  },
);
