import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { gunzipSync } from 'node:zlib';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { chat, startGateway, type TestGateway } from './gateway.ts';
import { type RawAnswer, rawRequest, sendRaw } from './raw-client.ts';

let simulator: Simulator;
let gateway: TestGateway;
/** A provider that answers with a head of the test's choice. */
let provider: ReturnType<typeof Bun.serve>;
let head: Record<string, string> = {};

beforeAll(async () => {
  simulator = await startSimulator();
  provider = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: () =>
      new Response('{"object":"list","data":[]}', {
        headers: { 'content-type': 'application/json', ...head },
      }),
  });
  gateway = startGateway(`
providers:
  - { name: a, api_base: "${simulator.url}/v1" }
  - { name: b, api_base: "${provider.url.origin}", model_mapping: { never: x } }
master_keys:
  - { name: limited, key: mk-limited, rate_limit: { requests_per_second: 1000, burst_size: 1000 } }
  - { name: free, key: mk-free }
fallback: { retries: 0 }`);
});
afterAll(async () => {
  await gateway.stop();
  await simulator.stop();
  await provider.stop(true);
});

const CHAT = '/v1/chat/completions';

/** The answer as it arrives at the client's socket, without decoding and with every field. */
function raw(model: string, more: Record<string, unknown> = {}, key = 'mk-free'): Promise<RawAnswer> {
  const fields = [
    ['Authorization', `Bearer ${key}`],
    ['Content-Type', 'application/json'],
    ['X-Llm-Proxy-Provider', 'b'],
  ] as const;
  return sendRaw(gateway.url, rawRequest(`POST ${CHAT}`, fields, JSON.stringify(chat(model, more))));
}

/** The answer of the provider whose head the test chooses. */
async function withHead(fields: Record<string, string>): Promise<Headers> {
  head = fields;
  const response = await fetch(`${gateway.url}/v1/files`, {
    headers: { authorization: 'Bearer mk-free', 'x-llm-proxy-provider': 'b' },
  });
  await response.arrayBuffer();
  expect(response.status).toBe(200);
  return response.headers;
}

function valuesOf({ fields }: RawAnswer, name: string): string[] {
  return fields.flatMap(([other, value]) => (other === name ? [value] : []));
}

for (const [what, more] of [
  ['a plain answer', {}],
  ['a stream', { stream: true }],
] as const) {
  describe(`of ${what}`, () => {
    test('cookies and what concerns the connection of the provider stay behind', async () => {
      const answer = await raw('mock/odd-headers', more);
      expect(answer.status).toBe(200);
      for (const name of ['set-cookie', 'x-foo', 'proxy-authenticate', 'keep-alive', 'alt-svc'])
        expect([name, valuesOf(answer, name)]).toEqual([name, []]);
      expect(valuesOf(answer, 'connection').join().toLowerCase()).not.toContain('x-foo');
    });

    test('everything else comes through: repeated, long and empty fields', async () => {
      const answer = await raw('mock/odd-headers', more);
      expect(valuesOf(answer, 'x-duplicate').join(', ')).toBe('one, two');
      expect(valuesOf(answer, 'x-long')).toEqual(['l'.repeat(4096)]);
      expect(valuesOf(answer, 'x-empty')).toEqual(['']);
      expect(valuesOf(answer, 'x-ratelimit-remaining-requests')).toEqual(['42']);
      expect(valuesOf(answer, 'server')).toEqual(['mock/1.0 (odd)']);
    });

    test('our own fields are there once each, and the id of the provider stays its own', async () => {
      const answer = await raw('gpt', more);
      const [id] = valuesOf(answer, 'x-llm-proxy-request-id');
      expect(id).toMatch(/^req_[0-9a-z]{12}$/);
      expect(valuesOf(answer, 'x-llm-proxy-provider')).toEqual(['a']);
      expect(valuesOf(answer, 'x-llm-proxy-model')).toEqual(['gpt']);
      expect(valuesOf(answer, 'x-llm-proxy-attempts')).toEqual(['1']);
      const [upstreamId] = valuesOf(answer, 'x-request-id');
      expect(upstreamId).toMatch(/^req_/);
      expect(upstreamId).not.toBe(id);
      expect(valuesOf(answer, 'x-request-id')).toHaveLength(1);
    });

    test('server-timing tells the time of the gateway alone', async () => {
      const askedAtMs = performance.now();
      const answer = await raw('gpt?latency=500', more);
      const tookMs = performance.now() - askedAtMs;
      const [timing = ''] = valuesOf(answer, 'server-timing');
      const [, ms] = /^gateway;dur=(\d+(?:\.\d+)?)$/.exec(timing) ?? [];
      expect(Number(ms)).toBeGreaterThanOrEqual(0);
      expect(Number(ms)).toBeLessThan(tookMs - 450);
    });

    test('the length, where there is one, is that of the body', async () => {
      const answer = await raw('gpt', more);
      const [length] = valuesOf(answer, 'content-length');
      if (length !== undefined) expect(Number(length)).toBe(answer.body.length);
      else expect(valuesOf(answer, 'transfer-encoding')).toEqual(['chunked']);
      expect(valuesOf(answer, 'content-type')).toHaveLength(1);
    });
  });
}

