import { expect, test } from 'bun:test';
import { answerStreams, eventsSent, finishStreams, startMock } from '../../../bench/load/mock.ts';
import { chatBody, DONE, requestText } from '../../../bench/load/request.ts';
import { StreamCrowd, type StreamsEnd } from '../../../bench/load/stream-client.ts';
import { until } from '../../e2e/gateway.ts';

const port = startMock();

test('a request for a stream is answered whole when no streams are measured', async () => {
  const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: chatBody(60, true) });
  expect(await response.json()).toMatchObject({ object: 'chat.completion' });
});

test('streams come at any pace after any other, and none of their events is lost', async () => {
  for (const pace of [1_000, 2, 0, 20]) {
    answerStreams({ pace });
    const { promise, resolve } = Promise.withResolvers<StreamsEnd>();
    const request = requestText(port, {}, chatBody(60, true));
    const load = { port, streams: 3, rampMs: 0, request, ending: DONE };
    void new StreamCrowd(load, { open: () => undefined, closed: resolve });
    await until(() => (eventsSent() >= 6 ? true : undefined));
    finishStreams();
    const { events, complete, faults } = await promise;
    expect({ pace, events, complete, faults }).toEqual({
      pace,
      events: eventsSent(),
      complete: 3,
      faults: {},
    });
  }
});

test('streams of a given length end by themselves', async () => {
  answerStreams({ pace: 200, length: 5 });
  const { promise, resolve } = Promise.withResolvers<StreamsEnd>();
  const load = {
    port,
    streams: 3,
    rampMs: 0,
    request: requestText(port, {}, chatBody(60, true)),
    ending: DONE,
  };
  void new StreamCrowd(load, { open: () => undefined, closed: resolve });
  const { complete, faults } = await promise;
  expect({ complete, faults }).toEqual({ complete: 3, faults: {} });
  expect(eventsSent()).toBe(15);
  finishStreams();
});
