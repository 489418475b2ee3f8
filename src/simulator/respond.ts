import { type Answer, errorAnswer } from './answer.ts';
import { badRequest, type Dialect, Refused } from './api-error.ts';
import { type Call, type Form, idOf } from './call.ts';
import { modelInPath, type Root } from './endpoint-path.ts';
import type { Endpoint } from './endpoint-shape.ts';
import { findEndpoint } from './endpoint.ts';
import type { FaultMemory } from './fault-memory.ts';
import { type FaultSpec, optionsOf, optionsOfSpec, playFaults } from './fault-spec.ts';
import type { HttpRequest } from './http/request-reader.ts';
import { isObject, type Json, type JsonObject, stringOf } from './json.ts';
import type { AnswerOptions } from './answer-options.ts';
import type { Vocabulary } from './words.ts';

/** The simulated provider: the simulator's settings in effect. */
export interface Provider {
  readonly seed: number;
  readonly apiKey: string | undefined;
  /** Whether the simulated OpenAI and Anthropic APIs refuse everything that the real ones refuse. */
  readonly isStrict: boolean;
  readonly models: readonly string[];
  readonly options: AnswerOptions;
  readonly vocabulary: Vocabulary;
  readonly memory: FaultMemory;
}

/** An answer, and what to record about it. */
export interface Response {
  readonly answer: Answer;
  readonly model: string | undefined;
  readonly fault: string;
}

/** Chooses the answer to a request. Never throws for anything that a client can send. */
export function respond(request: HttpRequest, provider: Provider): Response | Promise<Response> {
  const target = findEndpoint(request.method, request.path);
  if (!isAuthorized(request, provider.apiKey)) {
    const { dialect = 'openai', root } = target.kind === 'endpoint' ? target.endpoint : {};
    return refusal(unauthorized(dialect, root), dialect);
  }
  if (target.kind === 'unknown') return unknownTarget(request, target.allowed);
  const { endpoint } = target;
  if (!isForm(request)) return answerCall({ request, endpoint, provider, form: undefined });
  return readForm(request).then(
    (form) => answerCall({ request, endpoint, provider, form }),
    () => refusal(badRequest('The form could not be parsed.'), endpoint.dialect),
  );
}

/** Whether a request has the key in any of the places that providers accept. With AWS, the key signs the request. */
export function isAuthorized({ headers, target }: HttpRequest, apiKey: string | undefined): boolean {
  if (apiKey === undefined) return true;
  const authorization = headers['authorization'] ?? '';
  const keys = [
    headers['x-api-key'],
    headers['api-key'],
    headers['x-goog-api-key'],
    queryOf(target).get('key'),
  ];
  return (
    authorization === `Bearer ${apiKey}` ||
    authorization.startsWith(`AWS4-HMAC-SHA256 Credential=${apiKey}/`) ||
    keys.includes(apiKey)
  );
}

/** Each provider's answer to a wrong key. Google's Gemini API answers 400, AWS 403. */
function unauthorized(dialect: Dialect, root: Root | undefined): Refused {
  if (dialect === 'bedrock') {
    const message = 'The security token included in the request is invalid.';
    return badRequest(message, 'unrecognized_client', 403);
  }
  if (root === 'google')
    return badRequest('API key not valid. Please pass a valid API key.', 'invalid_api_key', 400);
  return badRequest('Incorrect API key provided.', 'invalid_api_key', 401);
}

const NO_QUERY = new URLSearchParams();

function queryOf(target: string): URLSearchParams {
  const at = target.indexOf('?');
  return at === -1 ? NO_QUERY : new URLSearchParams(target.slice(at));
}

function unknownTarget({ method, target }: HttpRequest, allowed: readonly string[]): Response {
  const [message, code, status] =
    allowed.length > 0
      ? ([
          `${method} is not allowed for ${target}, only ${allowed.join(' and ')}.`,
          'method_not_supported',
          405,
        ] as const)
      : ([`Invalid URL (${method} ${target})`, 'unknown_url', 404] as const);
  return refusal(badRequest(message, code, status), 'openai');
}

