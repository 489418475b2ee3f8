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
        'Returns the state of the limits of the key and its user, and the spending of the key today and this month, in US dollars. With the header `x-llm-proxy-provider`, the request goes to that provider instead.',
      responses: { '200': answer('The key.', ref('OwnKey')), ...refusalResponses(NEEDS_KEY) },
    },
  },
  '/v1/key/usage': {
    get: {
      ...shared,
      operationId: 'getOwnUsage',
      summary: 'Usage of the key',
      description: 'Covers at most 92 days. Limited to ten requests per minute.',
      parameters: [
        query(
          'group_by',
          'Dimensions to group by, separated by commas: one of hour, day, week and month, and any of model, end_user and tag:NAME.',
        ),
        query(
          'since',
          'Start of the period: a date in the time zone, or a time. Default: the first of this month.',
        ),
        query('until', 'End of the period, exclusive, in the same format. Default: now.'),
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
      description: 'Lists requests, newest first. A page may be short even if another page follows.',
      parameters: [
        query('limit', 'Maximum number of requests per page, from 1 to 100. Default: 20.'),
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
        'Available for keys with `self_rotate` in database mode. Requests with the same `Idempotency-Key` get the same secret for 24 hours.',
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
        '200': answer('The new secret, which is shown only once.', {
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
