import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { connect } from 'node:net';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { chat, startGateway, type TestGateway } from './gateway.ts';

let simulator: Simulator;
let gateway: TestGateway;

beforeAll(async () => {
  simulator = await startSimulator();
  gateway = startGateway(`
providers: [{ name: a, api_base: "${simulator.url}" }, { name: b, api_base: "${simulator.url}" }]
master_keys:
  - { name: all, key: mk-all }
  - { name: some, key: mk-some, allowed_models: ["allowed-*", "exact"] }
  - { name: gone, key: mk-gone, enabled: false }
models:
  known: { routes: [{ provider: a, model: m }] }
  allowed-1: { routes: [{ provider: a, model: m }] }
  exact: { routes: [{ provider: a, model: m }] }
  off: { enabled: false, routes: [{ provider: a, model: m }] }
max_body_mb: 1`);
});

afterAll(async () => {
  await gateway.stop();
  await simulator.stop();
});

interface Refused {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly param: string | null;
  readonly headers: Headers;
}

async function refused(path: string, init: RequestInit, key = 'mk-all'): Promise<Refused> {
  const before = simulator.attempts.length;
  const response = await fetch(`${gateway.url}${path}`, {
    ...init,
    headers: {
      'content-type': 'application/json',
      ...(key !== '' && { authorization: `Bearer ${key}` }),
      ...(init.headers as Record<string, string>),
    },
  });
  expect(response.headers.get('content-type')).toStartWith('application/json');
  const { error } = (await response.json()) as { error: Refused & { type: string } };
  expect(error.type).toBeString();
  expect(simulator.attempts.length).toBe(before);
  return { ...error, status: response.status, headers: response.headers };
}

const post = (body: string | ReadableStream): RequestInit => ({ method: 'POST', body });
const COMPLETIONS = '/v1/chat/completions';

