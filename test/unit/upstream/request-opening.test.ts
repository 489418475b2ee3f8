import { expect, test } from 'bun:test';
import { array, assert, constantFrom, property, record } from 'fast-check';
import { PlainFields } from '../../../src/lib/http/fields.ts';
import type { AuthenticatedRequest } from '../../../src/upstream/authenticated-request.ts';
import { openingOf } from '../../../src/upstream/direct/request-opening.ts';
import { snapshotOf } from '../config/configuration.ts';

const { providers } = snapshotOf(`
providers:
  - { name: one, api_base: "http://127.0.0.1:9/v1", api_key: sk-of-one-1234 }
  - { name: two, api_base: "http://127.0.0.1:8/v1", api_key: sk-of-two-1234, provider_type: anthropic }
  - { name: none, api_base: "http://127.0.0.1:9/v1", forward_client_auth: true }
allow_unauthenticated: true`);

const FIELDS = {
  host: 'gateway',
  authorization: 'Bearer mk-of-client-1',
  'content-type': 'application/json',
  'x-a': 'contains mk-of-client-1',
  'x-b': 'contains mk-of-client-2',
  traceparent: '00-of-the-client',
};

const requests = array(
  record({
    provider: constantFrom(...providers.values()),
    method: constantFrom('POST', 'PUT'),
    path: constantFrom('/v1/chat/completions', '/v1/messages'),
    search: constantFrom('', '?beta=true'),
    model: constantFrom('a', 'b', undefined),
    contentType: constantFrom('application/json', undefined),
    withheld: constantFrom([], ['mk-of-client-1'], ['mk-of-client-2'], ['mk-of-client-1', 'mk-of-client-2']),
    clientCredentials: constantFrom([], [['authorization', 'Bearer sk-of-client']] as const),
    traceContext: constantFrom(undefined, [['traceparent', '00-of-the-gateway']] as const),
    authentication: constantFrom(undefined, { authorization: 'Bearer token' }),
  }),
  { minLength: 1, maxLength: 12 },
);

test('an opening is the same whether it was remembered or not, for any sequence of requests', () =>
  assert(
    property(requests, (sequence) => {
      const plain = new PlainFields(FIELDS);
      for (const { authentication, ...asked } of sequence) {
        const request: Omit<AuthenticatedRequest, 'clientHeaders'> = {
          ...asked,
          ...(authentication !== undefined && { authentication }),
          body: undefined,
          cancellation: { isCancelled: false, onCancel: undefined },
          onConnectTimeout: () => undefined,
        };
        const linesOf = (opening: ReturnType<typeof openingOf>): unknown => ({
          target: opening?.target,
          lines: opening?.text.split('\r\n').sort(),
        });
        expect(linesOf(openingOf({ ...request, clientHeaders: plain }))).toEqual(
          linesOf(openingOf({ ...request, clientHeaders: new Headers(FIELDS) })),
        );
      }
    }),
    { numRuns: 500 },
  ));

test('fields that differ only in their length have one opening', () => {
  const provider = providers.get('one');
  if (provider === undefined) throw new Error('no provider');
  const opening = (length: string): ReturnType<typeof openingOf> =>
    openingOf({
      provider,
      method: 'POST',
      path: '/v1/chat/completions',
      search: '',
      clientHeaders: new PlainFields(FIELDS, length),
      clientCredentials: [],
      body: undefined,
      cancellation: { isCancelled: false, onCancel: undefined },
      onConnectTimeout: () => undefined,
    });
  const first = opening('1');
  expect(opening('22')).toBe(first as NonNullable<typeof first>);
  expect(first?.text).not.toContain('content-length');
});
