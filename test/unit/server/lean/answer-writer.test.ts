import type { Socket } from 'bun';
import { expect, test } from 'bun:test';
import type { StreamedClientAnswer } from '../../../../src/gateway/client-answer.ts';
import { socketTurn } from '../../../../src/lib/socket-turn.ts';
import { AnswerWriter } from '../../../../src/server/lean/answer-writer.ts';

/** A socket that takes a number of bytes before each `drain`, which a real one does not let a test choose. */
function narrowSocket(bytesEachTime: number) {
  const taken: Buffer[] = [];
  let room = bytesEachTime;
  const socket = {
    write(bytes: Uint8Array, from = 0, length = bytes.byteLength - from): number {
      const count = Math.min(room, length);
      room -= count;
      taken.push(Buffer.from(bytes.subarray(from, from + count)));
      return count;
    },
  } as unknown as Socket<unknown>;
  const drain = (): void => void (room = bytesEachTime);
  return { socket, drain, text: () => Buffer.concat(taken).toString('latin1') };
}

test('answers that the system takes in parts stay whole and in order', async () => {
  for (const bytesEachTime of [1, 7, 200, 300, 1000, 100_000]) {
    const { socket, drain, text } = narrowSocket(bytesEachTime);
    let heldUp = 0;
    const writer = new AnswerWriter(socket, { heldUp: () => void (heldUp += 1) });
    const bodies = ['first', 'second'.repeat(40), 'third'.repeat(20_000), 'last'];
    for (const body of bodies) {
      writer.begin();
      writer.whole({ kind: 'whole', status: 200, fields: {}, body }, false);
      if (body === bodies[1]) socketTurn.flush();
    }
    socketTurn.flush();
    const drained = writer.isDrained ? Promise.resolve() : writer.whenDrained();
    expect(heldUp).toBeGreaterThan(0);
    while (!writer.isDrained) {
      drain();
      writer.drained();
    }
    await drained;
    const received = text()
      .split('HTTP/1.1 200 OK')
      .slice(1)
      .map((answer) => answer.slice(answer.indexOf('\r\n\r\n') + 4));
    expect(received).toEqual(bodies);
  }
});

test('a stream that the system takes in parts waits, and then goes on where it was', async () => {
  const { socket, drain, text } = narrowSocket(10);
  const writer = new AnswerWriter(socket, { heldUp: () => undefined });
  writer.begin();
  const answer: StreamedClientAnswer = {
    kind: 'streamed',
    status: 200,
    fields: {},
    async send(client) {
      for (const piece of ['one', 'two', 'three']) {
        await client.write(Buffer.from(piece));
        socketTurn.flush();
      }
      client.close();
    },
    cancel: () => undefined,
  };
  const stream = writer.stream(answer, false);
  const written = stream.carry(answer);
  while (!text().endsWith('0\r\n\r\n')) {
    await Bun.sleep(0);
    drain();
    writer.drained();
    socketTurn.flush();
  }
  await written;
  expect(stream.end).toBe('written');
  expect(text()).toEndWith('\r\n\r\n3\r\none\r\n3\r\ntwo\r\n5\r\nthree\r\n0\r\n\r\n');
});

test('the head of a stream without a first piece does not wait for one', async () => {
  const { socket, text } = narrowSocket(100_000);
  const writer = new AnswerWriter(socket, { heldUp: () => undefined });
  writer.begin();
  const { promise, resolve } = Promise.withResolvers<void>();
  const answer: StreamedClientAnswer = {
    kind: 'streamed',
    status: 200,
    fields: {},
    async send(client) {
      await promise;
      void client.write(Buffer.from('late'));
      client.close();
    },
    cancel: () => undefined,
  };
  const written = writer.stream(answer, false).carry(answer);
  socketTurn.flush();
  expect(text()).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n$/);
  resolve();
  await written;
  socketTurn.flush();
  expect(text()).toEndWith('\r\n\r\n4\r\nlate\r\n0\r\n\r\n');
});
