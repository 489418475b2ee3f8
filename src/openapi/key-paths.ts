import type { RefusalCode } from '../gateway/refusal-table.ts';
import type { Operation, Parameter, Paths, Schema } from './types.ts';
import { refusalResponses } from './refusal-responses.ts';
import { CLIENT_KEY } from './security-schemes.ts';

const NEEDS_KEY: readonly RefusalCode[] = [
  'missing_api_key',
  'invalid_api_key',
  'key_expired',
  'key_store_unavailable',
];
const FROM_STORE: readonly RefusalCode[] = [...NEEDS_KEY, 'rate_limit_exceeded', 'use_unavailable'];

const shared = { tags: ['Own key'], security: CLIENT_KEY };

/** The paths at which the holder of a key asks about that key. */
export const KEY_PATHS: Paths = {
  '/v1/key': {
    get: {
      ...shared,
      operationId: 'getOwnKey',
      summary: 'The key and its limits',
      description:
        "How the limits of the key and of its user stand, and what it has spent today and this month, in US dollars. With `x-llm-proxy-provider`, the path is the provider's.",
      responses: { '200': answer('The key.', ref('OwnKey')), ...refusalResponses(NEEDS_KEY) },
    },
  },
  '/v1/key/usage': {
    get: {
      ...shared,
      operationId: 'getOwnUsage',
      summary: 'What the key has used',
      description: 'At most 92 days, ten times a minute.',
      parameters: [
        query(
          'group_by',
          'hour, day, week or month, and any of model, end_user, tag:NAME, separated by commas.',
        ),
        query('since', 'A date of the zone, or a time. Left out: the first of this month.'),
        query('until', 'The same, exclusive. Left out: now.'),
        query('timezone', 'The IANA time zone of dates and periods.'),
      ],
      responses: {
        '200': answer('Its use.', { type: 'object' }),
        ...refusalResponses(['invalid_query', ...FROM_STORE]),
      },
    },
  },
  '/v1/key/requests': {
    get: {
      ...shared,
      operationId: 'listOwnRequests',
      summary: 'Past requests of the key',
      description: 'The newest first. A page may be short and have a next one all the same.',
      parameters: [
        query('limit', 'Most requests of a page: 1 to 100. Left out: 20.'),
        query('cursor', 'The next_cursor of the previous page.'),
      ],
      responses: {
        '200': answer('A page.', {
          type: 'object',
          required: ['requests', 'next_cursor'],
          properties: {
            requests: { type: 'array', items: { type: 'object' } },
            next_cursor: { type: ['string', 'null'] },
          },
        }),
        ...refusalResponses(['invalid_query', ...FROM_STORE]),
      },
    },
  },
  '/v1/key/requests/{id}': {
    get: {
      ...shared,
      operationId: 'getOwnRequest',
      summary: 'One request of the key',
      parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
      responses: {
        '200': answer('The request.', { type: 'object' }),
        ...refusalResponses(['request_not_found', ...FROM_STORE]),
      },
    },
  },
  '/v1/key/rotate': {
    post: {
      ...shared,
      operationId: 'rotateOwnKey',
      summary: 'Replace the secret of the key',
      description:
        'For keys with `self_rotate`, in database mode. The same `Idempotency-Key` gets the same secret again for 24 hours.',
      requestBody: {
        required: false,
        content: {
          'application/json': {
            schema: {
              type: 'object',
              properties: {
                grace_seconds: { type: 'integer', minimum: 0 },
                revoke_previous: { const: true },
              },
            },
          },
        },
      },
      responses: {
        '200': answer('The new secret, which is shown this once.', {
          type: 'object',
          properties: {
            key: { type: ['string', 'null'] },
            key_preview: { type: 'string' },
            previous_key_expires_at: { type: ['string', 'null'] },
          },
        }),
        ...refusalResponses(['rotation_not_allowed', 'invalid_query', ...NEEDS_KEY, 'use_unavailable']),
      },
    },
  },
};

function query(name: string, description: string): Parameter {
  return { name, in: 'query', description, schema: { type: 'string' } };
}

function answer(description: string, schema: Schema): Operation['responses'][string] {
  return { description, content: { 'application/json': { schema } } };
}

function ref(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}
