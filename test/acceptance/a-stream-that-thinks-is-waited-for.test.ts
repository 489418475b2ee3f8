import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Socket } from 'node:net';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { startGateway, type TestGateway, until } from '../e2e/gateway.ts';
import { type Api, CHAT, eventsOf, MESSAGES_API, RESPONSES } from './apis.ts';
import { ask, type Exchange } from './exchange.ts';
import { fastClock, pass } from './fast-clock.ts';
import { reportOf } from './report.ts';
import {
  chunkedHead,
  chunkOf,
  LAST_CHUNK,
  type ScriptedProvider,
  startScriptedProvider,
} from './scripted-provider.ts';

/** Ten minutes, the timeout of Claude Code. */
const LONG_S = 600;

let provider: ScriptedProvider;
let simulator: Simulator;
let gateway: TestGateway;
/** Resolves once the client has seen a part of the stream. A thinking provider waits for it before it goes on. */
let seen: () => Promise<unknown> = () => Promise.resolve();

beforeAll(async () => {
  simulator = await startSimulator({ strict: true });
  provider = await startScriptedProvider((request, socket) => {
    const name = /"model":\s*"([^"]+)"/.exec(request)?.[1] ?? '';
    return (SCRIPTS[name] ?? SCRIPTS['silent'])?.(new Stream(socket));
  });
  const models = Object.keys(SCRIPTS).map(
    (name) =>
      `  "${name}": { routes: [{ provider: a, model: "${name}" }, { provider: b, model: proper, priority: 2 }] }`,
  );
  gateway = startGateway(
    `
providers:
  - { name: a, api_base: "${provider.url}" }
  - { name: b, api_base: "${simulator.url}" }
  - { name: held, api_base: "${provider.url}", timeouts: { commit_after: 0 } }
models:
${models.join('\n')}
  "held": { routes: [{ provider: held, model: pings-for-ever }, { provider: b, model: proper, priority: 2 }] }
fallback: { cooldown_seconds: 0, retries: 0 }`,
    fastClock,
  );
});
afterAll(async () => {
  await gateway.stop();
  await provider.stop();
  await simulator.stop();
});

