import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createFrameReader } from '../../../src/translation/carriage/event-stream.ts';
import { FAULTS } from '../../../src/simulator/fault-table.ts';
import { type Simulator, startSimulator } from '../../../src/simulator/simulator.ts';
import { exchange, post, type RawAnswer } from './raw-client.ts';

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator({ words: 12 });
});
afterAll(() => simulator.stop());

interface Api {
  readonly path: (model: string) => string;
  readonly body: (model: string) => Record<string, unknown>;
  readonly isEnded: (answer: RawAnswer) => boolean;
}

const id = encodeURIComponent;
const vertex = '/v1/projects/p/locations/global/publishers';
const user = [{ role: 'user', content: 'hi' }];
const contents = [{ role: 'user', parts: [{ text: 'hi' }] }];
const converse = [{ role: 'user', content: [{ text: 'hi' }] }];
const has = (text: string) => (answer: RawAnswer) => answer.text.includes(text);

const STREAMS: Readonly<Record<string, Api>> = {
  chat: {
    path: () => '/v1/chat/completions',
    body: (model) => ({ model, stream: true, messages: user }),
    isEnded: has('[DONE]'),
  },
  completions: {
    path: () => '/v1/completions',
    body: (model) => ({ model, stream: true, prompt: 'hi' }),
    isEnded: has('[DONE]'),
  },
  responses: {
    path: () => '/v1/responses',
    body: (model) => ({ model, stream: true, input: 'hi' }),
    isEnded: has('"response.completed"'),
  },
  messages: {
    path: () => '/v1/messages',
    body: (model) => ({ model, stream: true, max_tokens: 99, messages: user }),
    isEnded: has('message_stop'),
  },
  gemini: {
    path: (model) => `/v1beta/models/${id(model)}:streamGenerateContent?alt=sse`,
    body: () => ({ contents }),
    isEnded: has('"finishReason":"STOP"'),
  },
  'gemini as an array': {
    path: (model) => `/v1beta/models/${id(model)}:streamGenerateContent`,
    body: () => ({ contents }),
    isEnded: (answer) => /\]\s*$/.test(bodyOf(answer).toString().trimEnd()),
  },
  'gemini at Vertex AI': {
    path: (model) => `${vertex}/google/models/${id(model)}:streamGenerateContent?alt=sse`,
    body: () => ({ contents }),
    isEnded: has('"finishReason":"STOP"'),
  },
  'claude at Vertex AI': {
    path: (model) => `${vertex}/anthropic/models/${id(model)}:streamRawPredict`,
    body: () => ({ anthropic_version: 'vertex-2023-10-16', stream: true, max_tokens: 99, messages: user }),
    isEnded: has('message_stop'),
  },
  converse: {
    path: (model) => `/model/${id(model)}/converse-stream`,
    body: () => ({ messages: converse }),
    isEnded: has('messageStop'),
  },
  'claude at Bedrock': {
    path: (model) => `/model/${id(model)}/invoke-with-response-stream`,
    body: () => ({ anthropic_version: 'bedrock-2023-05-31', max_tokens: 99, messages: user }),
    isEnded: (answer) => answer.text.includes(Buffer.from('{"type":"message_stop"}').toString('base64')),
  },
};

function ask(api: Api | undefined, model: string, waitMs?: number): Promise<RawAnswer> {
  if (api === undefined) throw new Error('no such API');
  const headers = { connection: 'close', authorization: 'Bearer k' };
  return exchange(simulator.port, post(api.path(model), api.body(model), headers), waitMs);
}

/** The body of an answer in HTTP chunks. */
function bodyOf({ bytes }: RawAnswer): Buffer {
  let rest = bytes.subarray(bytes.indexOf('\r\n\r\n') + 4);
  const pieces: Buffer[] = [];
  for (;;) {
    const end = rest.indexOf('\r\n');
    const size = end === -1 ? 0 : Number.parseInt(rest.subarray(0, end).toString(), 16);
    if (!(size > 0)) return Buffer.concat(pieces);
    pieces.push(rest.subarray(end + 2, end + 2 + size));
    rest = rest.subarray(end + 4 + size);
  }
}

const apis = Object.entries(STREAMS);

