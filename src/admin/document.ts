import type { z } from 'zod';
import type {
  OpenApiDocument,
  Operation as Described,
  Parameter,
  PathItem,
  Response,
  Schema,
} from '../openapi/types.ts';
import { createOpenApiSchemas, type OpenApiSchemas } from '../openapi/schemas.ts';
import type { Operation, OperationTag } from './operation.ts';
import { RESOURCE_KINDS } from '../store/resource-kinds.ts';
import { accessOf } from './access/role.ts';
import { ADMIN_KINDS, BASE, OPERATIONS } from './operations.ts';
import { PROBLEMS } from './problem.ts';

/** The OpenAPI document of the Admin API, generated from the schemas that check its bodies. */
export function adminDocument(version: string): OpenApiDocument {
  const schemas = createOpenApiSchemas();
  const paths: Record<string, PathItem> = {};
  for (const operation of OPERATIONS) {
    const path = `${BASE}${operation.path}`;
    paths[path] = { ...paths[path], [operation.method]: describe(operation, schemas) };
  }
  const tags = TAGS.map(({ name, description }) => ({ name, description }));
  return {
    openapi: '3.1.0',
    info: {
      title: 'llm-proxy Admin API',
      version,
      description: 'Changes the configuration of a gateway while it serves.',
    },
    servers: [{ url: '/' }],
    tags,
    'x-tagGroups': [{ name: 'Admin API', tags: tags.map(({ name }) => name) }],
    paths: { ...paths, [`${BASE}/openapi.json`]: { get: ownDocument() } },
    components: {
      schemas: { ...schemas.components, AdminError: ERROR },
      securitySchemes: {
        adminKey: {
          type: 'http',
          scheme: 'bearer',
          description:
            'The value of `ADMIN_KEY` in the environment of the gateway, or the secret of an account.',
        },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'llm_proxy_session',
          description: 'The cookie of a session; `__Host-llm_proxy_session` over TLS.',
        },
      },
    },
  };
}

const TAGS: readonly { readonly tag: OperationTag; readonly name: string; readonly description: string }[] = [
  ...Object.values(ADMIN_KINDS).map(({ kind }) => {
    const { path: tag, section } = RESOURCE_KINDS[kind];
    return { tag, ...section };
  }),
  {
    tag: 'config',
    name: 'Configuration',
    description: 'The version and history of the configuration, and rollback.',
  },
  {
    tag: 'limits',
    name: 'Limits',
    description: 'The current state of the limits of keys, teams and users.',
  },
  {
    tag: 'requests',
    name: 'Requests and usage',
    description: 'Past requests, with their callers and usage.',
  },
  {
    tag: 'running',
    name: 'Running gateway',
    description: 'Live state of the gateway, and sums over time.',
  },
  {
    tag: 'spend',
    name: 'Spending',
    description: 'Reports, forecast and corrections of the ledger, and the alerts.',
  },
  {
    tag: 'playground',
    name: 'Playground',
    description: 'Requests on behalf of a key, for signed-in callers.',
  },
  {
    tag: 'demo',
    name: 'Demo',
    description: 'Traffic and faults of the demo. Gateways that are not a demo answer 404.',
  },
  {
    tag: 'access',
    name: 'Sign-in',
    description: 'Sessions of the console, and the accounts that may open them.',
  },
];

function tagName(wanted: OperationTag): string {
  return TAGS.find(({ tag }) => tag === wanted)?.name ?? wanted;
}

const SECURITY = [{ adminKey: [] }, { session: [] }];

function ownDocument(): Described {
  return {
    operationId: 'adminReadOpenApi',
    tags: [tagName('config')],
    summary: 'OpenAPI document',
    description: 'The Admin API alone.',
    security: SECURITY,
    responses: {
      '200': {
        description: 'The document.',
        content: { 'application/json': { schema: { type: 'object' } } },
      },
      ...problemResponses([401, 403, 429]),
    },
  };
}

