import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { chat, startGateway, type TestGateway, until } from './gateway.ts';

let simulator: Simulator;
let gateway: TestGateway;

/** The configuration, with the cache of the model `fast` as given. */
function config(cache = '{ ttl: 600 }', more = ''): string {
  return `
providers: [{ name: mine, api_base: "${simulator.url}/v1", api_key: sk-mine }]
cache: { max_answer_mb: 0.02 }
models:
  fast: { cache: ${cache}, routes: [{ provider: mine, model: mock/ok }] }
  slow: { cache: {}, routes: [{ provider: mine, model: "mock/drip?ms=2" }] }
  any: { cache: { any_temperature: true }, routes: [{ provider: mine, model: mock/ok }] }
  paced: { cache: { replay: paced }, routes: [{ provider: mine, model: "mock/ok?pace=50" }] }
  cut: { cache: {}, routes: [{ provider: mine, model: "mock/cut-rst?after=5" }] }
  broken: { cache: {}, routes: [{ provider: mine, model: mock/500 }] }
  replaced: { cache: {}, routes: [{ provider: mine, model: mock/500 }] }
  large: { cache: {}, routes: [{ provider: mine, model: "mock/ok?words=40000" }] }
  plain: { routes: [{ provider: mine, model: mock/ok }] }
fallback: { alias_fallback: { replaced: [plain] }, cooldown_seconds: 0 }
prices: { models: { "mine/*": { input: 2, output: 10 } } }
spend: { journal: memory }
teams: [{ name: search }]
master_keys:
  - { name: one, key: mk-one }
  - { name: two, key: mk-two }
  - { name: ann, key: mk-ann, team: search }
  - { name: bob, key: mk-bob, team: search }
  - { name: never, key: mk-never, cache: { enabled: false } }
  - { name: always, key: mk-always, cache: { ttl: 60 } }
  - { name: limited, key: mk-limited, limits: [{ requests: 2, per: day }, { tokens: 1000, per: day }] }
${more}`;
}

beforeAll(async () => {
  simulator = await startSimulator();
});

afterAll(() => simulator.stop());

afterEach(async () => {
  await gateway.stop();
  simulator.reset();
});

interface Answer {
  readonly status: number;
  readonly cache: string | null;
  readonly headers: Headers;
  readonly text: string;
}

async function ask(body: unknown, key = 'one', init: RequestInit = {}): Promise<Answer> {
  const headers = { authorization: `Bearer mk-${key}`, ...(init.headers as Record<string, string>) };
  const response = await gateway.post('/v1/chat/completions', body, { ...init, headers });
  return {
    status: response.status,
    cache: response.headers.get('x-llm-proxy-cache'),
    headers: response.headers,
    text: await response.text(),
  };
}

const cold = (model: string, more: object = {}): object => chat(model, { temperature: 0, ...more });