describe.each(apis)('%s:', (name, api) => {
  test('a stream reaches its end', async () => {
    const answer = await ask(api, 'mock/ok');
    expect(answer.text).toStartWith('HTTP/1.1 200');
    expect([api.isEnded(answer), answer.ending]).toEqual([true, 'fin']);
  });

  test.each(['cut-rst', 'cut-fin', 'cut-clean', 'cut-fin?half=1'])(
    'a stream that is %s has no end',
    async (fault) => {
      const answer = await ask(api, `mock/${fault}${fault.includes('?') ? '&' : '?'}after=3`);
      expect(answer.text).toStartWith('HTTP/1.1 200');
      expect([api.isEnded(answer), answer.ending]).toEqual([false, fault === 'cut-rst' ? 'rst' : 'fin']);
    },
  );

  test('a stream that stalls stays open', async () => {
    const answer = await ask(api, 'mock/stall?after=2', 100);
    expect([api.isEnded(answer), answer.ending]).toEqual([false, 'open']);
  });

  test.each(['error-mid?after=2&code=503', 'failed-server-is-overloaded?after=2'])(
    'a stream with %s reports it',
    async (fault) => {
      const answer = await ask(api, `mock/${fault}`);
      expect(api.isEnded(answer) && name !== 'gemini as an array').toBe(false);
      expect(answer.text).toMatch(/overload/i);
    },
  );

  test('no fault crashes the simulator', async () => {
    // Faults that wait, are endless or are large.
    const slow = /silence|stall|endless|quiet|big-event|drip|slow|thinking|done-open|many-fields|idle-close/;
    for (const fault of FAULTS.filter((one) => !slow.test(one.name))) {
      const answer = await ask(api, `mock/${fault.name}`, 2000);
      // An exception is written to stderr and resets its connection.
      expect([fault.name, answer.text === '']).toEqual([
        fault.name,
        ['rst', 'zero-byte'].includes(fault.name),
      ]);
    }
    expect((await ask(api, 'mock/ok')).text).toStartWith('HTTP/1.1 200');
  });
});

test.each(['converse', 'claude at Bedrock'])(
  'the frames of %s are whole, and an error is an exception',
  async (name) => {
    for (const fault of ['ok', 'agent?calls=2&thoughts=3', 'error-mid?after=2&code=429', 'chunks?bytes=7']) {
      const frames = createFrameReader().push(bodyOf(await ask(STREAMS[name], `mock/${fault}`, 2000)));
      expect([fault, frames === 'broken' ? 0 : frames.length > 3]).toEqual([fault, true]);
      const last = frames === 'broken' ? undefined : frames.at(-1);
      expect(last?.type).toBe(fault.startsWith('error') ? 'exception' : 'event');
      if (fault.startsWith('error')) expect(last?.name).toBe('throttlingException');
    }
  },
);

test('a JSON array is valid, and lacks its last bracket if it is cut', async () => {
  const whole = bodyOf(await ask(STREAMS['gemini as an array'], 'mock/ok')).toString();
  expect((JSON.parse(whole) as unknown[]).length).toBe(13);
  const cut = bodyOf(await ask(STREAMS['gemini as an array'], 'mock/cut-clean?after=3')).toString();
  expect(() => JSON.parse(cut) as unknown).toThrow();
  expect((JSON.parse(`${cut}]`) as unknown[]).length).toBe(3);
});

const STATUSES: readonly (readonly [api: string, status: number, code: string, expected: string])[] = [
  ['gemini', 429, '429', '"status":"RESOURCE_EXHAUSTED"'],
  ['gemini', 503, '529', '"status":"UNAVAILABLE"'],
  ['gemini', 400, 'context-length', 'The input token count'],
  ['converse', 429, '429', 'x-amzn-ErrorType: ThrottlingException'],
  ['converse', 503, '529', 'x-amzn-ErrorType: ServiceUnavailableException'],
  ['converse', 400, 'context-length', 'Input is too long for requested model.'],
  ['claude at Bedrock', 403, '403', 'x-amzn-ErrorType: AccessDeniedException'],
  ['claude at Vertex AI', 529, '529', '"type":"overloaded_error"'],
  ['messages', 529, '529', '"type":"overloaded_error"'],
  ['responses', 429, 'quota', '"code":"insufficient_quota"'],
];
test.each(STATUSES)(
  "%s answers with status %d in its API's own shape for %s",
  async (api, status, fault, expected) => {
    const { text } = await ask(STREAMS[api], `mock/${fault}`);
    expect(text).toStartWith(`HTTP/1.1 ${status}`);
    expect(text).toContain(expected);
  },
);
