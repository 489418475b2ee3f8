import { expect, test } from 'bun:test';
import type { GatewayEvent } from '../../../src/gateway/events.ts';
import { type Sender, socketTurn } from '../../../src/lib/socket-turn.ts';
import { AfterAnswers } from '../../../src/telemetry/log/after-answers.ts';

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