describe('a hit', () => {
  test('is the same answer, without a request to the provider, and costs nothing', async () => {
    gateway = startGateway(config());
    const first = await ask(cold('fast'));
    const second = await ask(cold('fast'));
    expect([first.cache, second.cache]).toEqual(['miss', 'hit']);
    expect(second.text).toBe(first.text);
    expect(simulator.attempts).toHaveLength(1);
    expect(second.headers.get('x-llm-proxy-attempts')).toBe('0');
    expect(second.headers.get('x-llm-proxy-cost')).toBe('0');
    expect(second.headers.get('x-llm-proxy-request-id')).not.toBe(
      first.headers.get('x-llm-proxy-request-id'),
    );
    const [asked, answered] = [await gateway.ended(1), await gateway.ended(2)];
    expect(asked.cost?.nano).toBeGreaterThan(0);
    expect(answered).toMatchObject({
      ending: 'complete',
      cache: 'hit',
      provider: undefined,
      usage: undefined,
      cost: { nano: 0, basis: 'cache', savedNano: asked.cost?.nano },
    });
  });

  test('needs the same values, in any order of the members', async () => {
    gateway = startGateway(config());
    const post = async (body: string): Promise<string | null> => {
      const headers = { authorization: 'Bearer mk-one', 'content-type': 'application/json' };
      const response = await fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', headers, body });
      await response.text();
      return response.headers.get('x-llm-proxy-cache');
    };
    const messages = '[{"role":"user","content":"Hi"}]';
    expect(await post(`{"model":"fast","temperature":0,"messages":${messages}}`)).toBe('miss');
    const other = '[ { "content":"Hi", "role":"user" } ]';
    expect(await post(`{ "messages": ${other},\n "temperature": 0, "model": "fast" }`)).toBe('hit');
    expect(await post(`{"model":"fast","temperature":0.0,"messages":${messages}}`)).toBe('miss');
    expect(await post(`{"model":"fast","temperature":0,"messages":[{"role":"user","content":"hi"}]}`)).toBe(
      'miss',
    );
    expect(await post(`{"model":"fast","temperature":0,"stream":true,"messages":${messages}}`)).toBe('miss');
  });

  test('needs the same headers where they change the answer', async () => {
    gateway = startGateway(config());
    expect((await ask(cold('fast'))).cache).toBe('miss');
    expect((await ask(cold('fast'), 'one', { headers: { 'openai-beta': 'x' } })).cache).toBe('miss');
    expect((await ask(cold('fast'), 'one', { headers: { 'x-llm-proxy-unsupported': 'error' } })).cache).toBe(
      'miss',
    );
    expect((await ask(cold('fast'), 'one', { headers: { 'x-llm-proxy-request-id': 'mine' } })).cache).toBe(
      'hit',
    );
    expect((await ask(cold('fast'), 'one', { headers: { 'user-agent': 'other' } })).cache).toBe('hit');
  });

  test('replays a stream with the same bytes', async () => {
    gateway = startGateway(config());
    const first = await ask(cold('fast', { stream: true }));
    const second = await ask(cold('fast', { stream: true }));
    expect(first.text).toEndWith('data: [DONE]\n\n');
    expect(second.cache).toBe('hit');
    expect(second.text).toBe(first.text);
    expect(second.headers.get('content-type')).toBe(first.headers.get('content-type'));
    expect((await gateway.ended(2)).isStreamed).toBe(true);
    expect(simulator.attempts).toHaveLength(1);
  });

  test('replays a stream without the comment on its cost that only the first client has asked for', async () => {
    gateway = startGateway(config());
    const init = { headers: { 'x-llm-proxy-cost': 'event' } };
    const first = await ask(cold('fast', { stream: true }), 'one', init);
    const nano = (await gateway.ended()).cost?.nano ?? 0;
    const comment = `: x-llm-proxy-cost ${(nano / 1e9).toFixed(9)}\n\n`;
    expect(first.text).toEndWith(`data: [DONE]\n\n${comment}`);
    for (const more of [init, {}]) {
      const { cache, text } = await ask(cold('fast', { stream: true }), 'one', more);
      expect([cache, text + comment]).toEqual(['hit', first.text]);
    }
  });

  test('takes the time of the provider where that is wanted', async () => {
    gateway = startGateway(config());
    const body = cold('paced', { stream: true, max_tokens: 10 });
    const first = await ask(body);
    const beganAtMs = performance.now();
    const second = await ask(body);
    expect(second.cache).toBe('hit');
    expect(second.text).toBe(first.text);
    // Ten tokens at 50 a second.
    expect(performance.now() - beganAtMs).toBeGreaterThan(100);
  });

  test('embeddings are cached without a temperature', async () => {
    gateway = startGateway(config());
    const embed = async (): Promise<string | null> => {
      const headers = { authorization: 'Bearer mk-one' };
      const response = await gateway.post('/v1/embeddings', { model: 'fast', input: 'x' }, { headers });
      expect(response.status).toBe(200);
      await response.text();
      return response.headers.get('x-llm-proxy-cache');
    };
    expect([await embed(), await embed()]).toEqual(['miss', 'hit']);
  });
});

describe('tenants', () => {
  test('two keys never meet, and two keys of a team do', async () => {
    gateway = startGateway(config());
    for (const key of ['one', 'two', 'ann']) expect((await ask(cold('fast'), key)).cache).toBe('miss');
    expect((await ask(cold('fast'), 'bob')).cache).toBe('hit');
    expect((await ask(cold('fast'), 'two')).cache).toBe('hit');
    expect(simulator.attempts).toHaveLength(3);
  });

  test('not even while their requests are under way', async () => {
    gateway = startGateway(config());
    const answers = await Promise.all(['one', 'two'].map((key) => ask(cold('slow'), key)));
    expect(answers.map(({ cache }) => cache)).toEqual(['miss', 'miss']);
    expect(simulator.attempts).toHaveLength(2);
  });

  test('a key may opt in, and may forbid', async () => {
    gateway = startGateway(config());
    const caches = async (model: string, key: string): Promise<(string | null)[]> => [
      (await ask(cold(model), key)).cache,
      (await ask(cold(model), key)).cache,
    ];
    expect(await caches('plain', 'always')).toEqual(['miss', 'hit']);
    expect(await caches('plain', 'one')).toEqual([null, null]);
    expect(await caches('fast', 'never')).toEqual([null, null]);
  });
});

