import { expect, test } from 'bun:test';
import type { UpstreamTarget } from '../../../src/gateway/ports.ts';
import { upstreamFields } from '../../../src/upstream/headers.ts';
import { snapshotOf } from '../config/configuration.ts';
import { request } from './scene.ts';

const TARGET: UpstreamTarget = {
  api: 'messages',
  operation: 'generate',
  carriage: undefined,
  model: 'm',
  isStream: true,
  body: 'translated',
};

const OWN = {
  'anthropic-version': '2023-01-01',
  'anthropic-beta': 'context-1m-2025-08-07,interleaved-thinking-2025-05-14',
  'openai-beta': 'x',
  'x-stainless-lang': 'js',
  'x-goog-api-client': 'x',
  'x-amz-meta': 'x',
  'x-api-key': 'of-the-client',
  'accept-language': 'de',
  'accept-encoding': 'gzip',
  accept: 'application/json',
  'content-type': 'text/plain',
  'content-language': 'de',
  'x-own': 'yes',
  'user-agent': 'client/1',
};

function fieldsOf(
  settings: string,
  target: Partial<UpstreamTarget> | undefined,
  client: object = OWN,
  path = '/v1/messages',
) {
  const text = `allow_unauthenticated: true\nproviders: [{ name: p, ${settings} }]`;
  const provider = snapshotOf(text).providers.get('p');
  if (provider === undefined) throw new Error('no provider');
  const clientHeaders = new Headers(client as Record<string, string>);
  return {
    ...upstreamFields({
      ...request(9),
      path,
      provider,
      clientHeaders,
      target: target && { ...TARGET, ...target },
    }),
  };
}

test('a translated request carries its own fields, and those of the client that belong to no API', () => {
  expect(fieldsOf('provider_type: anthropic, api_key: k', { betas: 'b-1' })).toEqual({
    'content-type': 'application/json',
    accept: 'text/event-stream',
    'accept-encoding': 'identity',
    'anthropic-version': '2023-06-01',
    'anthropic-beta': 'b-1',
    'x-api-key': 'k',
    'x-own': 'yes',
    'user-agent': 'client/1',
  });
  expect(fieldsOf('provider_type: gemini, api_key: k', { api: 'gemini', isStream: false })).toEqual({
    'content-type': 'application/json',
    accept: 'application/json',
    'accept-encoding': 'identity',
    'x-goog-api-key': 'k',
    'x-own': 'yes',
    'user-agent': 'client/1',
  });
});

test('Claude that is carried has the version in its body, and only the betas that its carrier takes', () => {
  const vertex = fieldsOf('provider_type: vertex, project: p', {
    carriage: 'vertex',
    body: 'carried',
    betas: 'b-1',
  });
  expect(vertex['anthropic-version']).toBeUndefined();
  expect(vertex).toMatchObject({
    'anthropic-beta': 'b-1',
    'content-type': 'application/json',
    'x-stainless-lang': 'js',
  });
  const bedrock = fieldsOf('provider_type: bedrock, region: us-east-1', {
    carriage: 'bedrock',
    body: 'carried',
  });
  expect(bedrock).toMatchObject({
    accept: 'application/vnd.amazon.eventstream',
    'accept-encoding': 'identity',
  });
  for (const name of ['anthropic-version', 'anthropic-beta', 'x-amz-meta'])
    expect(bedrock).not.toHaveProperty(name);
});

test("a client's own fields pass to Anthropic, with a version where it named none", () => {
  const { 'x-api-key': _, ...passing } = OWN;
  expect(fieldsOf('provider_type: anthropic, api_key: k', undefined)).toEqual({
    ...passing,
    'x-api-key': 'k',
  });
  expect(fieldsOf('provider_type: anthropic', undefined, {})['anthropic-version']).toBe('2023-06-01');
  expect(
    fieldsOf('provider_type: anthropic', undefined, {}, '/v1/models')['anthropic-version'],
  ).toBeUndefined();
});

test.each([
  ['drop', undefined],
  ['[context-1m]', 'context-1m-2025-08-07'],
  ['pass', OWN['anthropic-beta']],
])('anthropic_beta: %s lets pass %s', (policy, sent) => {
  expect(fieldsOf(`provider_type: anthropic, anthropic_beta: ${policy}`, undefined)['anthropic-beta']).toBe(
    sent,
  );
});
