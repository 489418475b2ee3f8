import { describe, expect, test } from 'bun:test';
import {
  anthropicErrorType,
  errorBody,
  type ErrorFacts,
  type ErrorShape,
  errorShapeOf,
  googleStatus,
} from '../../../src/protocols/error-body.ts';

const FACTS: ErrorFacts = {
  status: 404,
  message: 'no such model',
  type: 'invalid_request_error',
  code: 'model_not_found',
  param: 'model',
  requestId: 'req_1',
};

function read(shape: ErrorShape): unknown {
  return JSON.parse(errorBody(shape, FACTS));
}

describe('the body of an error', () => {
  test("OpenAI's has message, type, param and code", () => {
    expect(read('openai')).toEqual({
      error: {
        message: 'no such model',
        type: 'invalid_request_error',
        param: 'model',
        code: 'model_not_found',
      },
    });
  });

  test("Anthropic's has its own type, and the request's id beside the error", () => {
    expect(read('anthropic')).toEqual({
      type: 'error',
      error: {
        type: 'not_found_error',
        message: 'no such model',
        param: 'model',
        code: 'model_not_found',
      },
      request_id: 'req_1',
    });
  });

  test('tells the libraries of Anthropic to go on without a thread where that is what stands in the way', () => {
    const unthreaded = JSON.parse(errorBody('anthropic', { ...FACTS, status: 400, param: 'thread' }));
    expect(unthreaded).toMatchObject({
      error: { details: { error_code: 'thread_unsupported_request', unsupported: ['thread'] } },
    });
  });

  test("Google's has the status as a number and as a word, and the code as its reason", () => {
    expect(read('gemini')).toEqual({
      error: {
        code: 404,
        message: 'no such model',
        status: 'NOT_FOUND',
        details: [
          {
            '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
            reason: 'model_not_found',
            domain: 'llm-proxy',
          },
        ],
      },
    });
  });

  test('every status has a word in both vocabularies', () => {
    expect([400, 401, 403, 404, 405, 413, 422, 429, 500, 502, 503, 504, 529].map(anthropicErrorType)).toEqual(
      [
        'invalid_request_error',
        'authentication_error',
        'permission_error',
        'not_found_error',
        'invalid_request_error',
        'request_too_large',
        'invalid_request_error',
        'rate_limit_error',
        'api_error',
        'api_error',
        'overloaded_error',
        'timeout_error',
        'overloaded_error',
      ],
    );
    expect([400, 401, 403, 404, 413, 422, 429, 500, 502, 503, 504].map(googleStatus)).toEqual([
      'INVALID_ARGUMENT',
      'UNAUTHENTICATED',
      'PERMISSION_DENIED',
      'NOT_FOUND',
      'INVALID_ARGUMENT',
      'INVALID_ARGUMENT',
      'RESOURCE_EXHAUSTED',
      'INTERNAL',
      'UNAVAILABLE',
      'UNAVAILABLE',
      'DEADLINE_EXCEEDED',
    ]);
  });
});

describe('the shape that a client reads', () => {
  const shapes: readonly (readonly [ErrorShape, string, Record<string, string>?])[] = [
    ['openai', '/v1/chat/completions'],
    ['openai', '/chat/completions', { 'anthropic-version': '2023-06-01' }],
    ['openai', '/v1/responses'],
    ['openai', '/v1/files'],
    ['openai', '/v1/threads/thread_1/messages'],
    ['openai', '/v1/chat/completions/chatcmpl-1/messages'],
    ['openai', '/v1beta/openai/chat/completions'],
    ['openai', '/v1beta/openai/files'],
    ['openai', '/v1/models/qwen3:8b'],
    ['openai', '/nonsense'],
    ['anthropic', '/v1/messages'],
    ['anthropic', '/messages'],
    ['anthropic', '/v1/messages/count_tokens'],
    ['anthropic', '/v1/messages/batches/b_1/results'],
    ['anthropic', '/anthropic/messages'],
    ['anthropic', '/v1/models', { 'anthropic-version': '2023-06-01' }],
    ['anthropic', '/v1/files', { 'anthropic-version': '2023-06-01' }],
    ['gemini', '/v1beta/models/gemini-x:generateContent'],
    ['gemini', '/v1/models/gemini-x:streamGenerateContent'],
    ['gemini', '/v1beta/files'],
    ['gemini', '/v1/models', { 'x-goog-api-key': 'k' }],
  ];

  for (const [shape, path, headers] of shapes) {
    const sent = headers === undefined ? '' : ` with ${Object.keys(headers).join()}`;
    test(`is ${shape} on ${path}${sent}`, () => {
      expect(errorShapeOf(path, new Headers(headers))).toBe(shape);
    });
  }
});
