import { describe, expect, test } from 'bun:test';
import OpenAI, {
  APIConnectionError,
  APIError,
  AuthenticationError,
  BadRequestError,
  ConflictError,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
  UnprocessableEntityError,
} from 'openai';
import { throughGateway } from './openai-client.ts';
import { collected, rejection, startStage, UPSTREAM_KEY, useStage } from './stage.ts';

const stage = await useStage(startStage('timeouts: { first_byte_timeout: 0.3 }'));
const client = throughGateway(stage, { maxRetries: 0 });

const MESSAGES = [{ role: 'user' as const, content: 'Hello!' }];

describe('refusals by the gateway', () => {
  test('an unknown key is an AuthenticationError', async () => {
    const stranger = throughGateway(stage, { apiKey: 'mk-unknown' });
    const error = await rejection(
      stranger.chat.completions.create({ model: 'acme/chat', messages: MESSAGES }),
    );
    expect(error).toBeInstanceOf(AuthenticationError);
    expect(error).toMatchObject({ code: 'invalid_api_key', type: 'authentication_error' });
    expect((error as AuthenticationError).headers.get('www-authenticate')).toStartWith('Bearer');
    expect(stage.simulator.attempts).toEqual([]);
  });

  test('a provider’s key is no key of the gateway', async () => {
    const insider = throughGateway(stage, { apiKey: UPSTREAM_KEY });
    expect(await rejection(insider.models.list())).toBeInstanceOf(AuthenticationError);
  });

  test('a model outside the key’s list is a PermissionDeniedError', async () => {
    const narrow = throughGateway(stage, { apiKey: 'mk-narrow' });
    const error = await rejection(narrow.embeddings.create({ model: 'acme/embed', input: 'x' }));
    expect(error).toBeInstanceOf(PermissionDeniedError);
    expect(error).toMatchObject({ code: 'model_not_allowed', param: 'model', type: 'permission_error' });
  });

  test('an unknown model is a NotFoundError that names it', async () => {
    const error = await failing('no/such-model');
    expect(error).toBeInstanceOf(NotFoundError);
    expect(error).toMatchObject({ code: 'model_not_found', param: 'model' });
    expect((error as Error).message).toContain('no/such-model');
  });

  test('a request without a model is a BadRequestError', async () => {
    const error = await rejection(client.post('/chat/completions', { body: { messages: MESSAGES } }));
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error).toMatchObject({ code: 'missing_model', param: 'model' });
  });

  test('a key over its limit is a RateLimitError that says when to come back', async () => {
    const blocked = throughGateway(stage, { apiKey: 'mk-blocked', maxRetries: 0 });
    const error = await rejection(
      blocked.chat.completions.create({ model: 'acme/chat', messages: MESSAGES }),
    );
    expect(error).toBeInstanceOf(RateLimitError);
    expect(error).toMatchObject({ code: 'rate_limit_exceeded', type: 'rate_limit_error' });
    const { headers } = error as RateLimitError;
    expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(headers.get('x-ratelimit-remaining-requests')).toBe('0');
    expect(stage.simulator.attempts).toEqual([]);
  });
});

describe('errors from the provider', () => {
  test.each([
    ['mock/400', 400, BadRequestError, null],
    ['mock/context-length', 400, BadRequestError, 'context_length_exceeded'],
    ['mock/content-policy', 400, BadRequestError, 'content_policy_violation'],
    ['mock/401', 401, AuthenticationError, 'invalid_api_key'],
    ['mock/403', 403, PermissionDeniedError, 'unsupported_country'],
    ['mock/404', 404, NotFoundError, 'model_not_found'],
    ['mock/409', 409, ConflictError, null],
    ['mock/422', 422, UnprocessableEntityError, 'unprocessable_entity'],
    ['mock/429?retry-after=30', 429, RateLimitError, 'rate_limit_exceeded'],
    ['mock/quota', 429, RateLimitError, 'insufficient_quota'],
    ['mock/500', 500, InternalServerError, null],
    ['mock/503', 503, InternalServerError, 'service_unavailable'],
    ['mock/529', 529, InternalServerError, 'overloaded'],
  ])('%s comes back with its status %d, its class and its code', async (model, status, kind, code) => {
    for (const stream of [false, true]) {
      const error = await rejection(client.chat.completions.create({ model, messages: MESSAGES, stream }));
      expect(error).toBeInstanceOf(kind);
      expect(error).toMatchObject({ status, code });
    }
  });

  test('the wait that a provider asks for reaches the client', async () => {
    const error = await failing('mock/429?retry-after=31');
    expect((error as RateLimitError).headers.get('retry-after')).toBe('31');
    expect(stage.simulator.attempts).toHaveLength(1);
  });

  test('a load balancer’s page in HTML is an InternalServerError with its status', async () => {
    const error = await failing('mock/502-html');
    expect(error).toBeInstanceOf(InternalServerError);
    expect(error).toMatchObject({ status: 502 });
  });
});

