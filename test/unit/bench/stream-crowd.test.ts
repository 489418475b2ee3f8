import { expect, test } from 'bun:test';
import { EVENT, LAST_EVENTS } from '../../../bench/load/chat-event.ts';
import { DONE } from '../../../bench/load/request.ts';
import { StreamCrowd, type StreamsEnd } from '../../../bench/load/stream-client.ts';

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n';
const END = '0\r\n\r\n';

test('a stream counts as complete with every event, [DONE] and the last chunk', async () => {
  const whole = HEAD + chunk(EVENT).repeat(3) + chunk(LAST_EVENTS) + END;
  const { events, complete, faults } = await readStream([whole]);
  expect({ events, complete, faults }).toEqual({ events: 3, complete: 1, faults: {} });
});

test('a stream is read alike wherever its bytes are cut', async () => {
  const whole = HEAD + chunk(EVENT + EVENT) + chunk(EVENT) + chunk(LAST_EVENTS) + END;
  for (let size = 1; size <= 60; size += 7) {
    const pieces = whole.match(new RegExp(`.{1,${size}}`, 'gs')) ?? [];
    const { events, complete, faults } = await readStream(pieces);
    expect({ size, events, complete, faults }).toEqual({ size, events: 3, complete: 1, faults: {} });
  }
});

test.each([
  ['without [DONE]', HEAD + chunk(EVENT) + END, 'no last event'],
  ['that ends between two chunks', HEAD + chunk(EVENT), 'closed in size'],
  ['that ends within a chunk', HEAD + chunk(EVENT).slice(0, -20), 'closed in data'],
  ['without an answer', '', 'closed in head'],
  ['with another status', 'HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n', 'HTTP/1.1 502'],
])('a stream %s is a fault', async (_, text, fault) => {
  const { complete, faults } = await readStream([text]);
  expect({ complete, faults }).toEqual({ complete: 0, faults: { [fault]: 1 } });
});

test('the latency of an event is the time since it was sent', async () => {
  const sentMicros = Math.floor((performance.timeOrigin + performance.now() - 250) * 1000);
  const event = EVENT.replace('0'.repeat(16), String(sentMicros));
  const { latency } = await readStream([HEAD + chunk(event) + chunk(LAST_EVENTS) + END]);
  expect(latency).toBeGreaterThan(249_000);
});

/** Sends a request to a server that answers with these pieces in order and then closes. */
async function readStream(pieces: readonly string[]): Promise<StreamsEnd & { readonly latency: number }> {
  const server = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      async data(socket) {
        for (const piece of pieces) {
          socket.write(piece);
          socket.flush();
          await Bun.sleep(0);
        }
        socket.end();
      },
    },
  });
  const load = { port: server.port, streams: 1, rampMs: 0, request: 'GET / HTTP/1.1\r\n\r\n', ending: DONE };
  const end = await new Promise<StreamsEnd & { latency: number }>((resolve) => {
    const crowd: StreamCrowd = new StreamCrowd(load, {
      open: () => undefined,
      closed: (end) => resolve({ ...end, latency: crowd.endWindow().latency.p50 }),
    });
  });
  server.stop(true);
  return end;
}

function chunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}