function describe(operation: Operation, schemas: OpenApiSchemas): Described {
  const { id, tag, summary, description, body, textBody, example, status, answer } = operation;
  return {
    // The gateway's API has a listModels as well.
    operationId: `admin${id.charAt(0).toUpperCase()}${id.slice(1)}`,
    tags: [tagName(tag)],
    summary,
    ...(description !== undefined && { description }),
    security: accessOf(operation) === 'public' ? [] : SECURITY,
    parameters: parametersOf(operation, schemas),
    ...(textBody !== undefined && {
      requestBody: {
        required: true,
        content: Object.fromEntries(textBody.types.map((type) => [type, { schema: { type: 'string' } }])),
      },
    }),
    ...(body !== undefined && {
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: schemas.of(body, 'input'),
            ...(example !== undefined && { example }),
          },
        },
      },
    }),
    responses: {
      [String(status)]: {
        description: status === 204 ? 'Done.' : 'The answer.',
        ...(answer !== undefined && {
          content: { [operation.media ?? 'application/json']: { schema: schemas.of(answer, 'output') } },
        }),
      },
      ...problemResponses(statusesOf(operation)),
    },
  };
}

function parametersOf({ path, query, method }: Operation, schemas: OpenApiSchemas): Parameter[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']): Parameter => ({
    name,
    in: 'path',
    required: true,
    schema: { type: name === 'version' ? 'integer' : 'string' },
  }));
  return [
    ...inPath,
    ...(query === undefined ? [] : queryParameters(query, schemas)),
    ...(method === 'get' ? [] : [IF_MATCH]),
    ...(method === 'post' ? [IDEMPOTENCY_KEY] : []),
  ];
}

function queryParameters(query: z.ZodObject, schemas: OpenApiSchemas): Parameter[] {
  const { properties = {} } = schemas.of(query, 'input');
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    ...(description !== undefined && { description }),
    schema,
  }));
}

const IF_MATCH: Parameter = {
  name: 'if-match',
  in: 'header',
  description: 'Writes only if the configuration is at this version; otherwise 412.',
  schema: { type: 'string' },
};

const IDEMPOTENCY_KEY: Parameter = {
  name: 'idempotency-key',
  in: 'header',
  description:
    'Makes the request safe to repeat: within 24 hours, the same caller gets the same answer for the same key and body, and the operation is not repeated.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
};

/** OpenAI's error object with a list of all errors. */
const ERROR: Schema = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['message', 'type', 'param', 'code', 'details'],
      properties: {
        message: { type: 'string' },
        type: { enum: [...new Set(Object.values(PROBLEMS).map(({ type }) => type))] },
        param: { type: ['string', 'null'] },
        code: { enum: Object.keys(PROBLEMS) },
        details: {
          type: 'array',
          description: 'One entry per error.',
          items: {
            type: 'object',
            required: ['path', 'message'],
            properties: { path: { type: 'string' }, message: { type: 'string' } },
          },
        },
      },
    },
  },
};

/** The meaning of each status. */
const MEANINGS: Readonly<Record<number, string>> = {
  400: 'A parameter is invalid, or the body is not JSON.',
  401: 'The admin key is missing or wrong, or the session has ended.',
  403: 'The role does not allow it, or the request comes from a page of another origin.',
  404: 'There is no such thing.',
  409: 'It exists already, or is in use.',
  412: 'The configuration no longer has the version in If-Match.',
  413: 'The body is too large.',
  422: 'Fields are invalid, or the configuration would become invalid.',
  429: 'Too many wrong keys came from this address.',
  503: 'The database is currently unavailable.',
};

function statusesOf({ method, path, query, body, textBody }: Operation): number[] {
  return [
    ...(query !== undefined || method !== 'get' ? [400] : []),
    401,
    403,
    ...(path.includes('{') ? [404] : []),
    ...(method === 'get' ? [] : [409, 412]),
    ...((body ?? textBody) === undefined ? [] : [413]),
    ...(method === 'get' ? [] : [422]),
    429,
    503,
  ];
}

function problemResponses(statuses: readonly number[]): Record<string, Response> {
  return Object.fromEntries(
    statuses.map((status) => [
      String(status),
      {
        description: MEANINGS[status] ?? '',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/AdminError' } } },
      },
    ]),
  );
}
