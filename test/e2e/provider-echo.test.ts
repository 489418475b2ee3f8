import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { chat, startGateway, type TestGateway } from './gateway.ts';

const SECRET = 'sk-canary/of-the-provider-0123456789';
const HEADER_SECRET = 'tenant-secret-of-the-provider';

/** A provider that echoes the request, as debugging proxies and TRACE do. */
function echoing(request: Request): Response | Promise<Response> {
  const { pathname } = new URL(request.url);
  const fields = request.headers.toJSON();
  if (pathname.endsWith('/chat/completions')) {
    const message = { role: 'assistant', content: JSON.stringify(fields) };
    const answer = { choices: [{ index: 0, message, finish_reason: 'stop' }], model: 'm', id: 'x' };
    return Response.json(answer, { headers: { 'x-echo': SECRET, 'x-plain': 'kept' } });
  }
  if (pathname.endsWith('/escaped')) {
    const text = JSON.stringify({ said: SECRET }).replaceAll('/', String.raw`\/`);
    return new Response(text, { headers: { 'content-type': 'application/json' } });
  }
  if (pathname.endsWith('/untyped')) return new Response(inPieces(`key=${SECRET}`));
  const text = `before ${JSON.stringify(fields)} after`;
  return new Response(inPieces(text), { headers: { 'content-type': 'message/http' } });
}

/** Cuts the text into single characters around its secret, so that no piece contains all of it. */
function inPieces(text: string): ReadableStream {
  return new ReadableStream({
    async start(controller) {
      for (let at = 0; at < text.length; at += 7) {
        controller.enqueue(new TextEncoder().encode(text.slice(at, at + 7)));
        await Bun.sleep(0);
      }
      controller.close();
    },
  });
}

let provider: Bun.Server<undefined>;
let gateway: TestGateway;

beforeAll(() => {
  provider = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: echoing });
  gateway = startGateway(`
proxy_api_key: sk-test
providers:
  - { name: p, api_base: "${provider.url.origin}", api_key: ${SECRET}, headers: { x-tenant-secret: ${HEADER_SECRET}, anthropic-version: "2023-06-01" } }`);
});
afterAll(async () => {
  await gateway.stop();
  await provider.stop(true);
});

const KEY = { authorization: 'Bearer sk-test' };

function get(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${gateway.url}${path}`, { ...init, headers: { ...KEY, 'x-llm-proxy-provider': 'p' } });
}

describe("the provider's credential does not reach the client", () => {
  test('in a whole answer with status 200, nor in its header', async () => {
    const response = await gateway.post('/v1/chat/completions', chat('m'), { headers: KEY });
    const text = await response.text();
    expect(text).not.toContain('canary');
    expect(text).not.toContain(HEADER_SECRET);
    expect(text).toContain('2023-06-01');
    expect(response.headers.get('x-echo')).toBeNull();
    expect(response.headers.get('x-plain')).toBe('kept');
  });

  test('in an answer that is passed on in pieces, whose length stays', async () => {
    const text = await (await get('/v1/files')).text();
    expect(text).toStartWith('before {');
    expect(text).toEndWith('} after');
    expect(text).not.toContain('canary');
    expect(text).toContain(`Bearer ${'*'.repeat(SECRET.length)}"`);
    expect(text).toContain('2023-06-01');
  });

  test('with its slashes escaped', async () => {
    expect(await (await get('/v1/escaped')).text()).not.toContain('canary');
  });

  test('in an answer without a type', async () => {
    expect(await (await get('/v1/untyped')).text()).toBe(`key=${'*'.repeat(SECRET.length)}`);
  });

  test.each(['TRACE', 'OPTIONS', 'PROPFIND', 'LINK'])('by %s, which goes to no provider', async (method) => {
    const { hostname, port } = new URL(gateway.url);
    const socket = await rawAnswer(hostname, Number(port), method);
    expect(socket).toStartWith('HTTP/1.1 405 ');
    expect(socket).toContain('"code":"method_not_allowed"');
    expect(socket.toLowerCase()).toContain('\r\nallow: post, get');
    expect(socket).not.toContain('canary');
  });
});

/** `fetch` does not send these methods. */
function rawAnswer(hostname: string, port: number, method: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const head = `${method} /v1/files HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk-test\r\nx-llm-proxy-provider: p\r\nConnection: close\r\n\r\n`;
    void Bun.connect({
      hostname,
      port,
      socket: {
        open: (socket) => void socket.write(head),
        data: (_, bytes) => {
          text += bytes.toString('latin1');
        },
        close: () => resolve(text),
        error: (_, error) => reject(error),
      },
    }).catch(reject);
  });
}