describe('failures without an answer from the provider', () => {
  test.each(['rst', 'zero-byte', 'invalid-http'])('%s is a 502 in OpenAI’s shape', async (fault) => {
    const error = await failing(`mock/${fault}`);
    expect(error).toBeInstanceOf(InternalServerError);
    expect(error).toMatchObject({ status: 502, code: 'upstream_unreachable', type: 'upstream_error' });
    expect((error as Error).message).not.toContain('127.0.0.1');
  });

  test.each(['silence', 'headers-silence'])('%s is a 504 in OpenAI’s shape', async (fault) => {
    const error = await failing(`mock/${fault}`, true);
    expect(error).toBeInstanceOf(InternalServerError);
    expect(error).toMatchObject({ status: 504, code: 'upstream_timeout' });
  });

  test.each(['200-empty', '200-html', '200-no-choices', 'broken-json', 'cut-rst', 'cut-fin'])(
    '%s is a 502 and no success',
    async (fault) => {
      const error = await failing(`mock/${fault}`);
      expect(error).toBeInstanceOf(InternalServerError);
      expect(error).toMatchObject({ status: 502, code: 'upstream_invalid' });
    },
  );

  test('a stream that ends before its content is a 502 and no stream', async () => {
    const error = await failing('mock/cut-fin?after=0', true);
    expect(error).toBeInstanceOf(InternalServerError);
    expect(error).toMatchObject({ status: 502, code: 'upstream_invalid' });
  });

  test.each(['200-error', 'error-first', 'error-after-role', 'error-after-comments'])(
    'an error under status 200 has the status that it stands for, and the provider’s reason: %s',
    async (fault) => {
      const error = await failing(`mock/${fault}`, true);
      expect(error).toBeInstanceOf(InternalServerError);
      expect(error).toMatchObject({ status: 500, type: 'server_error' });
      expect((error as Error).message).toContain('The server had an error while processing your request.');
    },
  );
});

describe('a stream that breaks off', () => {
  test.each(['cut-rst', 'cut-fin', 'cut-chunk', 'cut-clean', 'cut-rst?half=1'])(
    'by %s throws at the client after the content that came, and never ends well',
    async (fault) => {
      // At a pace, so that the content is at the client before the connection ends.
      const model = `mock/${fault}${fault.includes('?') ? '&' : '?'}after=7&pace=200`;
      const stream = await client.chat.completions.create({ model, messages: MESSAGES, stream: true });
      const contents: string[] = [];
      const reading = async (): Promise<void> => {
        for await (const { choices } of stream) {
          contents.push(choices[0]?.delta.content ?? '');
          expect(choices[0]?.finish_reason).toBeNull();
        }
      };
      const error = await rejection(reading());
      expect(error).toBeInstanceOf(APIError);
      expect(error).toMatchObject({ code: 'upstream_truncated' });
      // Events in flight may be lost when the connection breaks, but none is made up.
      expect(contents.length).toBeGreaterThan(1);
      expect(contents.filter(Boolean).length).toBeLessThanOrEqual(7);
      expect((await stage.ended())[0]?.ending).toBe('truncated');
    },
  );

  test('by the provider’s own error event throws that error', async () => {
    const model = 'mock/error-mid?after=3&pace=200';
    const stream = await client.chat.completions.create({ model, messages: MESSAGES, stream: true });
    const error = await rejection(collected(stream));
    expect(error).toBeInstanceOf(APIError);
    expect((error as Error).message).toContain('The server had an error while processing your request.');
    expect((await stage.ended())[0]?.ending).toBe('truncated');
  });

  test('of the responses API throws as well', async () => {
    const model = 'mock/cut-rst?after=5&pace=200';
    const stream = await client.responses.create({ model, input: 'Hello!', stream: true });
    const types: string[] = [];
    const read = async (): Promise<void> => {
      for await (const { type } of stream) types.push(type);
    };
    expect(await rejection(read())).toBeInstanceOf(Error);
    expect(types.at(-1)).toBe('response.failed');
    expect((await stage.ended())[0]?.ending).toBe('truncated');
  });

  test('in the middle of a file never looks like a shorter file', async () => {
    const model = 'mock/cut-fin';
    const speech = client.audio.speech.create({ model, voice: 'alloy', input: 'word '.repeat(8000) });
    await rejection(speech.then((response) => response.arrayBuffer()));
    // A file whose connection has ended before any of it was sent on is a failed request.
    expect((await stage.ended())[0]?.ending).toBeOneOf(['truncated', 'failed']);
  });
});

test('a gateway that is gone is an APIConnectionError', async () => {
  const gone = await startStage();
  const { baseUrl } = gone;
  await gone.stop();
  const nobody = new OpenAI({ baseURL: baseUrl, apiKey: 'mk-client', maxRetries: 0 });
  expect(await rejection(nobody.models.list())).toBeInstanceOf(APIConnectionError);
});

/** The error of one chat request for a model that fails. */
function failing(model: string, stream = false): Promise<unknown> {
  return rejection(client.chat.completions.create({ model, messages: MESSAGES, stream }));
}
