import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Socket } from 'node:net';
import { startGateway, type TestGateway } from '../e2e/gateway.ts';
import { eventsOf } from './apis.ts';
import { type Exchange, exchange, postOf } from './exchange.ts';
import { fastClock, pass } from './fast-clock.ts';
import { reportOf } from './report.ts';
import {
  chunkedHead,
  chunkOf,
  LAST_CHUNK,
  type ScriptedProvider,
  startScriptedProvider,
} from './scripted-provider.ts';

let provider: ScriptedProvider;
let gateway: TestGateway;

beforeAll(async () => {
  provider = await startScriptedProvider(async (request, socket) => {
    const name = /x-script: (\w+)/.exec(request)?.[1] ?? '';
    if (request.includes('"proper"')) return stream(socket, 'whole');
    await stream(socket, name);
  });
  gateway = startGateway(
    `
providers:
  - { name: a, api_base: "${provider.url}" }
  - { name: b, api_base: "${provider.url}" }
models: { m: { routes: [{ provider: a, model: m }, { provider: b, model: proper, priority: 2 }] } }
fallback: { cooldown_seconds: 0, retries: 0 }`,
    fastClock,
  );
});
afterAll(async () => {
  await gateway.stop();
  await provider.stop();
});

const COUNT = 9;

function eventOf(index: number): string {
  const usage = index === COUNT ? ',"usage":{"input_tokens":3,"output_tokens":4,"total_tokens":7}' : '';
  return `event: part\ndata: {"index":${index}${usage}}\n\n`;
}

/** Nine events that are a quarter of a minute apart, or the remains of such a stream. */
async function stream(socket: Socket, name: string): Promise<void> {
  const write = (text: string): boolean => socket.write(chunkOf(Buffer.from(text)));
  socket.write(chunkedHead('text/event-stream'));
  if (name === 'error') {
    write('event: error\ndata: {"error":{"message":"no room","type":"server_error"}}\n\n');
    return void socket.write(LAST_CHUNK);
  }
  for (let index = 1; index <= COUNT; index++) {
    if (index === 5 && name === 'reset') return void socket.resetAndDestroy();
    if (index === 5 && name === 'cut') return void socket.destroy();
    if (index === 5 && name === 'half') write('event: part\ndata: {"ind');
    if (index === 5 && name === 'half') return void socket.destroy();
    if (index === 5 && name === 'silence') return;
    if (index === COUNT && name === 'failed')
      write('event: error\ndata: {"error":{"message":"lost it"}}\n\n');
    else write(eventOf(index));
    await pass(15);
  }
  socket.write(LAST_CHUNK);
}

/** The requests whose answers are streams of an API that the gateway does not know. */
const REQUESTS: Readonly<Record<string, (script: string) => Buffer>> = {
  'images with stream': (script) =>
    postOf('/v1/images/generations', '{"model":"m","prompt":"x","stream":true}', { 'x-script': script }),
  'a transcription with stream': (script) => {
    const form = ['model\r\n\r\nm', 'stream\r\n\r\ntrue', 'file; filename=a.mp3\r\n\r\nxx']
      .map((field) => `--b\r\nContent-Disposition: form-data; name=${field}\r\n`)
      .join('');
    return postOf('/v1/audio/transcriptions', `${form}--b--\r\n`, {
      'content-type': 'multipart/form-data; boundary=b',
      'x-script': script,
    });
  },
  'a run': (script) =>
    postOf('/v1/threads/t/runs', '{"model":"m","assistant_id":"x","stream":true}', { 'x-script': script }),
  'a stored response': (script) =>
    Buffer.from(
      `GET /v1/responses/resp_1?stream=true HTTP/1.1\r\nHost: gateway\r\nx-llm-proxy-provider: a\r\nx-script: ${script}\r\n\r\n`,
    ),
};

async function asked(request: (script: string) => Buffer, script: string): Promise<Exchange> {
  const answer = exchange(gateway.url, request(script));
  await answer.ended;
  return answer;
}

describe.each(Object.entries(REQUESTS))('the stream of %s', (name, request) => {
  test.concurrent('is whole when its connection ends in order, however long it takes', async () => {
    const answer = await asked(request, 'whole');
    expect(await answer.ended).toBe('whole');
    expect(answer.text()).toBe(Array.from({ length: COUNT }, (__, index) => eventOf(index + 1)).join(''));
    const { ending, usage, isStreamed } = await reportOf(gateway, answer);
    expect({ ending, isStreamed, total: usage?.totalTokens }).toEqual({
      ending: 'complete',
      isStreamed: true,
      // The request that made a stored response has counted its tokens.
      total: name === 'a stored response' ? undefined : 7,
    });
  });

  test.concurrent.each(['reset', 'cut', 'half'])(
    'is broken when its connection does not: %s',
    async (script) => {
      const answer = await asked(request, script);
      expect(await answer.ended).not.toBe('whole');
      const events = eventsOf(answer.text());
      expect(JSON.parse(events.at(-1)!.data)).toMatchObject({ error: { code: 'upstream_truncated' } });
      expect((await reportOf(gateway, answer)).ending).toBe('truncated');
    },
  );

  test.concurrent('is ended by silence, which is told', async () => {
    const answer = await asked(request, 'silence');
    expect(await answer.ended).not.toBe('whole');
    expect(eventsOf(answer.text()).at(-1)!.data).toContain('idle limit');
  });

  test.concurrent('that ends with an error of its provider ends in order, and is none that succeeded', async () => {
    const answer = await asked(request, 'failed');
    expect(await answer.ended).toBe('whole');
    expect(answer.text()).toContain('lost it');
    expect(answer.text()).not.toContain('upstream_truncated');
    expect((await reportOf(gateway, answer)).ending).toBe('truncated');
  });
});

test('an error as the first event is no answer: the next route is asked', async () => {
  const answer = await asked(REQUESTS['images with stream']!, 'error');
  expect(await answer.ended).toBe('whole');
  expect(eventsOf(answer.text())).toHaveLength(COUNT);
  const { history } = await reportOf(gateway, answer);
  expect(history[0]?.outcome).toMatchObject({ kind: 'failed', status: 500, defect: 'error-event' });
});

test('without another route, its provider’s reason reaches the client', async () => {
  const answer = await asked(REQUESTS['a stored response']!, 'error');
  expect(answer.status()).toBe(500);
  expect(JSON.parse(answer.text())).toMatchObject({ error: { message: 'no room', type: 'server_error' } });
});
