import { describe, expect, test } from 'bun:test';
import type { Provider } from '../../../src/config/snapshot.ts';
import type { HeaderField } from '../../../src/gateway/ports.ts';
import { upstreamFields } from '../../../src/upstream/headers.ts';
import { snapshotOf } from '../config/configuration.ts';

function provider(settings = 'api_key: sk-provider'): Provider {
  const config = `providers: [{ name: p, api_base: "http://127.0.0.1:9", ${settings} }]\nallow_unauthenticated: true`;
  const found = snapshotOf(config).providers.get('p');
  if (found === undefined) throw new Error('no provider');
  return found;
}

/** The headers that the provider receives, without the constant ones. `accept` fields stay if the client sent them. */
function sent(
  client: Record<string, string>,
  settings?: string,
  clientCredentials: readonly HeaderField[] = [],
): Record<string, string> {
  const headers = upstreamFields({
    provider: provider(settings),
    method: 'POST',
    path: '/v1/chat/completions',
    search: '',
    clientHeaders: new Headers(client),
    clientCredentials,
    body: undefined,
    cancellation: { isCancelled: false, onCancel: undefined },
    onConnectTimeout: () => undefined,
  });
  const always = new Set(['accept-encoding', 'user-agent', 'accept']);
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !always.has(name) || (name === 'accept' && name in client)),
  );
}

const KEY = { authorization: 'Bearer sk-provider' };

test("a client's own fields pass through", () => {
  const own = {
    'content-type': 'application/json',
    'openai-beta': 'assistants=v2',
    'anthropic-version': '2023-06-01',
    accept: 'text/event-stream',
    'x-stainless-lang': 'js',
    'idempotency-key': '1',
    traceparent: '00-1-2-03',
    'x-request-id': 'mine',
  };
  expect(sent(own)).toEqual({ ...own, ...KEY });
});

describe('fields for the connection or the gateway are not forwarded:', () => {
  for (const name of [
    'host',
    'content-length',
    'connection',
    'keep-alive',
    'te',
    'trailer',
    'transfer-encoding',
    'upgrade',
    'expect',
    'cookie',
    'via',
    'forwarded',
    'x-real-ip',
    'x-forwarded-for',
    'x-forwarded-host',
    'x-forwarded-anything',
    'proxy-authorization',
    'proxy-connection',
    'proxy-anything',
    'x-llm-proxy-provider',
    'x-llm-proxy-request-id',
    'x-api-key',
    'api-key',
    'x-goog-api-key',
    'authorization',
  ]) {
    test(name, () => expect(sent({ [name]: 'x-canary' })).toEqual(KEY));
  }

  test('fields that Connection names', () =>
    expect(sent({ connection: 'keep-alive, X-Hop', 'x-hop': '1', 'x-stays': '2' })).toEqual({
      'x-stays': '2',
      ...KEY,
    }));
});

describe('the credential', () => {
  test('is where the type of the provider looks for it', () => {
    expect(sent({}, 'api_key: k1')).toEqual({ authorization: 'Bearer k1' });
    expect(sent({}, 'api_key: k1, provider_type: anthropic')).toEqual({ 'x-api-key': 'k1' });
    expect(sent({}, 'api_key: k1, provider_type: azure')).toEqual({ 'api-key': 'k1' });
  });

  test('is left out where the provider has none', () =>
    expect(sent({ authorization: 'Bearer mk-ours' }, 'weight: 1')).toEqual({}));

  test("is the client's where there is none and it may be passed on", () =>
    expect(sent({}, 'weight: 1', [['x-goog-api-key', 'theirs']])).toEqual({ 'x-goog-api-key': 'theirs' }));

  test("is never the client's where the provider has one", () =>
    expect(sent({}, 'api_key: k1', [['authorization', 'Bearer theirs']])).toEqual({
      authorization: 'Bearer k1',
    }));
});

test("the provider's configured fields are added, and win", () => {
  const settings = 'api_key: k1, headers: { X-Team: a, User-Agent: own, Authorization: Basic abc }';
  const headers = sent({ 'x-team': 'b' }, settings);
  expect(headers).toEqual({ 'x-team': 'a', authorization: 'Basic abc' });
});

test('an encoding that the client did not ask for is not asked for in its name', () => {
  const request = {
    provider: provider(),
    method: 'GET',
    path: '/v1/files',
    search: '',
    clientCredentials: [],
    body: undefined,
    cancellation: { isCancelled: false, onCancel: undefined },
    onConnectTimeout: () => undefined,
  };
  const plain = upstreamFields({ ...request, clientHeaders: new Headers() });
  expect(plain['accept-encoding']).toBe('identity');
  expect(plain['user-agent']).toBe('llm-proxy');
  const own = new Headers({ 'accept-encoding': 'br', 'user-agent': 'mine/1' });
  const asked = upstreamFields({ ...request, clientHeaders: own });
  expect([asked['accept-encoding'], asked['user-agent']]).toEqual(['br', 'mine/1']);
});
