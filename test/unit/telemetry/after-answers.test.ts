import { expect, test } from 'bun:test';
import type { GatewayEvent } from '../../../src/gateway/events.ts';
import { type Sender, socketTurn } from '../../../src/lib/socket-turn.ts';
import { AfterAnswers } from '../../../src/telemetry/log/after-answers.ts';
import { openLog } from '../../../src/telemetry/log/open-log.ts';
import { compiled } from '../../e2e/gateway.ts';

const STARTED: GatewayEvent = {
  type: 'request-started',
  requestId: 'a',
  method: 'POST',
  endpoint: '/v1/messages',
  path: '/v1/messages',
  headers: new Headers(),
};
const BUG: GatewayEvent = { type: 'bug', requestId: undefined, error: undefined };

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(() => setImmediate(resolve));
  });
}

test('events of requests are passed on once the answers of their turn are written', async () => {
  const order: string[] = [];
  const events = new AfterAnswers(
    ({ type }) => order.push(type),
    () => order.push('error'),
  );
  const sender: Sender = { writePosted: () => order.push('written') };
  events.listen(STARTED);
  const { buffer, filled } = socketTurn;
  socketTurn.post(sender, filled + buffer.write('answer', filled));
  events.listen(STARTED);
  expect(order).toEqual([]);
  await nextTurn();
  expect(order).toEqual(['written', 'request-started', 'request-started']);
});

test('other events do not wait, and the order stays', async () => {
  const order: string[] = [];
  const events = new AfterAnswers(
    ({ type }) => order.push(type),
    () => undefined,
  );
  events.listen(STARTED);
  events.listen(BUG);
  expect(order).toEqual(['request-started', 'bug']);
  events.listen(STARTED);
  events.pass();
  expect(order).toEqual(['request-started', 'bug', 'request-started']);
  await nextTurn();
  expect(order).toHaveLength(3);
});

test('an error in the listener loses one event only', async () => {
  const seen: unknown[] = [];
  const events = new AfterAnswers(
    ({ type }) => {
      if (seen.push(type) === 1) throw new Error('broken');
    },
    (error) => seen.push(error instanceof Error && error.message),
  );
  events.listen(STARTED);
  events.listen(STARTED);
  await nextTurn();
  expect(seen).toEqual(['request-started', 'broken', 'request-started']);
});

test('lines of requests precede what is said after them, and a flush writes them at once', async () => {
  const snapshot = compiled('allow_unauthenticated: true\nlogging: { level: info, language: en }');
  let text = '';
  const log = openLog({
    snapshot: () => snapshot,
    print: (lines) => Promise.resolve((text += new TextDecoder().decode(lines))),
    complain: () => undefined,
    epochMs: Date.now,
  });
  const received = (model: string): GatewayEvent => ({
    type: 'request-received',
    requestId: 'a',
    model,
    keyName: undefined,
    clientAddress: () => '192.0.2.1',
    body: new Uint8Array(),
  });
  log.listen(received('first-model'));
  log.say('info', 'stopped');
  log.listen(received('second-model'));
  // A process may end when this resolves.
  const flushed = log.flush();
  expect(text).toMatch(/first-model.*\n.*Stopped.*\n.*second-model/);
  await flushed;
});
