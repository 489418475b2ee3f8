import { expect, test } from 'bun:test';
import type { GatewayEvent } from '../../../src/gateway/events.ts';
import { responseOf } from '../../../src/server/response.ts';
import { handle } from '../../../src/gateway/handle.ts';
import type { ClientRequest } from '../../../src/gateway/ports.ts';
import { type Play, Scene, unreachable } from './scene.ts';

const CONFIG =
  'providers: [{ name: a, api_base: "http://a.test", model_mapping: { m: m } }]\nfallback: { retries: 0 }';

function kinds(events: readonly GatewayEvent[]): string[] {
  return events.map(({ type }) => type).filter((type) => type === 'bug' || type === 'request-ended');
}

test('a request ends once, though something throws behind its end', async () => {
  const scene = new Scene(CONFIG, { a: [unreachable] });
  let hasThrown = false;
  const request: ClientRequest = {
    method: 'POST',
    get path() {
      if (!hasThrown && kinds(scene.events).includes('request-ended')) {
        hasThrown = true;
        throw new Error('a bug');
      }
      return '/v1/chat/completions';
    },
    search: '',
    headers: new Headers({ 'content-type': 'application/json' }),
    signal: new AbortController().signal,
    clientAddress: () => '',
    readBody: () => Promise.resolve(new TextEncoder().encode('{"model":"m","messages":[]}')),
  };
  expect((await handle(request, scene.gateway)).status).toBe(500);
  expect(kinds(scene.events)).toEqual(['request-ended', 'bug']);
});

test('a stream in which something throws ends, and is told once', async () => {
  const event = 'data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n';
  let isCancelled = false;
  const throwing: Play = () => ({
    kind: 'reply',
    status: 200,
    headers: new Headers({ 'content-type': 'text/event-stream' }),
    body: {
      read: () => Promise.resolve({ done: false, value: new TextEncoder().encode(event) }),
      pipe: () => Promise.reject(new Error('a bug')),
      cancel: () => {
        isCancelled = true;
        return Promise.resolve();
      },
    },
  });
  const scene = new Scene(CONFIG, { a: [throwing] });
  const request = '{"model":"m","stream":true,"messages":[]}';
  const reading = responseOf(await handle(chatRequest(request), scene.gateway)).text();
  await Promise.race([reading.catch(() => undefined), Bun.sleep(20)]);
  scene.clock.pass(10_000);
  await reading.catch(() => undefined);
  expect(kinds(scene.events)).toEqual(['bug', 'request-ended']);
  const ended = scene.events.find(({ type }) => type === 'request-ended');
  expect(ended).toMatchObject({ ending: 'truncated' });
  expect([isCancelled, scene.traffic.inFlight('a/m')]).toEqual([true, 0]);
});

test('a refusal names the model if its limits refuse, and none if the model is unknown', async () => {
  for (const [model, expected] of [
    ['m', { model: 'm' }],
    ['a-text-of-the-client', { model: undefined }],
  ] as const) {
    const scene = new Scene(`${CONFIG}\nlimits: [{ requests: 0, per: minute }]`, {});
    await responseOf(
      await handle(chatRequest(JSON.stringify({ model, messages: [] })), scene.gateway),
    ).text();
    const ended = scene.events.find(({ type }) => type === 'request-ended');
    expect(ended).toMatchObject({ ending: 'refused', ...expected });
  }
});

test('a request that a bug ends has failed, and was not refused', async () => {
  const throwing: Play = () => Promise.reject(new Error('a bug'));
  const scene = new Scene(CONFIG, { a: [throwing] });
  const answer = await handle(chatRequest('{"model":"m","messages":[]}'), scene.gateway);
  expect(answer.status).toBe(500);
  expect(kinds(scene.events)).toEqual(['bug', 'request-ended']);
  const ended = scene.events.find(({ type }) => type === 'request-ended');
  expect(ended).toMatchObject({ ending: 'failed', status: 500, code: 'internal_error' });
});

function chatRequest(body: string): ClientRequest {
  return {
    method: 'POST',
    path: '/v1/chat/completions',
    search: '',
    headers: new Headers({ 'content-type': 'application/json' }),
    signal: new AbortController().signal,
    clientAddress: () => '',
    readBody: () => Promise.resolve(new TextEncoder().encode(body)),
  };
}