describe('requests that are not cached', () => {
  test('another temperature than 0, unless the model says so', async () => {
    gateway = startGateway(config());
    for (const temperature of [undefined, 1, '0', null])
      expect((await ask(chat('fast', { temperature }))).cache).toBe('bypass');
    expect((await ask(chat('any'))).cache).toBe('miss');
    expect((await ask(chat('any'))).cache).toBe('hit');
  });

  test('what a provider stores', async () => {
    gateway = startGateway(config());
    expect((await ask(cold('fast', { store: true }))).cache).toBe('bypass');
    const respond = async (more: object): Promise<string | null> => {
      const body = { model: 'fast', input: 'Hi', temperature: 0, ...more };
      const headers = { authorization: 'Bearer mk-one' };
      const response = await gateway.post('/v1/responses', body, { headers });
      await response.text();
      return response.headers.get('x-llm-proxy-cache');
    };
    expect(await respond({})).toBe('bypass');
    expect(await respond({ store: false, previous_response_id: 'resp_1' })).toBe('bypass');
    expect(await respond({ store: false })).toBe('miss');
    expect(await respond({ store: false })).toBe('hit');
  });

  test('the client may want a new answer, or leave none behind', async () => {
    gateway = startGateway(config());
    const asking = async (control?: string): Promise<string | null> =>
      (await ask(cold('fast'), 'one', { headers: control === undefined ? {} : { 'cache-control': control } }))
        .cache;
    expect(await asking('no-store')).toBe('bypass');
    expect(await asking()).toBe('miss');
    expect(await asking('no-cache')).toBe('bypass');
    expect(await asking('max-age=600')).toBe('hit');
    expect(await asking('max-age=0')).toBe('bypass');
    expect(await asking('min-fresh=500')).toBe('hit');
    expect(await asking('min-fresh=700')).toBe('miss');
    expect(simulator.attempts).toHaveLength(5);
  });

  test('the client may want an answer of the cache, or none', async () => {
    gateway = startGateway(config());
    const headers = { 'cache-control': 'only-if-cached' };
    const refused = await ask(cold('fast'), 'one', { headers });
    expect([refused.status, refused.headers.get('x-should-retry')]).toEqual([504, 'false']);
    expect(refused.text).toContain('"not_cached"');
    expect((await ask(chat('fast', { temperature: 1 }), 'one', { headers })).status).toBe(504);
    expect(simulator.attempts).toHaveLength(0);
    await ask(cold('fast'));
    expect((await ask(cold('fast'), 'one', { headers })).cache).toBe('hit');
  });

  test('requests for a part of an answer, or on a condition', async () => {
    gateway = startGateway(config());
    for (const name of ['range', 'if-none-match'])
      expect((await ask(cold('fast'), 'one', { headers: { [name]: 'x' } })).cache).toBe('bypass');
    expect(gateway.app.answers.entries).toBe(0);
  });

  test('an answer that the provider says to depend on more than the request', async () => {
    const answer = {
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 1,
      model: 'm',
      choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
    };
    let vary = '*';
    const provider = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: () => Response.json(answer, { headers: { vary } }),
    });
    gateway = startGateway(config().replace(simulator.url, `http://127.0.0.1:${provider.port}`));
    try {
      for (const times of [1, 2]) expect([times, (await ask(cold('fast'))).cache]).toEqual([times, 'miss']);
      vary = 'origin, accept-encoding';
      expect((await ask(cold('fast'))).cache).toBe('miss');
      expect((await ask(cold('fast'))).cache).toBe('hit');
    } finally {
      await provider.stop(true);
    }
  });

  test('failures, answers of fallback models, and large ones are not kept', async () => {
    gateway = startGateway(config());
    for (const model of ['broken', 'replaced', 'large']) {
      const [first, second] = [await ask(cold(model)), await ask(cold(model))];
      expect([model, first.cache, second.cache]).toEqual([model, 'miss', 'miss']);
      expect(first.status).toBe(model === 'broken' ? 500 : 200);
    }
    expect(gateway.app.answers.entries).toBe(0);
  });

  test('a large stream is passed on whole, and not kept', async () => {
    gateway = startGateway(config());
    const first = await ask(cold('large', { stream: true }));
    expect(first.text.length).toBeGreaterThan(500_000);
    expect(first.text).toEndWith('data: [DONE]\n\n');
    expect((await ask(cold('large', { stream: true }))).cache).toBe('miss');
    expect(gateway.app.answers.entries).toBe(0);
  });

  test('a stream that breaks off', async () => {
    gateway = startGateway(config());
    for (let count = 1; count <= 2; count++) {
      const failed = ask(cold('cut', { stream: true }));
      await expect(failed).rejects.toThrow();
      expect(await gateway.ended(count)).toMatchObject({ ending: 'truncated', cache: 'miss' });
    }
    expect(gateway.app.answers.entries).toBe(0);
  });
});

