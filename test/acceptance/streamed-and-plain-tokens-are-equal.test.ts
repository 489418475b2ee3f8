import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { RequestEnded } from '../../src/gateway/events.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { startGateway, type TestGateway } from '../e2e/gateway.ts';
import { type Api, APIS, CHAT, COMPLETIONS, eventsOf, MESSAGES_API, RESPONSES } from './apis.ts';
import { ask, type Exchange } from './exchange.ts';
import { reportOf } from './report.ts';
import {
  chunkedHead,
  chunkOf,
  LAST_CHUNK,
  type ScriptedProvider,
  startScriptedProvider,
} from './scripted-provider.ts';

let simulator: Simulator;
let scripted: ScriptedProvider;
let gateway: TestGateway;

beforeAll(async () => {
  simulator = await startSimulator({ words: 33 });
  scripted = await startScriptedProvider((request, socket) => {
    const script = /"user":"([\w-]+)"/.exec(request)?.[1] ?? '';
    socket.write(chunkedHead('text/event-stream'));
    for (const event of SCRIPTS[script] ?? []) socket.write(chunkOf(Buffer.from(`data: ${event}\n\n`)));
    socket.write(LAST_CHUNK);
  });
  gateway = startGateway(`
providers:
  - { name: a, api_base: "${simulator.url}", model_mapping: { "mock/*": "*" } }
  - { name: polite, api_base: "${simulator.url}", stream_usage: passthrough, model_mapping: { polite: plain } }
  - { name: scripted, api_base: "${scripted.url}", model_mapping: { scripted: m } }`);
});
afterAll(async () => {
  await gateway.stop();
  await scripted.stop();
  await simulator.stop();
});

const CHUNK =
  '{"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}]';
const FINISH =
  '{"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]';
const USAGE = '"usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18}';
const ZEROS = '"usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}';

/** Streams that the simulator does not play. An empty usage report must not cancel or replace a real one. */
const SCRIPTS: Readonly<Record<string, readonly string[]>> = {
  'null-after-usage': [`${CHUNK},${USAGE}}`, `${FINISH},"usage":null}`, '[DONE]'],
  'zeros-before-usage': [`${CHUNK},${ZEROS}}`, `${FINISH}}`, `{"choices":[],${USAGE}}`, '[DONE]'],
  'zeros-after-usage': [`${CHUNK}}`, `${FINISH},${USAGE}}`, `{"choices":[],${ZEROS}}`, '[DONE]'],
  'usage-after-done': [`${CHUNK}}`, `${FINISH}}`, '[DONE]', `{"choices":[],${USAGE}}`],
  'usage-before-content': [`{"choices":[],${USAGE}}`, `${CHUNK}}`, `${FINISH}}`, '[DONE]'],
  'odd-white-space': [
    `${CHUNK}}`,
    `${FINISH}, "usage" : { "prompt_tokens" : 11 , "completion_tokens":7,"total_tokens":18 } }`,
    '[DONE]',
  ],
};

async function reported(
  api: Api,
  model: string,
  more: Record<string, unknown>,
): Promise<{ answer: Exchange; report: RequestEnded }> {
  const answer = ask(gateway.url, api, api.body(model, more));
  expect(await answer.ended).toBe('whole');
  expect(answer.status()).toBe(200);
  return { answer, report: await reportOf(gateway, answer) };
}

/** The request has three words and the answer 33. */
const TOKENS = { inputTokens: 3, outputTokens: 33, totalTokens: 36 };

describe.each(APIS.map((api) => [api.name, api] as const))('%s', (_, api) => {
  test('reports the same tokens streamed and not, whether the client asks for them or not', async () => {
    const plain = await reported(api, 'mock/ok', {});
    const streamed = await reported(api, 'mock/ok', { stream: true });
    expect(plain.report.usage).toMatchObject(TOKENS);
    expect(streamed.report.usage).toMatchObject(TOKENS);
    expect(streamed.report.isUsageEstimated ?? false).toBe(false);
    expect(plain.report.isUsageEstimated ?? false).toBe(false);
  });

  test.each([
    'gzip',
    'deflate',
    'br',
    'zstd',
    'crlf',
    'cr',
    'no-space',
    'multi-line',
    'chunks',
    'comments',
    'pings',
    'unicode',
    'reasoning',
  ])('reports the same tokens for %s', async (manner) => {
    const plain = await reported(api, `mock/${manner}`, {});
    const streamed = await reported(api, `mock/${manner}`, { stream: true });
    expect(streamed.report.usage).toEqual(plain.report.usage);
    expect(streamed.report.usage?.outputTokens).toBeGreaterThanOrEqual(33);
  });
});

