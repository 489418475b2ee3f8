import { expect, test } from 'bun:test';
import { array, assert, constant, constantFrom, oneof, property, tuple } from 'fast-check';
import { PlainFields } from '../../../src/lib/http/fields.ts';
import type { AuthenticatedRequest } from '../../../src/upstream/authenticated-request.ts';
import { openingOf } from '../../../src/upstream/direct/request-opening.ts';
import { snapshotOf } from '../config/configuration.ts';

const { providers } = snapshotOf(`
providers:
  - { name: one, api_base: "http://127.0.0.1:9/v1", api_key: sk-of-one-1234 }
  - { name: two, api_base: "http://127.0.0.1:8/v1", api_key: sk-of-two-1234, provider_type: anthropic }
  - { name: azure, api_base: "http://127.0.0.1:7", api_key: sk-of-three-1234, provider_type: azure }
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

const CHOICES = {
  provider: [...providers.values()],
  method: ['POST', 'PUT'],
  path: ['/v1/chat/completions', '/v1/messages'],
  search: ['', '?beta=true'],
  azure: [undefined, { deployment: 'a' }, { deployment: 'b' }, { deployment: undefined }],
  model: ['a', 'b', undefined],
  contentType: ['text/plain', undefined],
  withheld: [[], ['mk-of-client-1'], ['mk-of-client-2'], ['mk-of-client-1', 'mk-of-client-2']],
  clientCredentials: [[], [['authorization', 'Bearer sk-of-client']]],
  traceContext: [undefined, [['traceparent', '00-of-the-gateway']]],
  authentication: [undefined, { authorization: 'Bearer token' }],
} as const;

type Asked = { [Name in keyof typeof CHOICES]: (typeof CHOICES)[Name][number] };

/** Changes one member at a time, so that each member is once the only difference to the last request. */
const changes = array(
  oneof(...Object.entries(CHOICES).map(([name, values]) => tuple(constant(name), constantFrom(...values)))),
  { minLength: 1, maxLength: 20 },
);

test('an opening is the same whether it was remembered or not, for any sequence of requests', () =>
  assert(
    property(changes, (sequence) => {
      const plain = new PlainFields(FIELDS);
      const now = Object.fromEntries(
        Object.entries(CHOICES).map(([name, [first]]) => [name, first]),
      ) as Asked;
      for (const [name, value] of sequence) {
        Object.assign(now, { [name]: value });
        const { authentication, ...asked } = now;
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