describe('identical requests at once', () => {
  for (const engine of ['runtime', 'lean'] as const)
    for (const stream of [false, true])
      test(`make one call, ${stream ? 'streamed' : 'whole'}, on the ${engine} engine`, async () => {
        gateway = startGateway(config(), undefined, engine);
        const answers = await Promise.all(Array.from({ length: 200 }, () => ask(cold('slow', { stream }))));
        expect(simulator.attempts).toHaveLength(1);
        expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
        expect(answers.filter(({ cache }) => cache === 'miss')).toHaveLength(1);
        const ids = answers.map(({ headers }) => headers.get('x-llm-proxy-request-id'));
        expect(new Set(ids).size).toBe(200);
        await gateway.ended(200);
        const ends = gateway.events.filter((event) => event.type === 'request-ended');
        const leader = ends.find(({ cache }) => cache === 'miss');
        expect(leader?.cost?.nano).toBeGreaterThan(0);
        for (const end of ends.filter(({ cache }) => cache !== 'miss'))
          expect(end).toMatchObject({ ending: 'complete', cost: { nano: 0, savedNano: leader?.cost?.nano } });
      });

  test('share a failure', async () => {
    gateway = startGateway(config());
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask(cold('broken'))));
    expect(answers.every(({ status }) => status === 500)).toBe(true);
    await gateway.ended(5);
    const ends = gateway.events.filter((event) => event.type === 'request-ended');
    expect(ends.every(({ ending }) => ending === 'failed')).toBe(true);
  });

  test('are all told when the stream breaks off', async () => {
    gateway = startGateway(config());
    const told = async (): Promise<string> => {
      const headers = { authorization: 'Bearer mk-one' };
      const response = await gateway.post('/v1/chat/completions', cold('cut', { stream: true }), { headers });
      let text = '';
      const reading = async (): Promise<void> => {
        for await (const bytes of response.body as unknown as AsyncIterable<Uint8Array>)
          text += new TextDecoder().decode(bytes);
      };
      await expect(reading()).rejects.toThrow();
      return text;
    };
    const texts = await Promise.all([told(), told(), told()]);
    for (const text of texts) expect(text).toContain('upstream_truncated');
    await gateway.ended(3);
    const ends = gateway.events.filter((event) => event.type === 'request-ended');
    expect(ends.map(({ ending }) => ending)).toEqual(['truncated', 'truncated', 'truncated']);
  });

  test.each(['runtime', 'lean'] as const)(
    'go on when the first client leaves, on the %s engine',
    async (engine) => {
      gateway = startGateway(config(), undefined, engine);
      const leaving = new AbortController();
      const first = ask(cold('slow', { stream: true }), 'one', { signal: leaving.signal });
      await simulator.waitForAttempts(1);
      const second = ask(cold('slow', { stream: true }));
      await until(() => gateway.events.filter(({ type }) => type === 'request-received').length === 2);
      leaving.abort();
      await expect(first).rejects.toThrow();
      const answer = await second;
      expect(answer.cache).toBe('joined');
      expect(answer.text).toEndWith('data: [DONE]\n\n');
      expect(simulator.attempts).toHaveLength(1);
      await gateway.ended(2);
      const ends = gateway.events.filter((event) => event.type === 'request-ended');
      const leader = ends.find(({ cache }) => cache === 'miss');
      expect(leader?.ending).toBe('client-left');
      expect(leader?.cost?.nano).toBeGreaterThan(0);
      expect((await ask(cold('slow', { stream: true }))).cache).toBe('hit');
    },
  );

  test('end when the last client leaves', async () => {
    gateway = startGateway(config());
    const leaving = new AbortController();
    const asking = [1, 2].map(() => ask(cold('slow', { stream: true }), 'one', { signal: leaving.signal }));
    await until(() => gateway.events.filter(({ type }) => type === 'request-received').length === 2);
    await simulator.waitForAttempts(1);
    leaving.abort();
    for (const { status } of await Promise.allSettled(asking)) expect(status).toBe('rejected');
    await gateway.ended(2);
    const ends = gateway.events.filter((event) => event.type === 'request-ended');
    expect(ends.map(({ ending }) => ending)).toEqual(['client-left', 'client-left']);
    expect(gateway.app.answers.entries).toBe(0);
  });
});