describe.each([CHAT, COMPLETIONS].map((api) => [api.name, api] as const))('a stream of %s', (_, api) => {
  const places = [
    'usage-own',
    'usage-last',
    'usage-finish',
    'usage-cumulative',
    'usage-split',
    'usage-x-groq',
  ];
  test.each(places)('reports what a provider says by %s', async (place) => {
    const { report } = await reported(api, `mock/${place}`, { stream: true });
    expect(report.usage).toMatchObject(TOKENS);
    expect(report.isUsageEstimated ?? false).toBe(false);
  });

  test.each(places)(
    'reports the same where it comes by %s, a byte at a time and compressed',
    async (place) => {
      for (const manner of ['chunks', 'gzip', 'crlf']) {
        const { report } = await reported(api, `mock/${place}+${manner}`, { stream: true });
        expect(report.usage).toMatchObject(TOKENS);
      }
    },
  );

  test('that reports nothing is estimated, and says so', async () => {
    const { report } = await reported(api, 'mock/usage-absent', { stream: true });
    expect(report.isUsageEstimated).toBe(true);
    expect(report.usage?.inputTokens).toBeGreaterThan(0);
    // 33 short words are about as many tokens.
    expect(report.usage?.outputTokens).toBeWithin(15, 100);
  });

  test('shows its client the extra usage only where it asked', async () => {
    const asked = await reported(api, 'mock/ok', { stream: true, stream_options: { include_usage: true } });
    const silent = await reported(api, 'mock/ok', { stream: true });
    const declined = await reported(api, 'mock/ok', {
      stream: true,
      stream_options: { include_usage: false },
    });
    const shown = ({ answer }: { answer: Exchange }): boolean =>
      eventsOf(answer.text()).some(({ data }) => data.includes('"prompt_tokens"'));
    expect([asked, silent, declined].map(shown)).toEqual([true, false, false]);
    expect(silent.answer.text()).toEndWith('data: [DONE]\n\n');
    expect(silent.report.usage).toMatchObject(TOKENS);
  });

  test('of a provider that must not be asked for usage is sent as it is, and estimated', async () => {
    const { report } = await reported(api, 'polite', { stream: true });
    expect(Buffer.from(simulator.attempts.at(-1)?.body ?? []).toString()).not.toContain('stream_options');
    expect(report.isUsageEstimated).toBe(true);
    expect(report.usage?.outputTokens).toBeGreaterThan(0);
  });
});

describe.each([RESPONSES, MESSAGES_API].map((api) => [api.name, api] as const))(
  'a stream of %s',
  (_, api) => {
    test('is sent as the client wrote it: usage is not asked for', async () => {
      await reported(api, 'mock/ok', { stream: true });
      expect(Buffer.from(simulator.attempts.at(-1)?.body ?? []).toString()).not.toContain('stream_options');
    });
  },
);

test.each(Object.keys(SCRIPTS))('a report of nothing is never taken for 0 tokens: %s', async (user) => {
  const { report } = await reported(CHAT, 'scripted', { stream: true, user });
  expect(report.usage).toMatchObject({ inputTokens: 11, outputTokens: 7, totalTokens: 18 });
});

test.each([true, false])(
  'an answer that reports no usage at all is never 0 tokens (stream: %p)',
  async (stream) => {
    const { report } = await reported(CHAT, 'mock/usage-absent', { stream });
    expect(report.usage?.inputTokens).toBeGreaterThan(0);
    expect(report.usage?.outputTokens).toBeGreaterThan(0);
  },
);

test('a stream that was cut is counted as far as it came', async () => {
  const answer = ask(gateway.url, CHAT, CHAT.body('mock/cut-clean?after=20', { stream: true }));
  await answer.ended;
  const report = await reportOf(gateway, answer);
  expect(report.isUsageEstimated).toBe(true);
  expect(report.usage?.outputTokens).toBeGreaterThan(0);
});
