import type { RefusalCode } from '../gateway/refusal-table.ts';
import type { Operation, PathItem, Paths, Response, Schema } from './types.ts';
import { KEY_PATHS } from './key-paths.ts';
import { refusalResponses } from './refusal-responses.ts';
import { CLIENT_KEY, CLIENT_KEY_OR_NONE, METRICS_TOKEN_OR_NONE } from './security-schemes.ts';

/** The groups of the gateway's own endpoints, in the order of the page. */
export const OWN_TAGS = {
  'Model list': 'The models that a key may use.',
  'Own key': 'What the holder of a key may know about it.',
  Health: 'Whether the gateway is alive, and whether its providers are.',
  Metrics: 'For Prometheus.',
  Documentation: 'This page, and the document that it is made from.',
} as const;

const NEEDS_KEY: readonly RefusalCode[] = [
  'missing_api_key',
  'invalid_api_key',
  'key_expired',
  'key_store_unavailable',
];

/** The paths that the gateway answers itself. */
export function ownPaths(options: { readonly hasMetrics: boolean }): Paths {
  return {
    ...MODEL_LIST,
    ...KEY_PATHS,
    ...HEALTH,
    ...HELLO,
    ...(options.hasMetrics && METRICS),
    ...DOCUMENTATION,
  };
}

const MODEL_LIST: Paths = {
  '/v1/models': reading({
    operationId: 'listModels',
    tags: ['Model list'],
    summary: 'List models',
    description:
      'Those that the key may use, sorted by name: of the configuration, and of patterns and open providers what the providers list. A client of Anthropic (`anthropic-version`) or of Google (`x-goog-api-key`, `?key=`, `/v1beta/models`) gets the shape of its API. Whether it needs a key is the setting `public_models`; without one, only configured models are listed.',
    security: CLIENT_KEY_OR_NONE,
    responses: {
      '200': {
        ...json('The models.', {
          type: 'object',
          required: ['object', 'data'],
          properties: { object: { const: 'list' }, data: { type: 'array', items: ref('ModelObject') } },
        }),
        headers: {
          'x-llm-proxy-key-known': {
            description:
              'Whether the key that was sent is known. Missing where none was sent, or none is needed.',
            schema: { enum: ['true', 'false'] },
          },
        },
      },
      ...refusalResponses(NEEDS_KEY),
    },
  }),
  '/v1/models/{id}': reading({
    operationId: 'getModel',
    tags: ['Model list'],
    summary: 'One model',
    description: 'A model that only a pattern serves is found as well.',
    security: CLIENT_KEY_OR_NONE,
    parameters: [
      {
        name: 'id',
        in: 'path',
        required: true,
        description: 'The name of the model; it may have slashes.',
        schema: { type: 'string' },
        example: 'demo',
        'x-segments': 'many',
      },
    ],
    responses: {
      '200': json('The model.', ref('ModelObject')),
      ...refusalResponses([...NEEDS_KEY, 'model_not_found']),
    },
  }),
};

const health = { tags: ['Health'], security: [] };

const HEALTH: Paths = {
  '/health': reading({
    ...health,
    operationId: 'getHealth',
    summary: 'Health',
    description: 'State, version, uptime, number of providers. No provider is asked.',
    responses: { '200': json('It is up.', ref('Health')) },
  }),
  '/health/detailed': reading({
    ...health,
    operationId: 'getDetailedHealth',
    summary: 'Health of every provider',
    description: 'Tests them. One test answers everybody who asks within ten seconds.',
    security: CLIENT_KEY,
    parameters: [
      {
        name: 'probe',
        in: 'query',
        description:
          '`models` asks each provider for its models, which is free; `chat` asks each model for one token. Default: `health.probe` says.',
        schema: { enum: ['models', 'chat'] },
      },
    ],
    responses: { '200': json('What was found.', ref('DetailedHealth')), ...refusalResponses(NEEDS_KEY) },
  }),
  '/healthz': reading({
    ...health,
    operationId: 'getLiveness',
    summary: 'Liveness',
    description: 'Whether it is alive, in a word.',
    responses: { '200': plain('`ok`') },
  }),
  '/readyz': reading({
    ...health,
    operationId: 'getReadiness',
    summary: 'Readiness',
    description: 'Whether it takes requests, for load balancers.',
    responses: { '200': plain('`ready`'), '503': plain('`draining`: it is shutting down.') },
  }),
};

const HELLO: Paths = {
  '/': reading({
    ...health,
    operationId: 'getRoot',
    summary: 'Hello',
    description: 'A browser is led to `/docs`, everybody else gets a word and where to go on.',
    responses: { '200': json('A word.', helloSchema()), '302': { description: 'To `/docs`.' } },
  }),
  '/api/hello': reading({
    ...health,
    operationId: 'getHello',
    summary: 'Hello to Claude Code',
    description: 'Claude Code asks for it to see whether its API is there.',
    responses: { '200': json('A word.', helloSchema()) },
  }),
};

function helloSchema(): Schema {
  return { type: 'object', required: ['message'], properties: { message: { const: 'llm-proxy' } } };
}

const METRICS: Paths = {
  '/metrics': reading({
    operationId: 'getMetrics',
    tags: ['Metrics'],
    summary: 'Metrics',
    security: METRICS_TOKEN_OR_NONE,
    responses: { '200': plain('The metrics.'), ...refusalResponses(['invalid_metrics_token']) },
  }),
};

const documentation = { tags: ['Documentation'], security: [] };

const DOCUMENTATION: Paths = {
  '/openapi.json': reading({
    ...documentation,
    operationId: 'getOpenApi',
    summary: 'OpenAPI document',
    description: 'What this page is made from, in OpenAPI 3.1.',
    responses: { '200': json('The document.', { type: 'object' }) },
  }),
  '/docs': reading({
    ...documentation,
    operationId: 'getDocs',
    summary: 'This page',
    responses: { '200': { description: 'The page.', content: { 'text/html': { schema: text() } } } },
  }),
};

function reading(get: Operation): PathItem {
  return { get };
}

function json(description: string, schema: Schema): Response {
  return { description, content: { 'application/json': { schema } } };
}

function plain(description: string): Response {
  return { description, content: { 'text/plain': { schema: text() } } };
}

function text(): Schema {
  return { type: 'string' };
}

function ref(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}
