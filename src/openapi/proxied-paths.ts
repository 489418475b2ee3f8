import { REFUSALS, type RefusalCode } from '../gateway/refusal-table.ts';
import { ANSWER_HEADER_REFERENCES } from './answer-headers.ts';
import type {
  Content,
  Media,
  Method,
  Operation,
  Parameter,
  PathItem,
  Paths,
  Reference,
  Response,
  Schema,
} from './types.ts';
import { METHODS } from './types.ts';
import { PROXIED, type ProxiedOperation } from './proxied-endpoints.ts';
import { REFUSAL_CODES, refusalResponses } from './refusal-responses.ts';
import { CLIENT_KEY } from './security-schemes.ts';

/** The paths of providers: what the gateway reads and adds, without what is the provider's to document. */
export function proxiedPaths(): Paths {
  const known = Object.entries(PROXIED).map(([path, item]): [string, PathItem] => [
    path,
    Object.fromEntries(Object.entries(item).map(([method, one]) => [method, operationOf(one)])),
  ]);
  return { ...Object.fromEntries(known), '/v1/{path}': anyOther() };
}

const OWN_PATHS_ONLY: ReadonlySet<RefusalCode> = new Set([
  'invalid_metrics_token',
  'path_not_found',
  'method_not_allowed',
]);

/** The reasons for refusing a proxied request. */
const PROXIED_REFUSALS: readonly RefusalCode[] = REFUSAL_CODES.filter((code) => !OWN_PATHS_ONLY.has(code));

function operationOf(operation: ProxiedOperation): Operation {
  const { id, tag, summary, reference, body, streams } = operation;
  return {
    operationId: id,
    tags: [tag],
    summary,
    description: PASSED[body],
    ...(reference !== undefined && {
      externalDocs: { url: reference, description: 'All fields, and the answer' },
    }),
    security: CLIENT_KEY,
    parameters: [providerHeader(tag === 'Files and batches')],
    ...(body !== 'none' && { requestBody: { required: true, content: contentOf(operation) } }),
    responses: responses(streams),
  };
}

const PASSED = {
  json: "The body passes byte for byte; only the name of the model becomes the route's, and a stream is asked for its token usage.",
  form: "The form passes byte for byte; only the name of the model becomes the route's.",
  none: 'The request passes as it is.',
} as const;

function contentOf({ body, streams, examples, model = 'demo', tag }: ProxiedOperation): Content {
  if (body === 'form') return { 'multipart/form-data': { schema: FORM } };
  const isModelless = tag === 'Files and batches';
  const values = Object.entries(examples).map(([summary, fields]): [string, { value: unknown }] => [
    summary,
    { value: isModelless ? fields : { model, ...fields } },
  ]);
  const media: Media = {
    schema: isModelless ? ANY_OBJECT : { $ref: `#/components/schemas/${streams ? 'Streamable' : 'Request'}` },
    ...(values.length > 0 && { examples: Object.fromEntries(values) }),
  };
  return { 'application/json': media };
}

const MODEL: Schema = {
  type: 'string',
  minLength: 1,
  description: 'A model of this gateway; `GET /v1/models` lists those that the key may use.',
};
const REST = "Every other field is the provider's, and passes as it is.";

const ANY_OBJECT: Schema = { type: 'object', additionalProperties: true, description: REST };

const FORM: Schema = {
  type: 'object',
  additionalProperties: true,
  description: REST,
  properties: { model: MODEL, file: { type: 'string', format: 'binary' } },
};

/** The fields of a body that the gateway reads. */
export const REQUEST_SCHEMAS: Readonly<Record<string, Schema>> = {
  Request: {
    type: 'object',
    required: ['model'],
    additionalProperties: true,
    description: REST,
    properties: { model: MODEL },
  },
  Streamable: {
    type: 'object',
    required: ['model'],
    additionalProperties: true,
    description: REST,
    properties: {
      model: MODEL,
      stream: {
        type: 'boolean',
        default: false,
        description: 'Whether the answer comes as server-sent events, as it is made.',
      },
      stream_options: {
        type: 'object',
        additionalProperties: true,
        properties: {
          include_usage: {
            type: 'boolean',
            description:
              'Whether the stream ends with its token usage. Default: the gateway asks for it, and keeps that event to itself.',
          },
        },
      },
    },
  },
};

function responses(streams: boolean): Operation['responses'] {
  const statuses = [...new Set(PROXIED_REFUSALS.map((code) => String(REFUSALS[code].status)))];
  return {
    '200': responseNamed(streams ? 'AnswerOrStream' : 'Answer'),
    ...Object.fromEntries(statuses.map((status) => [status, responseNamed(`Refused${status}`)])),
    default: responseNamed('ProviderError'),
  };
}

function responseNamed(name: string): Reference {
  return { $ref: `#/components/responses/${name}` };
}

/** The responses of proxied requests, by the names in the operations. */
export function proxiedResponses(): Record<string, Response> {
  const description = "The provider's answer, as it is.";
  const headers = ANSWER_HEADER_REFERENCES;
  const json = { 'application/json': { schema: {} } };
  const refusals = Object.entries(refusalResponses(PROXIED_REFUSALS));
  return {
    Answer: { description, headers, content: json },
    AnswerOrStream: {
      description,
      headers,
      content: { ...json, 'text/event-stream': { schema: { type: 'string' } } },
    },
    ProviderError: { description: 'An error of the last provider that was tried, as it is.', headers },
    ...Object.fromEntries(refusals.map(([status, response]) => [`Refused${status}`, response])),
  };
}

function providerHeader(isNeeded: boolean): Parameter {
  return {
    name: 'x-llm-proxy-provider',
    in: 'header',
    ...(isNeeded && { required: true }),
    description: isNeeded
      ? 'A provider, or a model whose provider is meant. A provider only for keys that may use every model.'
      : 'Where the body names no model: a provider or a model. A provider only for keys that may use every model.',
    schema: { type: 'string' },
  };
}

const PATH: Parameter = {
  name: 'path',
  in: 'path',
  required: true,
  description: 'The rest of the path, slashes included.',
  schema: { type: 'string' },
  example: 'files/file-1/content',
  'x-segments': 'many',
};

function anyOther(): PathItem {
  return Object.fromEntries(METHODS.map((method) => [method, otherOperation(method)]));
}

function otherOperation(method: Method): Operation {
  const takesBody = method !== 'get' && method !== 'delete';
  return {
    operationId: `${method}AnyOther`,
    tags: ['Any other path'],
    summary: `${method.toUpperCase()} to a provider`,
    description: takesBody ? PASSED.json : PASSED.none,
    security: CLIENT_KEY,
    parameters: [PATH, providerHeader(false)],
    ...(takesBody && {
      requestBody: { required: false, content: { 'application/json': { schema: ANY_OBJECT } } },
    }),
    responses: responses(true),
  };
}