test('a provider has no say for the host of the gateway, nor about who may read its answers', async () => {
  const own = await withHead({});
  const told = {
    'Access-Control-Allow-Origin': '*',
    'Access-Control-Allow-Credentials': 'true',
    'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
    'Clear-Site-Data': '"*"',
    'Content-Security-Policy': "default-src 'none'",
    'Cross-Origin-Resource-Policy': 'cross-origin',
    NEL: '{"report_to":"x","max_age":1}',
    'Report-To': '{"group":"x"}',
    'Reporting-Endpoints': 'x="https://x.example"',
    Refresh: '0; url=https://x.example',
    'Service-Worker-Allowed': '/',
    'WWW-Authenticate': 'Basic realm="x"',
    'X-Frame-Options': 'DENY',
    'Attribution-Reporting-Register-Source': '{}',
    'Cross-Origin-Opener-Policy-Report-Only': 'same-origin; report-to="x"',
    'Secure-Session-Registration': '(ES256);path="x"',
    'Set-Login': 'logged-in',
    'X-Accel-Redirect': '/internal/file',
    'X-Reproxy-URL': 'http://x.example',
    'X-Sendfile': '/etc/passwd',
  };
  const headers = await withHead({ ...told, 'X-Other': 'stays' });
  expect(headers.get('x-other')).toBe('stays');
  for (const name of Object.keys(told)) expect([name, headers.get(name)]).toEqual([name, own.get(name)]);
});

test('what a browser would run as a page of the gateway gets an origin of its own', async () => {
  for (const type of ['text/html', 'image/svg+xml', 'application/xhtml+xml', 'text/plain']) {
    const headers = await withHead({ 'content-type': type });
    expect(headers.get('content-security-policy')).toBe('sandbox');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  }
  for (const type of ['application/json; charset=utf-8', 'audio/mpeg'])
    expect((await withHead({ 'content-type': type })).get('content-security-policy')).toBeNull();
});

describe('an error', () => {
  test('keeps its Retry-After, in every form', async () => {
    for (const value of ['17', '0', new Date(Date.now() + 60_000).toUTCString()]) {
      const answer = await raw(`mock/429?retry-after=${encodeURIComponent(value)}`);
      expect([answer.status, valuesOf(answer, 'retry-after')]).toEqual([429, [value]]);
    }
    const answer = await raw('mock/503?retry-after-ms=9500');
    expect([answer.status, valuesOf(answer, 'retry-after-ms')]).toEqual([503, ['9500']]);
  });

  test('of ours has our fields too, and says nothing of a provider that was never asked', async () => {
    const answer = await sendRaw(
      gateway.url,
      rawRequest(`POST ${CHAT}`, [['Content-Type', 'application/json']], '{"model":"m"}'),
    );
    expect(answer.status).toBe(401);
    expect(valuesOf(answer, 'x-llm-proxy-request-id')).toHaveLength(1);
    expect(valuesOf(answer, 'x-llm-proxy-provider')).toEqual([]);
    expect(valuesOf(answer, 'content-type')).toEqual(['application/json']);
  });

  test('of ours after attempts says how many there were, and where the last one went', async () => {
    const answer = await raw('mock/rst');
    expect(answer.status).toBe(502);
    expect(valuesOf(answer, 'x-llm-proxy-provider')).toHaveLength(1);
    expect(Number(valuesOf(answer, 'x-llm-proxy-attempts')[0])).toBeGreaterThanOrEqual(1);
  });
});

describe('compression', () => {
  for (const coding of ['gzip', 'br', 'zstd', 'deflate']) {
    test(`${coding}: a plain answer keeps its header and its bytes together`, async () => {
      const answer = await raw(`mock/${coding}`);
      expect(valuesOf(answer, 'content-encoding')).toEqual([coding]);
      expect(answer.body).not.toContain('choices');
      if (coding === 'gzip') {
        const text = gunzipSync(Buffer.from(answer.body, 'latin1')).toString();
        expect(JSON.parse(text)).toHaveProperty('choices');
      }
    });

    test(`${coding}: an error too`, async () => {
      const answer = await raw(`mock/${coding}+400`);
      expect(answer.status).toBe(400);
      expect(valuesOf(answer, 'content-encoding')).toEqual([coding]);
    });

    test(`${coding}: a client that decodes by itself gets an answer that it can read`, async () => {
      for (const stream of [false, true]) {
        const response = await gateway.post(CHAT, chat(`mock/${coding}`, { stream }), {
          headers: { authorization: 'Bearer mk-free' },
        });
        expect(await response.text()).toContain('"choices"');
      }
    });
  }
});

describe("header fields that a provider sends under the gateway's names", () => {
  test('are replaced by the gateway', async () => {
    const headers = await withHead({
      'x-llm-proxy-provider': 'forged',
      'x-llm-proxy-attempts': '99',
      'x-llm-proxy-request-id': 'forged',
      'server-timing': 'forged;dur=1',
    });
    expect(headers.get('x-llm-proxy-provider')).toBe('b');
    expect(headers.get('x-llm-proxy-attempts')).toBe('1');
    expect(headers.get('x-llm-proxy-request-id')).toMatch(/^req_/);
    expect(headers.get('server-timing')).toMatch(/^gateway;dur=/);
  });

  test('are passed on for limits that the gateway does not have, and replaced for limits that it has', async () => {
    const free = await raw('mock/odd-headers');
    expect(valuesOf(free, 'x-ratelimit-remaining-requests')).toEqual(['42']);
    const limited = await raw('mock/odd-headers', {}, 'mk-limited');
    const [remaining, ...more] = valuesOf(limited, 'x-ratelimit-remaining-requests');
    expect(more).toEqual([]);
    expect(Number(remaining)).toBeGreaterThan(900);
  });

  test('are dropped if they name its own address and protocol', async () => {
    const headers = await withHead({ 'alt-svc': 'h3=":443"', 'set-cookie': 'a=b', 'x-kept': 'yes' });
    expect([headers.get('alt-svc'), headers.get('set-cookie'), headers.get('x-kept')]).toEqual([
      null,
      null,
      'yes',
    ]);
  });
});
