import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { chat, startGateway, type TestGateway } from './gateway.ts';

/** Three accounts at one mock provider, distinguished by their paths. */
let simulator: Simulator;
let gateway: TestGateway;

beforeAll(async () => {
  simulator = await startSimulator({ strict: true });
});
beforeEach(() => simulator.reset());
afterEach(() => gateway.stop());
afterAll(() => simulator.stop());

/** Starts a gateway with the providers a, b and c. A provider's upstream model names the fault that it plays. */
function start(config: string): void {
  const providers = ['a', 'b', 'c'].map(
    (name) => `  - { name: ${name}, api_base: "${simulator.url}/${name}/v1" }`,
  );
  gateway = startGateway(`providers:\n${providers.join('\n')}\n${config}`);
}

/** Without retries, so that each attempt uses another route. */
const NO_RETRY = 'fallback: { retries: 0 }';

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly code: unknown;
}

async function ask(model: string, more: Record<string, unknown> = {}): Promise<Answer> {
  const response = await gateway.post('/v1/chat/completions', chat(model, more));
  const text = await response.text();
  const code = text.startsWith('{')
    ? (JSON.parse(text) as { error?: { code?: unknown } }).error?.code
    : undefined;
  return { status: response.status, headers: response.headers, text, code };
}

/** The requests that reached the providers, as `a:upstream-model`. */
function asked(): string[] {
  return simulator.attempts.map(({ path, model }) => `${path.split('/')[1]}:${model}`);
}

function cooled(): string[] {
  return gateway.events.flatMap((event) => (event.type === 'route-cooled' ? [event.routeId] : []));
}

describe('L1: from route to route of one model', () => {
  test('a failure cools the route, and the next priority answers; the next request goes there at once', async () => {
    start(
      `models: { opus: { routes: [{ provider: a, model: mock/500 }, { provider: b, model: good, priority: 2 }] } }\n${NO_RETRY}`,
    );
    const first = await ask('opus');
    expect(first.status).toBe(200);
    expect(first.headers.get('x-llm-proxy-provider')).toBe('b');
    expect(first.headers.get('x-llm-proxy-attempts')).toBe('2');
    expect(asked()).toEqual(['a:mock/500', 'b:good']);
    expect(cooled()).toEqual(['a/mock/500']);
    simulator.reset();
    expect((await ask('opus')).headers.get('x-llm-proxy-attempts')).toBe('1');
    expect(asked()).toEqual(['b:good']);
  });

  test('a lower number goes first, whatever the order of the file', async () => {
    start(
      `models: { m: { routes: [{ provider: a, model: x, priority: 7 }, { provider: b, model: x, priority: 3 }] } }`,
    );
    await ask('m');
    expect(asked()).toEqual(['b:x']);
  });

  test('the route comes back when its cooldown is over', async () => {
    start(`models: { m: { routes: [{ provider: a, model: "mock/500?times=1" }, { provider: b, model: x, priority: 2 }] } }
fallback: { retries: 0, cooldown_seconds: 0.3 }`);
    await ask('m');
    await ask('m');
    await Bun.sleep(350);
    await ask('m');
    expect(asked().map((each) => each[0])).toEqual(['a', 'b', 'b', 'a']);
  });

  test('weights hold among the routes that are left', async () => {
    start(`models:
  m: { routes: [{ provider: a, model: mock/500, weight: 4 }, { provider: b, model: x, weight: 3 }, { provider: c, model: x, weight: 1 }] }
load_balancing: { strategy: round_robin }
${NO_RETRY}`);
    while (cooled().length === 0) await ask('m');
    simulator.reset();
    for (let n = 0; n < 40; n++) await ask('m');
    const all = asked();
    expect([
      all.filter((each) => each === 'b:x').length,
      all.filter((each) => each === 'c:x').length,
    ]).toEqual([30, 10]);
    expect(all).toHaveLength(40);
  });

  test('a stream that fails before its first content falls over as well', async () => {
    start(
      `models: { m: { routes: [{ provider: a, model: mock/error-after-role }, { provider: b, model: good, priority: 2 }] } }`,
    );
    const { status, text } = await ask('m', { stream: true });
    expect(status).toBe(200);
    expect(text).toContain('[DONE]');
    expect(text).not.toContain('error');
    expect(asked()).toEqual(['a:mock/error-after-role', 'b:good']);
  });
});