class Stream {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed;
  }

  head(): void {
    this.#socket.write(chunkedHead('text/event-stream'));
  }

  data(...events: readonly object[]): void {
    for (const event of events) {
      const { type } = event as { type?: string };
      const name = type === undefined ? '' : `event: ${type}\n`;
      this.#socket.write(chunkOf(Buffer.from(`${name}data: ${JSON.stringify(event)}\n\n`)));
    }
  }

  comment(): void {
    this.#socket.write(chunkOf(Buffer.from(': keepalive\n\n')));
  }

  end(): void {
    this.#socket.write(LAST_CHUNK);
  }

  json(body: object): void {
    const text = JSON.stringify(body);
    this.#socket.write(
      `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
    );
  }
}

const chunk = (delta: object, finish: string | null = null): object => ({
  object: 'chat.completion.chunk',
  choices: [{ index: 0, delta, finish_reason: finish }],
});
const START = { type: 'message_start', message: { id: 'msg_1', role: 'assistant', content: [] } };
const THINKING = {
  type: 'content_block_start',
  index: 0,
  content_block: { type: 'thinking', thinking: '', signature: '' },
};
const PING = { type: 'ping' };
const CREATED = {
  type: 'response.created',
  sequence_number: 0,
  response: { id: 'resp_1', status: 'in_progress' },
};
const REASONING = {
  type: 'response.output_item.added',
  sequence_number: 1,
  item: { type: 'reasoning', summary: [] },
};

function messageEnd(stream: Stream): void {
  stream.data(
    { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: 'c2ln' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: 'thought' } },
    { type: 'content_block_stop', index: 1 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 3 } },
    { type: 'message_stop' },
  );
  stream.end();
}

function responseEnd(stream: Stream): void {
  stream.data(
    { type: 'response.output_text.delta', sequence_number: 2, delta: 'thought' },
    { type: 'response.completed', sequence_number: 3, response: { id: 'resp_1', status: 'completed' } },
  );
  stream.end();
}

/** A sign of life every so often, for so long. */
async function every(seconds: number, forSeconds: number, sign: () => void): Promise<void> {
  for (let at = 0; at < forSeconds; at += seconds) {
    await pass(seconds);
    sign();
  }
}

const SCRIPTS: Readonly<Record<string, (stream: Stream) => void | Promise<void>>> = {
  silent: () => undefined,
  'only a head': (stream) => stream.head(),
  'omitted thinking': async (stream) => {
    stream.head();
    stream.data(START, THINKING);
    await every(30, LONG_S, () => stream.data(PING));
    messageEnd(stream);
  },
  'omitted thinking without pings': async (stream) => {
    stream.head();
    stream.data(START, THINKING);
    await seen();
    messageEnd(stream);
  },
  'reasoning in silence': async (stream) => {
    stream.head();
    stream.data(CREATED, REASONING);
    await pass(LONG_S);
    responseEnd(stream);
  },
  'reasoning with comments': async (stream) => {
    stream.head();
    stream.data(CREATED, REASONING);
    await every(30, LONG_S, () => stream.comment());
    responseEnd(stream);
  },
  'reasoning between two texts': async (stream) => {
    stream.head();
    stream.data(
      CREATED,
      { type: 'response.output_text.delta', sequence_number: 1, delta: 'first ' },
      REASONING,
    );
    await pass(LONG_S);
    responseEnd(stream);
  },
  'comments for ten minutes': async (stream) => {
    stream.head();
    await every(60, LONG_S, () => stream.comment());
    stream.data(chunk({ role: 'assistant', content: '' }), chunk({ content: 'thought' }), chunk({}, 'stop'));
    stream.end();
  },
  'a role, then silence': (stream) => {
    stream.head();
    stream.data(chunk({ role: 'assistant', content: '' }));
  },
  'created, then silence': (stream) => {
    stream.head();
    stream.data(CREATED);
  },
  'a start, then silence': (stream) => {
    stream.head();
    stream.data(START);
  },
  'pings-for-ever': async (stream) => {
    stream.head();
    stream.data(START, THINKING);
    while (stream.isOpen) {
      await pass(30);
      stream.data(PING);
    }
  },
  'four minutes at once': async (stream) => {
    await pass(240);
    stream.json({
      object: 'chat.completion',
      data: [],
      choices: [{ message: { content: 'thought' }, finish_reason: 'stop' }],
    });
  },
};

async function asked(api: Api, model: string, stream = true): Promise<Exchange> {
  const answer = ask(gateway.url, api, api.body(model, { stream }));
  await answer.ended;
  return answer;
}

async function providersOf(answer: Exchange): Promise<string[]> {
  return (await reportOf(gateway, answer)).history.map(({ route }) => route.provider);
}

describe('ten minutes without a word are waited for, with the limits as they are:', () => {
  test.concurrent.each([
    ['omitted thinking', MESSAGES_API],
    ['reasoning in silence', RESPONSES],
    ['reasoning with comments', RESPONSES],
    ['reasoning between two texts', RESPONSES],
    ['comments for ten minutes', CHAT],
  ] as const)('%s', async (model, api) => {
    const answer = await asked(api, model);
    expect(await answer.ended).toBe('whole');
    expect(answer.status()).toBe(200);
    expect(answer.text()).toContain('thought');
    expect(answer.text()).toMatch(api.saysWhole);
    expect(await providersOf(answer)).toEqual(['a']);
  });
});

test('a thinking stream goes to the client before its first content', async () => {
  let answer: Exchange | undefined;
  seen = () => until(() => (answer?.text() ?? '').includes('"thinking"'));
  answer = ask(
    gateway.url,
    MESSAGES_API,
    MESSAGES_API.body('omitted thinking without pings', { stream: true }),
  );
  expect(await answer.ended).toBe('whole');
  expect(answer.text()).toContain('thought');
  expect(await providersOf(answer)).toEqual(['a']);
  expect(answer.text()).toMatch(MESSAGES_API.saysWhole);
});

describe('a route that is silent is left:', () => {
  test.concurrent.each([
    ['silent', CHAT],
    ['only a head', CHAT],
    ['a role, then silence', CHAT],
    ['created, then silence', RESPONSES],
    ['a start, then silence', MESSAGES_API],
  ] as const)('%s', async (model, api) => {
    const answer = await asked(api, model);
    expect(answer.status()).toBe(200);
    expect(answer.text()).toMatch(api.saysWhole);
    const { history } = await reportOf(gateway, answer);
    expect(history[0]?.outcome).toEqual({ kind: 'timed-out', phase: 'first-byte' });
    expect(history.map(({ route }) => route.provider)).toEqual(['a', 'b']);
  });
});

test.concurrent('a stream that lives for ever without content is told as broken in the end', async () => {
  const answer = await asked(MESSAGES_API, 'pings-for-ever');
  expect(answer.status()).toBe(200);
  expect(await answer.ended).not.toBe('whole');
  const last = eventsOf(answer.text()).at(-1)!;
  expect(MESSAGES_API.isError(last)).toBe(true);
  expect(last.data).toContain('thinking limit');
}, 180_000);

test.concurrent('held back without end, it is left for the next route after thinking_timeout', async () => {
  const answer = await asked(MESSAGES_API, 'held');
  expect(answer.text()).toMatch(MESSAGES_API.saysWhole);
  const { history } = await reportOf(gateway, answer);
  expect(history[0]?.outcome).toEqual({ kind: 'timed-out', phase: 'thinking' });
}, 180_000);

describe('an answer that comes at once after four minutes', () => {
  test.concurrent('is waited for where it is generated', async () => {
    const answer = await asked(CHAT, 'four minutes at once', false);
    expect(answer.text()).toContain('thought');
    expect(await providersOf(answer)).toEqual(['a']);
  });

  test.concurrent('is not waited for elsewhere', async () => {
    const answer = ask(
      gateway.url,
      { path: '/v1/embeddings' },
      { model: 'four minutes at once', input: 'x' },
    );
    await answer.ended;
    expect(await providersOf(answer)).toEqual(['a', 'b']);
  });
});