function refusal({ error }: Refused, dialect: Dialect, model?: string): Response {
  return { answer: errorAnswer(error, dialect), model, fault: 'ok' };
}

function isForm({ headers }: HttpRequest): boolean {
  return headers['content-type']?.startsWith('multipart/form-data') === true;
}

function readForm({ headers, body }: HttpRequest): Promise<Form> {
  // The view is of a Buffer, whose memory is never shared.
  const bytes = body as Uint8Array<ArrayBuffer>;
  return new globalThis.Response(bytes, {
    headers: { 'content-type': headers['content-type'] ?? '' },
  }).formData();
}

interface Job {
  readonly request: HttpRequest;
  readonly endpoint: Endpoint;
  readonly provider: Provider;
  readonly form: Form | undefined;
}

function answerCall(job: Job): Response {
  const { request, endpoint, provider, form } = job;
  let model: string | undefined;
  try {
    const body = form === undefined ? readJson(request, endpoint) : {};
    model = modelInPath(endpoint, request.path) ?? modelOf(body, form);
    const spec = provider.memory.choose(model ?? '', request.headers['x-mock-fault']);
    const call = callOf(job, { body, model: model ?? '', spec });
    if (provider.isStrict || endpoint.checked === 'always') endpoint.check?.(call);
    const answer = playFaults(spec, withOptions(endpoint.answer(call, provider.models), call.options));
    return { answer: withId(answer, call), model, fault: spec.name };
  } catch (error) {
    if (error instanceof Refused) return refusal(error, endpoint.dialect, model);
    throw error;
  }
}

function readJson({ method, body }: HttpRequest, { hasBody }: Endpoint): JsonObject {
  if (method !== 'POST' || (hasBody === false && body.length === 0)) return {};
  try {
    const json = JSON.parse(body.toString()) as Json;
    if (isObject(json)) return json;
  } catch {
    // Reported below: in any case it is not a JSON object.
  }
  throw badRequest('We could not parse the JSON body of your request.');
}

function modelOf(body: JsonObject, form: Form | undefined): string | undefined {
  const field = form?.get('model');
  return stringOf(body['model']) ?? (typeof field === 'string' ? field : undefined);
}

function callOf(
  { request, endpoint, provider, form }: Job,
  asked: { body: JsonObject; model: string; spec: FaultSpec },
): Call {
  const { body, model, spec } = asked;
  const query = queryOf(request.target);
  return {
    path: request.path,
    query,
    headers: request.headers,
    bytes: request.body,
    body,
    form,
    model,
    isStream:
      endpoint.streams ??
      (body['stream'] === true || form?.get('stream') === 'true' || query.get('stream') === 'true'),
    fingerprint: Bun.hash.crc32(request.body, provider.seed) >>> 0,
    options: { ...provider.options, ...optionsOfSpec(spec), ...optionsOfHeaders(request) },
    vocabulary: provider.vocabulary,
  };
}

function optionsOfHeaders({ headers }: HttpRequest): Partial<AnswerOptions> {
  const given = new URLSearchParams();
  for (const key of ['words', 'pace', 'latency']) {
    const value = headers[`x-mock-${key}`];
    if (value !== undefined) given.set(key, value);
  }
  return given.size === 0 ? NO_OPTIONS : optionsOf(given);
}

const NO_OPTIONS: Partial<AnswerOptions> = {};

/** The request-id headers that some clients expect instead of the usual one. */
const ID_HEADERS: Partial<Record<Dialect, string>> = { anthropic: 'Request-Id', bedrock: 'x-amzn-RequestId' };

function withId(answer: Answer, call: Call): Answer {
  const name = ID_HEADERS[answer.dialect] ?? 'X-Request-Id';
  return { ...answer, headers: [...answer.headers, [name, idOf(call, 'req_')]] };
}

function withOptions(answer: Answer, { latencyMs, paceMs }: AnswerOptions): Answer {
  if (latencyMs === 0 && paceMs === 0) return answer;
  return { ...answer, paceMs, lead: latencyMs > 0 ? [{ kind: 'wait', ms: latencyMs }] : [] };
}
