import Anthropic, { APIError as AnthropicError } from '@anthropic-ai/sdk';
import { describe, expect, test } from 'bun:test';
import { APIError as OpenAiError, type OpenAI } from 'openai';
import { startScriptedProvider } from '../acceptance/scripted-provider.ts';
import { startGateway } from '../e2e/gateway.ts';
import { throughGateway } from './openai-client.ts';
import { CLIENT_KEY, rejection, startStage, useStage } from './stage.ts';

const stage = await useStage(startStage());

const OWN_ID = /^req_[0-9a-f]{12}$/;

function claude(apiKey = CLIENT_KEY): Anthropic {
  return new Anthropic({ baseURL: stage.gateway.url, apiKey, maxRetries: 0 });
}

async function refusedClaude(model: string, apiKey?: string): Promise<AnthropicError> {
  const asked = claude(apiKey).messages.create({
    model,
    max_tokens: 10,
    messages: [{ role: 'user', content: 'Hello!' }],
  });
  const error = await rejection(asked);
  if (!(error instanceof AnthropicError)) throw new Error('it was no error of the API');
  return error;
}

async function refusedChat(client: OpenAI, model: string): Promise<OpenAiError> {
  const error = await rejection(
    client.chat.completions.create({ model, messages: [{ role: 'user', content: 'Hello!' }] }),
  );
  if (!(error instanceof OpenAiError)) throw new Error('it was no error of the API');
  return error;
}

describe('the SDK of Anthropic', () => {
  test.each([
    ['no/such-model', CLIENT_KEY, 404, 'not_found_error'],
    ['acme/chat', 'mk-unknown', 401, 'authentication_error'],
    ['acme/embed', 'mk-narrow', 403, 'permission_error'],
    ['acme/chat', 'mk-blocked', 429, 'rate_limit_error'],
  ] as const)('asking for %s with %s reads %p as %s', async (model, key, status, type) => {
    const error = await refusedClaude(model, key);
    expect({ status: error.status, type: error.type }).toEqual({ status, type });
    expect(error.requestID).toMatch(OWN_ID);
    expect(error.error).toMatchObject({ type: 'error', request_id: error.requestID });
  });

  test('finds the id of a request whose provider gave it none', async () => {
    const nameless = await startScriptedProvider((_, socket) => {
      const body = JSON.stringify({
        type: 'message',
        content: [{ type: 'text', text: 'x' }],
        stop_reason: 'end_turn',
      });
      socket.write(
        `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
    });
    const gateway = startGateway(`providers: [{ name: a, api_base: "${nameless.url}" }]`);
    const client = new Anthropic({ baseURL: gateway.url, apiKey: 'none', maxRetries: 0 });
    const { request_id } = await client.messages
      .create({ model: 'm', max_tokens: 10, messages: [{ role: 'user', content: 'Hello!' }] })
      .withResponse();
    const { requestId } = await gateway.ended();
    await gateway.stop();
    await nameless.stop();
    expect(request_id).toMatch(OWN_ID);
    expect(requestId).toBe(request_id ?? '');
  });
});

describe('the SDK of OpenAI', () => {
  test('finds the id of what was refused, with the code and the type', async () => {
    const error = await refusedChat(throughGateway(stage, { maxRetries: 0 }), 'no/such-model');
    expect(error).toMatchObject({ code: 'model_not_found', type: 'invalid_request_error', param: 'model' });
    expect(error.requestID).toMatch(OWN_ID);
    expect((await stage.ended())[0]?.requestId).toBe(error.requestID ?? '');
  });

  test('keeps the id that the provider gave the request', async () => {
    const client = throughGateway(stage);
    const { request_id } = await client.chat.completions
      .create({ model: 'acme/chat', messages: [{ role: 'user', content: 'Hello!' }] })
      .withResponse();
    expect(request_id).toEndWith('mock');
  });

  test('does not try again where the limit admits no request at all', async () => {
    const error = await refusedChat(
      throughGateway(stage, { apiKey: 'mk-blocked', maxRetries: 3 }),
      'acme/chat',
    );
    expect(error.headers?.get('x-should-retry')).toBe('false');
    expect(await stage.ended()).toHaveLength(1);
  });
});

describe('a client of Google', () => {
  test.each(['/v1beta/models/x:generateContent', '/v1/models/x:streamGenerateContent?alt=sse'])(
    'is refused in its own words at %s',
    async (path) => {
      const response = await fetch(`${stage.gateway.url}${path}`, {
        method: 'POST',
        headers: { 'x-goog-api-key': 'mk-unknown' },
        body: '{}',
      });
      expect(response.status).toBe(401);
      expect(await response.json()).toMatchObject({
        error: { code: 401, status: 'UNAUTHENTICATED', details: [{ reason: 'invalid_api_key' }] },
      });
    },
  );
});

test.each([
  ['PUT', '/v1/models', 405, 'method_not_allowed'],
  ['GET', '/v1/models/no%2Fsuch', 404, 'model_not_found'],
  ['GET', '/admin/nothing', 404, 'path_not_found'],
  ['GET', '/health/detailed', 401, 'missing_api_key'],
] as const)('%s %s is reported when the gateway refuses it itself', async (method, path, status, code) => {
  const headers = path.startsWith('/v1') ? { authorization: `Bearer ${CLIENT_KEY}` } : undefined;
  const response = await fetch(`${stage.gateway.url}${path}`, { method, headers: headers ?? {} });
  expect(response.status).toBe(status);
  const id = response.headers.get('x-request-id') ?? '';
  expect(id).toMatch(OWN_ID);
  expect(response.headers.get('request-id')).toBe(id);
  expect((await stage.ended())[0]).toMatchObject({ requestId: id, ending: 'refused', status, code });
});