describe('what is forgotten', () => {
  test('by a change of the model, and not by one of another', async () => {
    gateway = startGateway(config());
    expect((await ask(cold('fast'))).cache).toBe('miss');
    expect((await ask(cold('any'))).cache).toBe('miss');
    gateway.reconfigure(
      config().replace(
        'fast: { cache: { ttl: 600 }',
        'fast: { rewrite_response_model: true, cache: { ttl: 600 }',
      ),
    );
    expect(gateway.app.answers.entries).toBe(1);
    expect((await ask(cold('any'))).cache).toBe('hit');
    expect((await ask(cold('fast'))).cache).toBe('miss');
  });

  test('by a change of the key', async () => {
    gateway = startGateway(config());
    await ask(cold('fast'));
    await ask(cold('fast'), 'two');
    gateway.reconfigure(config().replace('key: mk-two', 'key: mk-two, allowed_models: [fast]'));
    expect((await ask(cold('fast'), 'two')).cache).toBe('miss');
    expect((await ask(cold('fast'))).cache).toBe('hit');
  });

  test('when the cache is switched off', async () => {
    gateway = startGateway(config());
    await ask(cold('fast'));
    gateway.reconfigure(config('{ enabled: false }'));
    expect((await ask(cold('fast'))).cache).toBeNull();
    expect(gateway.app.answers.entries).toBe(0);
  });

  test('by model, by key, or all, also what is under way', async () => {
    gateway = startGateway(config());
    const { answers } = gateway.app;
    for (const key of ['one', 'two']) for (const model of ['fast', 'any']) await ask(cold(model), key);
    expect(await answers.forget({ model: 'fast', key: 'one' })).toBe(1);
    expect(await answers.forget({ key: 'two' })).toBe(2);
    expect((await ask(cold('any'))).cache).toBe('hit');
    const asking = ask(cold('slow'));
    await simulator.waitForAttempts(5);
    expect(await answers.forget({})).toBe(1);
    await asking;
    expect(answers.entries).toBe(0);
  });
});

describe('limits', () => {
  test('count a hit as a request, and not its tokens', async () => {
    gateway = startGateway(config());
    await ask(cold('fast'), 'limited');
    await gateway.ended(1);
    const used = (kind: string): number | undefined => {
      const { claimsOf } = gateway.app.snapshot().limits;
      const { access } = gateway.app.snapshot();
      const key =
        access.kind === 'keys' ? [...access.keys.values()].find(({ id }) => id === 'limited') : undefined;
      const claim = claimsOf(key, 'fast').find((one) => one.kind === kind);
      const at = { nowMs: performance.now(), epochMs: Date.now() };
      return claim && gateway.app.counters.standing(claim, at)?.used;
    };
    const tokens = used('tokens');
    expect(tokens).toBeGreaterThan(0);
    const hit = await ask(cold('fast'), 'limited');
    expect([hit.cache, hit.headers.get('x-ratelimit-remaining-requests')]).toEqual(['hit', '0']);
    await gateway.ended(2);
    expect([used('requests'), used('tokens')]).toEqual([2, tokens]);
    expect((await ask(cold('fast'), 'limited')).status).toBe(429);
  });
});
