import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { startGateway, type TestGateway } from '../e2e/gateway.ts';
import { type Api, APIS, CHAT, COMPLETIONS, MESSAGES_API, RESPONSES } from './apis.ts';
import { ask, exchange, postOf } from './exchange.ts';
import { reportOf } from './report.ts';
import {
  chunkedHead,
  chunkOf,
  LAST_CHUNK,
  type ScriptedProvider,
  startScriptedProvider,
} from './scripted-provider.ts';

/** Two-, three- and four-byte characters, a joined emoji, and text that only looks like a line end or a field. */
const WORDS = ['é你', '👩‍👩‍👧\u2028data: x\\n\\n'];

interface Shape {
  readonly api: Api;
  readonly events: readonly (readonly [name: string, data: string])[];
  readonly usage: Record<string, number>;
}

const quoted = WORDS.map((word) => JSON.stringify(word));
const SHAPES: readonly Shape[] = [
  {
    api: CHAT,
    events: [
      ['', '{"choices":[{"index":0,"delta":{"role":"assistant"}}],"model":"up"}'],
      ...quoted.map(
        (word) => ['', `{"choices":[{"index":0,"delta":{"content":${word}}}],"model":"up"}`] as const,
      ),
      ['', '{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"model":"up"}'],
      ['', '{"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":9,"total_tokens":14}}'],
      ['', '[DONE]'],
    ],
    usage: { inputTokens: 5, outputTokens: 9 },
  },
  {
    api: COMPLETIONS,
    events: [
      ...quoted.map((word) => ['', `{"choices":[{"index":0,"text":${word}}],"model":"up"}`] as const),
      [
        '',
        '{"choices":[{"index":0,"text":"","finish_reason":"length"}],"usage":{"prompt_tokens":5,"completion_tokens":9}}',
      ],
      ['', '[DONE]'],
    ],
    usage: { inputTokens: 5, outputTokens: 9 },
  },
  {
    api: RESPONSES,
    events: [
      ['response.created', '{"type":"response.created","response":{"model":"up"}}'],
      ...quoted.map(
        (word) =>
          ['response.output_text.delta', `{"type":"response.output_text.delta","delta":${word}}`] as const,
      ),
      [
        'response.completed',
        `{"type":"response.completed","response":{"model":"up","output":[${quoted.join(',')}],"usage":{"input_tokens":5,"output_tokens":9}}}`,
      ],
    ],
    usage: { inputTokens: 5, outputTokens: 9 },
  },
  {
    api: MESSAGES_API,
    events: [
      [
        'message_start',
        '{"type":"message_start","message":{"model":"up","usage":{"input_tokens":5,"output_tokens":1}}}',
      ],
      [
        'content_block_start',
        '{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}',
      ],
      ...quoted.map(
        (word) =>
          [
            'content_block_delta',
            `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":${word}}}`,
          ] as const,
      ),
      [
        'message_delta',
        '{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":9}}',
      ],
      ['message_stop', '{"type":"message_stop"}'],
    ],
    usage: { inputTokens: 5, outputTokens: 9 },
  },
];

type Framing = (name: string, data: string) => string;

/** Valid ways to write an event. */
const FRAMINGS: Readonly<Record<string, Framing>> = {
  LF: (name, data) => `${name && `event: ${name}\n`}data: ${data}\n\n`,
  'CR LF': (name, data) => `${name && `event: ${name}\r\n`}data: ${data}\r\n\r\n`,
  CR: (name, data) => `${name && `event: ${name}\r`}data: ${data}\r\r`,
  'no space, comments and other fields': (name, data) =>
    `: ping\n\nid:7\nretry:10\n${name && `event:${name}\n`}data:${data}\n:c\n\n`,
  'data on several lines': (name, data) =>
    `${name && `event: ${name}\n`}${data
      .split(/(?<=[,{])(?=")/)
      .map((line) => `data: ${line}\n`)
      .join('')}\n`,
};

let simulator: Simulator;
let provider: ScriptedProvider;
let gateway: TestGateway;
/** The provider's next bytes, by the number that a request carries. */
const scripts = new Map<string, readonly Uint8Array[]>();
let scriptCount = 0;

