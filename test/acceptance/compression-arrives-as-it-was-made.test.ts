import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import * as zlib from 'node:zlib';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { startGateway, type TestGateway, until } from '../e2e/gateway.ts';
import { type Api, APIS, deltasOf } from './apis.ts';
import { ask, type Exchange, exchange, postOf } from './exchange.ts';
import { reportOf } from './report.ts';

const DECODERS: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
  identity: (bytes) => bytes,
  gzip: zlib.gunzipSync,
  deflate: zlib.inflateSync,
  br: zlib.brotliDecompressSync,
  zstd: zlib.zstdDecompressSync,
};

let simulator: Simulator;
let gateway: TestGateway;

beforeAll(async () => {
  simulator = await startSimulator({ words: 40 });
  gateway = startGateway(`
providers: [{ name: a, api_base: "${simulator.url}" }]
fallback: { cooldown_seconds: 0, retries: 0 }`);
});
beforeEach(() => simulator.reset());
afterAll(async () => {
  await gateway.stop();
  await simulator.stop();
});

const named = (coding: string, fault: string): string =>
  coding === 'identity' ? `mock/${fault}` : `mock/${coding}+${fault}`;

async function through(api: Api, model: string, more: Record<string, unknown> = {}): Promise<Exchange> {
  const { stream } = more;
  const usage =
    stream === true && api.path.endsWith('completions') ? { stream_options: { include_usage: true } } : {};
  const answer = ask(gateway.url, api, api.body(model, { ...more, ...usage }), {
    'accept-encoding': 'gzip, deflate, br, zstd',
  });
  expect(await answer.ended).toBe('whole');
  return answer;
}

/** The same request sent to the provider directly. */
async function direct(): Promise<Exchange> {
  const { path, body, headers } = simulator.attempts[0]!;
  const answer = exchange(
    simulator.url,
    postOf(path, body, { 'accept-encoding': headers['accept-encoding'] ?? '' }),
  );
  expect(await answer.ended).toBe('whole');
  return answer;
}

/** The body, decoded as the answer's header says. */
function decoded(answer: Exchange): string {
  const coding = answer.header('content-encoding') ?? 'identity';
  return Buffer.from(DECODERS[coding]!(answer.body())).toString();
}

describe.each(Object.keys(DECODERS))('%s', (coding) => {
  describe.each(APIS.map((api) => [api.name, api] as const))('on %s', (_, api) => {
    test('an answer has the provider’s own bytes and header, and its tokens are counted', async () => {
      const answer = await through(api, named(coding, 'ok'));
      expect(answer.status()).toBe(200);
      expect(answer.header('content-encoding') ?? 'identity').toBe(coding);
      expect(answer.body()).toEqual((await direct()).body());
      expect(api.textOf(JSON.parse(decoded(answer))).split(' ')).toHaveLength(40);
      expect((await reportOf(gateway, answer)).usage).toMatchObject({ outputTokens: 40 });
    });

    test('a stream can be read by its header, and its tokens are counted', async () => {
      const answer = await through(api, named(coding, 'ok'), { stream: true });
      expect(answer.header('content-type')).toStartWith('text/event-stream');
      expect(decoded(answer)).toBe(decoded(await direct()));
      expect(deltasOf(decoded(answer), api)).toHaveLength(40);
      expect((await reportOf(gateway, answer)).usage).toMatchObject({ outputTokens: 40 });
    });

    test.each([400, 413, 422, 429, 500, 503])(
      'an error %d has the provider’s own bytes and header',
      async (status) => {
        // A stream of Responses tells some errors as an event (docs/failure-contract.md).
        for (const more of api.name === 'responses' ? [{}] : [{}, { stream: true }]) {
          simulator.reset();
          const answer = await through(api, named(coding, String(status)), more);
          expect(answer.status()).toBe(status);
          expect(answer.header('content-encoding') ?? 'identity').toBe(coding);
          expect(answer.body()).toEqual((await direct()).body());
          expect(JSON.parse(decoded(answer))).toHaveProperty('error.message');
        }
      },
    );

    test('a stream is passed on as it comes', async () => {
      const model = named(coding, 'stall?after=3');
      const answer = ask(gateway.url, api, api.body(model, { stream: true }));
      // The provider says no more than this until its client leaves.
      await until(() => textSoFar(answer).split(/"content":"|"text":"|"delta":"/).length > 3);
      answer.leave();
      await until(() => simulator.attempts[0]?.closedByPeerAt);
    });

    test('a stream that is cut does not pass for whole', async () => {
      const answer = ask(gateway.url, api, api.body(named(coding, 'cut-clean?after=20'), { stream: true }));
      expect(await answer.ended).not.toBe('whole');
      expect(textSoFar(answer)).not.toMatch(api.saysWhole);
      expect((await reportOf(gateway, answer)).ending).toBe('truncated');
    });
  });

  test('an error page that is not JSON, a truncated and a long one are kept too', async () => {
    const [chat] = APIS;
    for (const kind of ['html', 'text', 'truncated', 'huge&bytes=200000']) {
      simulator.reset();
      const answer = await through(chat!, named(coding, `500?body=${kind}`));
      expect(answer.status()).toBe(500);
      expect(decoded(answer)).toBe(decoded(await direct()));
    }
  });
});

/** The readable text of an unfinished answer. */
function textSoFar(answer: Exchange): string {
  const coding = answer.header('content-encoding') ?? 'identity';
  if (coding === 'identity') return answer.text();
  const options = { finishFlush: zlib.constants.Z_SYNC_FLUSH };
  return Buffer.from(
    (DECODERS[coding] as (bytes: Uint8Array, options: object) => Uint8Array)(answer.body(), options),
  ).toString();
}

test('a body that only looks compressed is handed on, and is an error of the provider’s at most', async () => {
  const [chat] = APIS;
  const answer = await through(chat!, 'mock/gzip+500?body=empty');
  expect(answer.status()).toBe(500);
});
