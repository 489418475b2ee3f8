import { describe, expect, test } from 'bun:test';
import { type RefusalCode, REFUSALS } from '../../../src/gateway/refusal-table.ts';
import { Refusal } from '../../../src/gateway/refusals.ts';

/** Clients rely on these: a code keeps its status and its type. Add every new code here. */
const CONTRACT: Readonly<Record<string, readonly [status: number, type: string]>> = {
  missing_api_key: [401, 'authentication_error'],
  invalid_api_key: [401, 'authentication_error'],
  key_expired: [401, 'authentication_error'],
  foreign_origin: [403, 'permission_error'],
  foreign_host: [403, 'permission_error'],
  model_not_allowed: [403, 'permission_error'],
  path_not_allowed: [403, 'permission_error'],
  object_not_found: [404, 'invalid_request_error'],
  model_not_found: [404, 'invalid_request_error'],
  provider_not_found: [404, 'invalid_request_error'],
  path_not_found: [404, 'invalid_request_error'],
  method_not_allowed: [405, 'invalid_request_error'],
  invalid_path: [400, 'invalid_request_error'],
  invalid_body: [400, 'invalid_request_error'],
  missing_model: [400, 'invalid_request_error'],
  body_too_large: [413, 'invalid_request_error'],
  body_timeout: [408, 'invalid_request_error'],
  websocket_not_supported: [426, 'invalid_request_error'],
  too_many_websockets: [429, 'rate_limit_error'],
  model_elsewhere: [409, 'invalid_request_error'],
  upstream_refused_websocket: [502, 'upstream_error'],
  rate_limit_exceeded: [429, 'rate_limit_error'],
  upstream_unreachable: [502, 'upstream_error'],
  upstream_invalid: [502, 'upstream_error'],
  upstream_timeout: [504, 'upstream_error'],
  upstream_truncated: [502, 'upstream_error'],
  no_route: [503, 'upstream_error'],
  internal_error: [500, 'server_error'],
};

/** RFC 9111 §5.2.1.7 prescribes 504, although the client is the one that accepts nothing but a cached answer. */
const PRESCRIBED: Readonly<Record<string, number>> = { not_cached: 504 };

const CODES = Object.keys(REFUSALS) as RefusalCode[];

describe('every refusal', () => {
  test('that clients know keeps its status and its type', () => {
    for (const [code, [status, type]] of Object.entries(CONTRACT))
      expect({ code, ...REFUSALS[code as RefusalCode] }).toMatchObject({ code, status, type });
  });

  for (const code of CODES) {
    const { status, type, fault, message } = REFUSALS[code];

    test(`${code} has a status that fits whose fault it is`, () => {
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(600);
      if (code in PRESCRIBED) expect([fault, status as number]).toEqual(['client', PRESCRIBED[code] ?? 0]);
      else expect(fault === 'client').toBe(status < 500);
      expect(type).toMatch(/^[a-z]+(_[a-z]+)*_(?:error|quota)$/);
    });

    test(`${code} is answered in OpenAI's shape, with every blank filled in`, () => {
      const blanks = [...message.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
      const refusal = new Refusal(code, Object.fromEntries(blanks.map((name) => [name, `<${name}>`])));
      const { error } = JSON.parse(refusal.body()) as { error: Record<string, unknown> };
      expect(Object.keys(error)).toEqual(['message', 'type', 'param', 'code']);
      expect(error).toMatchObject({ type, code, param: null });
      expect(error['message']).not.toMatch(/[{}]/);
      for (const name of blanks) expect(error['message']).toContain(`<${name}>`);
      expect([refusal.code, refusal.status]).toEqual([code, status]);
    });

    test(`${code} is told in whole sentences`, () => {
      if (message === '{problem}') return;
      expect(message).toMatch(/^[A-Z{x]/);
      expect(message).toMatch(/[.}]$/);
    });
  }
});

describe('a message says what is wrong, where, and what to do:', () => {
  const says: [code: RefusalCode, values: Record<string, string>, ...parts: string[]][] = [
    ['missing_api_key', {}, 'Authorization: Bearer', 'x-api-key', 'api-key'],
    ['invalid_api_key', { hint: 'Copy it again.' }, 'not valid', 'again'],
    ['key_expired', { key: 'app', time: '2027-03-31T00:00:00Z' }, '"app"', '2027-03-31', 'new one'],
    ['model_not_allowed', { key: 'team', model: 'gpt' }, '"team"', '"gpt"'],
    ['model_not_found', { model: 'gpt' }, '"gpt"', 'GET /v1/models'],
    ['provider_not_found', { provider: 'nobody' }, 'x-llm-proxy-provider', '"nobody"'],
    ['path_not_found', { path: '/x' }, '/x', '/v1/chat/completions'],
    ['method_not_allowed', { path: '/health', method: 'PUT', allowed: 'GET' }, '/health', 'GET', 'PUT'],
    ['missing_model', {}, '"model"', 'x-llm-proxy-provider'],
    ['body_too_large', { limit: '64 MB' }, '64 MB', 'max_body_mb'],
    ['body_timeout', { seconds: '300' }, '300 s'],
    ['upstream_unreachable', { model: 'gpt', reason: 'dns' }, '"gpt"', 'dns'],
    ['upstream_timeout', { model: 'gpt', reason: 'first-byte' }, '"gpt"', 'first-byte'],
    ['internal_error', { request: 'req_1' }, 'bug', 'req_1'],
  ];
  for (const [code, values, ...parts] of says) {
    test(code, () => {
      for (const part of parts) expect(new Refusal(code, values).message).toContain(part);
    });
  }
});

test("only the beginning of a client's long string is repeated", () => {
  const { message } = new Refusal('model_not_found', { model: 'm'.repeat(100_000) });
  expect(message.length).toBeLessThan(400);
  expect(message).toContain(`${'m'.repeat(200)}…`);
});

test('a string of a client is text and fills no blanks of its own', () => {
  const { message } = new Refusal('model_not_allowed', { key: '{model}', model: '$&' });
  expect(message).toBe('The key "{model}" may not use the model "$&".');
  expect(JSON.parse(new Refusal('model_not_found', { model: '"\n\u2028' }).body())).toHaveProperty(
    'error.code',
  );
});

test('the parameter at fault and further header fields travel with it', () => {
  const refusal = new Refusal('missing_model', {}, { param: 'model', headers: { 'retry-after': '1' } });
  expect(JSON.parse(refusal.body())).toHaveProperty('error.param', 'model');
  expect(refusal.headers).toEqual({ 'retry-after': '1' });
});
