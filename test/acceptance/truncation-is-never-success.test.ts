import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { startGateway, type TestGateway } from '../e2e/gateway.ts';
import { type Api, APIS, deltasOf, eventsOf } from './apis.ts';
import { ask, type Exchange } from './exchange.ts';
import { reportOf } from './report.ts';

let simulator: Simulator;
let gateway: TestGateway;

beforeAll(async () => {
  simulator = await startSimulator({ words: 60 });
  gateway = startGateway(`
providers:
  - { name: a, api_base: "${simulator.url}", timeouts: { idle_timeout: 0.5 }, model_mapping: { "mock/*": "*" } }
  - { name: patient, api_base: "${simulator.url}", model_mapping: { "open*": "*" } }
fallback: { cooldown_seconds: 0, retry_backoff: 0.01 }`);
});
afterAll(async () => {
  await gateway.stop();
  await simulator.stop();
});

async function streamed(api: Api, model: string): Promise<Exchange> {
  const exchange = ask(gateway.url, api, api.body(model, { stream: true }));
  await exchange.ended;
  return exchange;
}

/**
 * A stream of which something has reached the client. On a busy machine the end of a connection may be seen together
 * with all that came before it: then nothing is lost by an error with a status, and the next one is looked at.
 */
async function begun(api: Api, model: string): Promise<Exchange> {
  for (let count = 1; ; count++) {
    const exchange = await streamed(api, model);
    if (exchange.status() === 200 || count === 10) return exchange;
    expect(exchange.status()).toBe(502);
  }
}

/** Cuts after 40 of 60 tokens. The pace sees to it that there was an answer before the end of the connection came. */
const CUTS: Readonly<Record<string, string>> = {
  'a RST': 'mock/cut-rst?after=40&pace=400',
  'a RST within an event': 'mock/cut-rst?after=40&half=1&pace=400',
  'a FIN': 'mock/cut-fin?after=40&pace=400',
  'a FIN within an event': 'mock/cut-fin?after=40&half=1&pace=400',
  'a FIN within an HTTP chunk': 'mock/cut-chunk?after=40&pace=400',
  'a clean end without the word for it': 'mock/cut-clean?after=40',
  'a clean end within an event': 'mock/cut-clean?after=40&half=1',
  silence: 'mock/stall?after=40',
  'a FIN, compressed': 'mock/gzip+cut-fin?after=40&pace=400',
  'a clean end, compressed': 'mock/br+cut-clean?after=40&half=1',
  'a clean end, one byte at a time': 'mock/chunks+cut-clean?after=40&half=1&bytes=40',
};

describe.each(APIS.map((api) => [api.name, api] as const))('a stream of %s', (_, api) => {
  test.concurrent.each(Object.entries(CUTS))(
    'that is cut by %s is told as an error and broken off',
    async (_, model) => {
      const exchange = await begun(api, model);
      expect(exchange.status()).toBe(200);
      expect(await exchange.ended).not.toBe('whole');
      expect(exchange.text()).not.toMatch(api.saysWhole);
      const events = eventsOf(exchange.text());
      expect(events.filter((event) => api.isError(event))).toHaveLength(1);
      expect(api.isError(events.at(-1)!)).toBe(true);
      const deltas = deltasOf(exchange.text(), api);
      // Bytes that arrive together with the end of a connection may be lost with it.
      expect(deltas.length).toBeWithin(model.includes('clean') ? 40 : 1, 41);
      expect((await reportOf(gateway, exchange)).ending).toBe('truncated');
    },
  );

  test('that ends with the error of its provider passes this on, once, and ends in order behind it', async () => {
    const exchange = await streamed(api, 'mock/error-mid?after=40');
    expect(await exchange.ended).toBe('whole');
    expect(exchange.text()).not.toMatch(api.saysWhole);
    const events = eventsOf(exchange.text());
    expect(events.filter((event) => api.isError(event))).toHaveLength(1);
    expect(deltasOf(exchange.text(), api)).toHaveLength(40);
    expect((await reportOf(gateway, exchange)).ending).toBe('truncated');
  });

  test('that says [DONE] after the error of its provider does not pass for whole', async () => {
    const exchange = await streamed(api, 'mock/error-mid?after=40&done=1');
    expect(await exchange.ended).toBe('whole');
    expect(exchange.text()).not.toMatch(api.saysWhole);
    expect(api.isError(eventsOf(exchange.text()).at(-1)!)).toBe(true);
    expect((await reportOf(gateway, exchange)).ending).toBe('truncated');
  });

  test('that is whole is none of this', async () => {
    const exchange = await streamed(api, 'mock/ok');
    expect(await exchange.ended).toBe('whole');
    expect(exchange.text()).toMatch(api.saysWhole);
    expect(deltasOf(exchange.text(), api)).toHaveLength(60);
    expect((await reportOf(gateway, exchange)).ending).toBe('complete');
  });

  test.concurrent.each(['as fast as it can be', 'slowly'])(
    'that is whole (%s), but whose connection stays open, is ended soon and is complete',
    async (speed) => {
      const pace = speed === 'slowly' ? 1000 : 0;
      const exchange = ask(gateway.url, api, api.body(`open?pace=${pace}`, { stream: true }), {
        'x-mock-fault': `done-open?pace=${pace}`,
      });
      expect(await Promise.race([exchange.ended, Bun.sleep(60_000)])).toBe('whole');
      expect(exchange.text()).toMatch(api.saysWhole);
      expect((await reportOf(gateway, exchange)).ending).toBe('complete');
    },
  );

  test.each(['mock/cut-rst', 'mock/cut-fin', 'mock/cut-chunk', 'mock/cut-clean', 'mock/broken-json'])(
    'and an answer that is not streamed: cut (%s), it is an error with a status',
    async (model) => {
      const exchange = ask(gateway.url, api, api.body(model));
      expect(await exchange.ended).toBe('whole');
      expect(exchange.status()).toBe(502);
      expect(JSON.parse(exchange.text())).toMatchObject({ error: { message: expect.any(String) } });
      expect((await reportOf(gateway, exchange)).ending).toBe('failed');
    },
  );
});

test('bytes whose end is known by their framing alone are not whole when the framing is cut', async () => {
  const speech = { path: '/v1/audio/speech' };
  const exchange = ask(gateway.url, speech, { model: 'mock/drip+cut-fin?bytes=50&ms=20', input: 'Say it' });
  expect(await exchange.ended).not.toBe('whole');
  expect(exchange.status()).toBe(200);
  expect(exchange.received()).toBeGreaterThan(0);
  expect((await reportOf(gateway, exchange)).ending).toBe('truncated');
});