describe('a bad request gets a clear error and never reaches a provider:', () => {
  const cases: [what: string, body: string, status: number, code: string, message: RegExp][] = [
    ['JSON that breaks off', '{"model":"known","messages":[', 400, 'invalid_body', /not valid JSON.*line 1/],
    ['no JSON at all', 'model=known', 400, 'invalid_body', /not valid JSON/],
    ['a body that is a list', '[]', 400, 'invalid_body', /must be a JSON object/],
    ['an empty body', '', 400, 'missing_model', /names no model/],
    ['no model', '{"messages":[]}', 400, 'missing_model', /x-llm-proxy-provider/],
    ['a model that is a number', '{"model":4}', 400, 'invalid_body', /must be a string.*number/],
    ['an empty model', '{"model":""}', 400, 'invalid_body', /must not be empty/],
    ['a model with a lone surrogate', '{"model":"\\ud800"}', 404, 'model_not_found', /does not exist/],
    ['an unknown model', '{"model":"unknown"}', 404, 'model_not_found', /"unknown" does not exist/],
    ['a disabled model', '{"model":"off"}', 404, 'model_not_found', /"off" does not exist/],
    [
      'a model under another spelling of the key',
      '{"Model":"known"}',
      400,
      'invalid_body',
      /must be written "model"/,
    ],
  ];

  for (const [what, body, status, code, message] of cases) {
    test(what, async () => {
      const answer = await refused(COMPLETIONS, post(body));
      expect({ status: answer.status, code: answer.code }).toEqual({ status, code });
      expect(answer.message).toMatch(message);
    });
  }

  test('a body that is too large, whether it says so or not', async () => {
    const large = `{"model":"known","x":"${'x'.repeat(2 * 1024 * 1024)}"}`;
    expect((await refused(COMPLETIONS, post(large))).code).toBe('body_too_large');
    const chunked = new ReadableStream({
      start(controller) {
        for (let index = 0; index < 40; index++) controller.enqueue(new Uint8Array(64 * 1024).fill(0x20));
        controller.close();
      },
    });
    const answer = await refused(COMPLETIONS, post(chunked));
    expect(answer).toMatchObject({
      status: 413,
      code: 'body_too_large',
      message: expect.stringContaining('1 MB'),
    });
  });

  test('no key, a wrong key, a disabled key', async () => {
    for (const [key, code] of [
      ['', 'missing_api_key'],
      ['mk-wrong', 'invalid_api_key'],
      ['mk-gone', 'invalid_api_key'],
    ] as const) {
      const answer = await refused(COMPLETIONS, post(JSON.stringify(chat('known'))), key);
      expect({ status: answer.status, code: answer.code }).toEqual({ status: 401, code });
      expect(answer.headers.get('www-authenticate')).toStartWith('Bearer');
    }
  });

  test('a model that the key may not use, whether it exists or not', async () => {
    for (const model of ['known', 'unknown']) {
      const answer = await refused(COMPLETIONS, post(JSON.stringify(chat(model))), 'mk-some');
      expect(answer).toMatchObject({ status: 403, code: 'model_not_allowed', param: 'model' });
    }
  });

  test('a provider by name with a key that may not use every model', async () => {
    const answer = await refused('/v1/files', { headers: { 'x-llm-proxy-provider': 'a' } }, 'mk-some');
    expect(answer).toMatchObject({ status: 403, code: 'path_not_allowed' });
  });

  test('a path without a model, and a header that names nobody', async () => {
    expect(await refused('/v1/files', {})).toMatchObject({ status: 400, code: 'missing_model' });
    const answer = await refused('/v1/files', { headers: { 'x-llm-proxy-provider': 'nobody' } });
    expect(answer).toMatchObject({ status: 404, code: 'provider_not_found' });
  });

  test('a path that climbs, however it is written', async () => {
    const climber = startGateway(`providers: [{ name: a, api_base: "${simulator.url}/tenant/v1" }]`);
    simulator.reset();
    const paths = [
      '/v1/../../x',
      '/v1/%2e%2e/%2E%2e/x',
      '/v1/x/%2E%2e%2fx',
      '/v1/..%5cx',
      '/../../../x',
      '/v1/./x',
    ];
    for (const path of paths) {
      const answer = await raw(
        `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: 17\r\n\r\n{"model":"known"}`,
        climber.url,
      );
      expect({ path, answer }).toEqual({ path, answer: expect.stringMatching(/invalid_path|unknown_url/) });
    }
    for (const { path } of simulator.attempts) expect(path).toBe('/tenant/v1/x');
    await climber.stop();
  });

  test("a path that is the gateway's own, and not there", async () => {
    for (const path of ['/admin/v1/providers', '/favicon.ico']) {
      expect(await refused(path, post('{"model":"known"}'))).toMatchObject({
        status: 404,
        code: 'path_not_found',
      });
    }
  });

  test('a method that an endpoint of ours does not have', async () => {
    const answer = await refused('/health', { method: 'POST' });
    expect(answer).toMatchObject({ status: 405, code: 'method_not_allowed' });
    expect(answer.headers.get('allow')).toBe('GET, HEAD');
  });

  test('a form that is none', async () => {
    const answer = await refused('/v1/audio/transcriptions', {
      ...post('--x\r\ncontent-disposition: form-data; name="model"\r\n\r\nknown'),
      headers: { 'content-type': 'multipart/form-data; boundary=x' },
    });
    expect(answer).toMatchObject({ status: 400, code: 'invalid_body' });
  });

  test('a WebSocket', async () => {
    const answer = await raw(
      `GET /v1/realtime?model=known HTTP/1.1\r\nhost: x\r\nauthorization: Bearer mk-all\r\nconnection: upgrade\r\n` +
        'upgrade: websocket\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n',
    );
    // Codex falls back to HTTP at once after a 426, and only then.
    expect(answer).toStartWith('HTTP/1.1 426');
    expect(answer).toContain('websocket_not_supported');
  });

  test('a bad Host header is no crash', async () => {
    const answer = await raw('GET /health HTTP/1.1\r\nhost: [bad host\r\nconnection: close\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 (200|400)/);
  });
});

test('a name of a model that is too long is refused wherever it stands', async () => {
  const long = 'm'.repeat(513);
  const answers = [
    await refused(COMPLETIONS, post(JSON.stringify(chat(long)))),
    await refused('/v1/files', { headers: { 'x-llm-proxy-provider': long } }),
  ];
  for (const answer of answers) {
    expect(answer).toMatchObject({ status: 400, code: 'invalid_body', param: 'model' });
    expect(answer.message).toContain('512 bytes');
  }
});

test('a form goes on with the one boundary that was read', async () => {
  const body = '--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nknown\r\n--b--\r\n';
  const path = '/v1/audio/transcriptions';
  const send = (parameters: string): Promise<Response> =>
    fetch(`${gateway.url}${path}`, {
      method: 'POST',
      body,
      headers: { 'content-type': `multipart/form-data; ${parameters}`, authorization: 'Bearer mk-all' },
    });
  for (const [parameters, seen] of [
    ['boundary=b', 'multipart/form-data; boundary=b'],
    ['x="; boundary=a;"; boundary=b', 'multipart/form-data; boundary=b'],
  ] as const) {
    await (await send(parameters)).text();
    expect(JSON.stringify(simulator.attempts.at(-1)?.headers)).toContain(`"${seen}"`);
  }
  expect((await send('boundary=a; boundary=b')).status).toBe(400);
});

test('a key with patterns may use what they match', async () => {
  for (const model of ['allowed-1', 'exact']) {
    const response = await gateway.post(COMPLETIONS, chat(model), { headers: { 'x-api-key': 'mk-some' } });
    expect(response.status).toBe(200);
  }
  const response = await gateway.post(COMPLETIONS, chat('known'), { headers: { 'api-key': 'mk-all' } });
  expect(response.status).toBe(200);
});

/** Sends raw text and returns the bytes that arrive within a moment. */
function raw(text: string, url = gateway.url): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      answer += chunk;
      if (answer.includes('}') || answer.includes('\r\n\r\n')) setTimeout(() => socket.destroy(), 50);
    });
    socket.on('close', () => resolve(answer));
  });
}