describe('L2: from model to model', () => {
  const OPUS = `
models:
  opus: { routes: [{ provider: a, model: mock/500 }, { provider: b, model: mock/503, priority: 2 }] }
  sonnet: { routes: [{ provider: a, model: claude-sonnet }] }
  gemini: { routes: [{ provider: c, model: gemini-pro }] }`;

  test('when all routes of a model have failed its fallback answers, under its own name', async () => {
    start(`${OPUS}\nfallback: { retries: 0, alias_fallback: { opus: [sonnet, gemini], sonnet: [gemini] } }`);
    const { status, headers, text } = await ask('opus');
    expect(status).toBe(200);
    expect(asked()).toEqual(['a:mock/500', 'b:mock/503', 'a:claude-sonnet']);
    expect(headers.get('x-llm-proxy-model')).toBe('sonnet');
    expect(JSON.parse(text)).toMatchObject({ model: 'claude-sonnet' });
    const reasons = (await gateway.ended()).history.map(({ reason }) => reason);
    expect(reasons).toEqual(['first', 'fallback-route', 'fallback-model']);
  });

  test('fallbacks have fallbacks, depth first, and each model is tried once', async () => {
    start(`
models:
  one: { routes: [{ provider: a, model: mock/500 }] }
  two: { routes: [{ provider: a, model: mock/502 }] }
  three: { routes: [{ provider: a, model: mock/503 }] }
  four: { routes: [{ provider: a, model: mock/504 }] }
fallback: { retries: 0, alias_fallback: { one: [two, four], two: [three], three: [one, four] } }`);
    expect((await ask('one')).status).toBe(504);
    expect(asked()).toEqual(['a:mock/500', 'a:mock/502', 'a:mock/503', 'a:mock/504']);
  });

  test('a disabled model is skipped as a fallback, and its own fallbacks apply', async () => {
    start(`
models:
  first: { routes: [{ provider: a, model: mock/500 }] }
  disabled: { enabled: false, routes: [{ provider: b, model: never }] }
  last: { routes: [{ provider: c, model: good }] }
fallback: { retries: 0, alias_fallback: { first: [disabled], disabled: [last] } }`);
    expect((await ask('first')).status).toBe(200);
    expect(asked()).toEqual(['a:mock/500', 'c:good']);
    expect((await ask('disabled')).status).toBe(404);
  });

  test('a model whose routes all cool goes to its fallback without another attempt', async () => {
    start(`${OPUS}\nfallback: { retries: 0, alias_fallback: { opus: [gemini] } }`);
    await ask('opus');
    await ask('opus');
    simulator.reset();
    expect((await ask('opus')).headers.get('x-llm-proxy-attempts')).toBe('1');
    expect(asked()).toEqual(['c:gemini-pro']);
  });
});

describe('how often', () => {
  const FOUR = `models: { m: { routes: [
  { provider: a, model: mock/500 }, { provider: b, model: mock/500, priority: 2 }, { provider: c, model: mock/500, priority: 3 } ] },
  n: { routes: [{ provider: a, model: good }] } }`;

  test('max_retries bounds the attempts over routes and models together', async () => {
    for (const [most, attempts] of [
      [1, 1],
      [2, 2],
      [3, 3],
      [0, 4],
    ] as const) {
      simulator.reset();
      start(`${FOUR}\nfallback: { retries: 0, max_retries: ${most}, alias_fallback: { m: [n] } }`);
      const { status, headers } = await ask('m');
      expect(asked()).toHaveLength(attempts);
      expect(headers.get('x-llm-proxy-attempts')).toBe(String(attempts));
      expect(status).toBe(most === 0 ? 200 : 500);
      if (most !== 0) await gateway.stop();
    }
  });

  test('retries: 2 tries the same route twice more before the next', async () => {
    start(`models: { m: { routes: [{ provider: a, model: mock/503 }, { provider: b, model: good, priority: 2 }] } }
fallback: { retries: 2, retry_backoff: 0.01 }`);
    expect((await ask('m')).status).toBe(200);
    expect(asked()).toEqual(['a:mock/503', 'a:mock/503', 'a:mock/503', 'b:good']);
  });

  test('where there is no other route, one retry is made', async () => {
    start(
      `models: { m: { routes: [{ provider: a, model: "mock/500?times=1" }] } }\nfallback: { retry_backoff: 0.01 }`,
    );
    expect((await ask('m')).status).toBe(200);
    expect(asked()).toHaveLength(2);
  });

  test('a short Retry-After is waited for', async () => {
    start(
      `models: { m: { routes: [{ provider: a, model: "mock/429?times=1&retry-after=none&retry-after-ms=250" }] } }`,
    );
    const begin = performance.now();
    expect((await ask('m')).status).toBe(200);
    expect(performance.now() - begin).toBeGreaterThan(240);
  });

  test('everything cooling: the one that is back first is tried once, rather than none', async () => {
    start(`models: { m: { routes: [{ provider: a, model: "mock/429?retry-after=60" }, { provider: b, model: mock/500, priority: 2 }] } }
${NO_RETRY}`);
    await ask('m');
    await ask('m');
    expect(cooled()).toEqual(['a/mock/429?retry-after=60', 'b/mock/500']);
    simulator.reset();
    expect((await ask('m')).status).toBe(500);
    expect(asked()).toEqual(['b:mock/500']);
    expect((await gateway.ended(3)).history[0]?.reason).toBe('last-resort');
  });

  test('cooldown_seconds: 0 cools nothing', async () => {
    start(`models: { m: { routes: [{ provider: a, model: mock/500 }, { provider: b, model: x, priority: 2 }] } }
fallback: { retries: 0, cooldown_seconds: 0 }`);
    for (let n = 0; n < 3; n++) await ask('m');
    expect(asked()).toEqual([1, 2, 3].flatMap(() => ['a:mock/500', 'b:x']));
    expect(cooled()).toEqual([]);
  });
});

