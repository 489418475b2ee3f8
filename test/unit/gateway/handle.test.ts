import { expect, test } from 'bun:test';
import type { GatewayEvent } from '../../../src/gateway/events.ts';
import { handle } from '../../../src/gateway/handle.ts';
import type { ClientRequest } from '../../../src/gateway/ports.ts';
import { Scene, unreachable } from './scene.ts';

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