beforeAll(async () => {
  simulator = await startSimulator({ strict: true });
  provider = await startScriptedProvider(async (request, socket) => {
    socket.write(chunkedHead('text/event-stream'));
    for (const piece of scripts.get(/"script":"(\d+)"/.exec(request)?.[1] ?? '') ?? []) {
      socket.write(chunkOf(piece));
      // A turn of the event loop between two pieces lets each be read by itself.
      await new Promise((resolve) => setImmediate(resolve));
    }
    socket.write(LAST_CHUNK);
  });
  gateway = startGateway(`
providers:
  - { name: scripted, api_base: "${provider.url}", model_mapping: { scripted: up, renamed: up } }
  - { name: a, api_base: "${simulator.url}", model_mapping: { "mock/*": "*" } }`);
});
afterAll(async () => {
  await gateway.stop();
  await provider.stop();
  await simulator.stop();
});

/** The gateway's output when the provider sends these pieces. */
async function through(api: Api, pieces: readonly Uint8Array[]): Promise<{ bytes: Buffer; usage: unknown }> {
  const script = String(scriptCount++);
  scripts.set(script, pieces);
  const asks = api.path.endsWith('completions') ? { stream_options: { include_usage: true } } : {};
  const answer = ask(gateway.url, api, api.body('scripted', { stream: true, script, ...asks }));
  expect(await answer.ended).toBe('whole');
  scripts.delete(script);
  return { bytes: answer.body(), usage: (await reportOf(gateway, answer)).usage };
}

/** Runs this many at a time, because there are many offsets and each needs a connection. */
async function eachOf(count: number, run: (number: number) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      while (next < count) await run(next++);
    }),
  );
}

describe.each(SHAPES.map((shape) => [shape.api.name, shape] as const))(
  'a stream of %s',
  (_, { api, events, usage }) => {
    describe.each(Object.entries(FRAMINGS))('written with %s', (_, framing) => {
      const whole = Buffer.from(events.map(([name, data]) => framing(name, data)).join(''));

      // The cuts are found in the same way for every API: the rarer framings need only one of them.
      const isCutAnywhere = framing === FRAMINGS['LF'] || api === RESPONSES;

      if (isCutAnywhere)
        test('arrives with its bytes and its usage, cut in two at any byte', async () => {
          const broken: number[] = [];
          await eachOf(whole.length + 1, async (offset) => {
            const result = await through(
              api,
              [whole.subarray(0, offset), whole.subarray(offset)].filter(({ length }) => length > 0),
            );
            if (!result.bytes.equals(whole)) broken.push(offset);
            expect(result.usage).toMatchObject(usage);
          });
          expect(broken).toEqual([]);
        });

      test('arrives with its bytes and its usage, one byte at a time', async () => {
        const result = await through(
          api,
          Array.from(whole, (_, at) => whole.subarray(at, at + 1)),
        );
        expect(result.bytes.toString()).toBe(whole.toString());
        expect(result.usage).toMatchObject(usage);
      });
    });
  },
);

describe.each(APIS.map((api) => [api.name, api] as const))('what the provider sends on %s', (_, api) => {
  test.each([
    'unicode',
    'unicode+chunks',
    'unicode+chunks?bytes=3',
    'unicode+crlf+chunks',
    'unicode+cr+chunks',
    'unicode+no-space+chunks',
    'unicode+multi-line+chunks',
    'unicode+comments+chunks',
    'unicode+pings+chunks',
  ])('is what comes out: %s', async (fault) => {
    const asks = api.path.endsWith('completions') ? { stream_options: { include_usage: true } } : {};
    const answer = ask(gateway.url, api, api.body(`mock/${fault}`, { stream: true, ...asks }));
    expect(await answer.ended).toBe('whole');
    const direct = exchange(simulator.url, postOf(api.path, simulator.attempts.at(-1)?.body ?? ''));
    await direct.ended;
    expect(answer.text()).toBe(direct.text());
  });
});

test('the model is renamed in a stream that is cut at any byte, and nothing else is', async () => {
  gateway.reconfigure(`
rewrite_response_model: true
providers: [{ name: scripted, api_base: "${provider.url}", model_mapping: { scripted: up } }]`);
  for (const { api, events } of SHAPES) {
    const whole = Buffer.from(events.map(([name, data]) => FRAMINGS['LF']!(name, data)).join(''));
    const renamed = whole.toString().replaceAll('"model":"up"', '"model":"scripted"');
    await eachOf(Math.ceil(whole.length / 3), async (third) => {
      const { bytes } = await through(
        api,
        [whole.subarray(0, third * 3), whole.subarray(third * 3)].filter(({ length }) => length > 0),
      );
      expect(bytes.toString()).toBe(renamed);
    });
  }
});