describe("a client's fault", () => {
  const LISTED = 'detection: { error_codes: ["4xx", "5xx"] }';
  const faults = [400, 404, 413, 422];

  test('is delivered at once where it is not listed', async () => {
    start(
      `models: { m: { routes: [{ provider: a, model: mock/422 }, { provider: b, model: x, priority: 2 }] } }`,
    );
    expect((await ask('m')).status).toBe(422);
    expect(asked()).toEqual(['a:mock/422']);
  });

  test('tries the next route where it is listed, and 1,000 of them cool nothing', async () => {
    const models = faults.map(
      (status) =>
        `  m${status}: { routes: [{ provider: a, model: mock/${status} }, { provider: b, model: x, priority: 2 }] }`,
    );
    start(`models:\n${models.join('\n')}\n${LISTED}\n${NO_RETRY}`);
    for (let round = 0; round < 25; round++) {
      const all = await Promise.all(
        Array.from({ length: 40 }, (_, n) => ask(`m${faults[n % faults.length]}`)),
      );
      for (const { status, headers } of all)
        expect([status, headers.get('x-llm-proxy-attempts')]).toEqual([200, '2']);
    }
    expect(cooled()).toEqual([]);
  });

  test('cools where the operator asks for the literal reading', async () => {
    start(`models: { m: { routes: [{ provider: a, model: mock/400 }, { provider: b, model: x, priority: 2 }] } }
${LISTED}
fallback: { retries: 0, cooldown_on_client_errors: true }`);
    await ask('m');
    expect(cooled()).toEqual(['a/mock/400']);
  });

  test('is told as the provider told it, where nobody does better', async () => {
    start(
      `models: { m: { routes: [{ provider: a, model: mock/500 }, { provider: b, model: mock/context-length, priority: 2 }] } }\n${LISTED}\n${NO_RETRY}`,
    );
    expect(await ask('m')).toMatchObject({ status: 400, code: 'context_length_exceeded' });
  });
});

test('an error pattern makes a failure of an error whose status is none, but never of an answer', async () => {
  start(`models:
  m: { routes: [{ provider: a, model: mock/context-length }, { provider: b, model: x, priority: 2 }] }
detection: { error_patterns: [CONTEXT_LENGTH, chat.completion] }`);
  expect((await ask('m')).status).toBe(200);
  expect(asked()).toEqual(['a:mock/context-length', 'b:x']);
});

describe('when all have failed', () => {
  function two(first: string, second: string, more = NO_RETRY): void {
    start(
      `models: { m: { routes: [{ provider: a, model: "${first}" }, { provider: b, model: "${second}", priority: 2 }] } }\n${more}`,
    );
  }

  test('the last status, body and content type are passed on', async () => {
    two('mock/500', 'mock/502-html');
    const { status, headers, text } = await ask('m');
    expect(status).toBe(502);
    expect(headers.get('content-type')).toBe('text/html');
    expect(text).toContain('<h1>Bad gateway.</h1>');
  });

  test('the last Retry-After too', async () => {
    two('mock/500', 'mock/429?retry-after=17');
    const { status, headers, code } = await ask('m');
    expect([status, headers.get('retry-after'), code]).toEqual([429, '17', 'rate_limit_exceeded']);
  });

  test('a provider that cannot be reached is a 502 of our own, and names no address', async () => {
    two('mock/500', 'mock/rst');
    const { status, headers, text, code } = await ask('m');
    expect([status, code]).toEqual([502, 'upstream_unreachable']);
    expect(headers.get('content-type')).toStartWith('application/json');
    expect(text).not.toMatch(/127\.0\.0\.1|http:|mock\/rst/);
    // The second provider shares the first one's address and connections, so the reset may have hit a stale connection.
    expect(headers.get('x-llm-proxy-attempts')).toMatch(/^[23]$/);
  });

  test('a provider that is silent is a 504 of our own', async () => {
    two('mock/500', 'mock/silence', `${NO_RETRY}\ntimeouts: { first_byte_timeout: 0.2 }`);
    expect(await ask('m')).toMatchObject({ status: 504, code: 'upstream_timeout' });
  });

  test('a success that is no answer is a 502 of our own', async () => {
    for (const fault of ['200-html', '200-empty', '200-no-choices']) {
      two('mock/500', `mock/${fault}`);
      expect(await ask('m')).toMatchObject({ status: 502, code: 'upstream_invalid' });
      await gateway.stop();
    }
    start('');
  });

  test('a stream that never had content is an error with a status, not an empty stream', async () => {
    two('mock/error-after-role', 'mock/error-after-comments');
    const { status, headers, text } = await ask('m', { stream: true });
    expect(status).toBe(500);
    expect(text).toContain('The server had an error while processing your request.');
    expect(headers.get('content-type')).toStartWith('application/json');
  });

  test('the limit of the request holds over all attempts together', async () => {
    two(
      'mock/silence',
      'mock/silence',
      `${NO_RETRY}\ntimeouts: { request_timeout: 1.2, first_byte_timeout: 0.8 }`,
    );
    expect((await ask('m')).status).toBe(504);
    expect(asked()).toHaveLength(2);
  });
});
