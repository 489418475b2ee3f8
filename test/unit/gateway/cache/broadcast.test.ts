import { expect, test } from 'bun:test';
import { Broadcast } from '../../../../src/gateway/cache/broadcast.ts';
import type { ClientStream } from '../../../../src/gateway/client-answer.ts';

/** A client that may stop reading. */
class Client implements ClientStream {
  text = '';
  end = '';
  isReading = true;
  #resume = Promise.withResolvers<void>();

  write(bytes: Uint8Array): Promise<unknown> | undefined {
    this.text += new TextDecoder().decode(bytes);
    return this.isReading ? undefined : this.#resume.promise;
  }

  close(): void {
    this.end = 'closed';
  }

  reset(): void {
    this.end = 'reset';
  }

  resume(): void {
    this.isReading = true;
    this.#resume.resolve();
  }
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const turns = (): Promise<void> => Bun.sleep(1);

test('each client gets all from the beginning, and the bytes are copied', async () => {
  const broadcast = new Broadcast(1000, () => 0);
  const [early, late] = [new Client(), new Client()];
  const first = broadcast.seat().send(early);
  const reused = bytes('one ');
  void broadcast.write(reused);
  await turns();
  reused.fill(0);
  const second = broadcast.seat().send(late);
  void broadcast.write(bytes('two'));
  broadcast.close();
  expect(await Promise.all([first, second])).toEqual(['closed', 'closed']);
  expect([early.text, late.text]).toEqual(['one two', 'one two']);
});

test('a client that reads slowly, leaves or fails holds up no other', async () => {
  const broadcast = new Broadcast(1000, () => 0);
  const [slow, quick] = [new Client(), new Client()];
  slow.isReading = false;
  const failing = Object.assign(new Client(), {
    write(): never {
      throw new Error('gone');
    },
  });
  const leaving = broadcast.seat();
  const sending = [slow, quick, failing].map((client) => broadcast.seat().send(client));
  const left = leaving.send(new Client());
  for (const text of ['a', 'b', 'c']) expect(broadcast.write(bytes(text))).toBeUndefined();
  leaving.leave();
  broadcast.close();
  expect(await sending[1]).toBe('closed');
  expect(await sending[2]).toBe('left');
  expect(await left).toBe('left');
  expect([quick.text, slow.text]).toEqual(['abc', 'a']);
  slow.resume();
  expect(await sending[0]).toBe('closed');
  expect(slow.text).toBe('abc');
});

test('a stream that breaks off breaks off for all', async () => {
  const broadcast = new Broadcast(1000, () => 0);
  const clients = [new Client(), new Client()];
  const sending = clients.map((client) => broadcast.seat().send(client));
  void broadcast.write(bytes('a'));
  broadcast.reset();
  broadcast.close();
  expect(await Promise.all(sending)).toEqual(['reset', 'reset']);
  expect(clients.map(({ end }) => end)).toEqual(['reset', 'reset']);
});

test('beyond the bound, the only client slows the provider down, and memory stays bounded', async () => {
  const broadcast = new Broadcast(1000, () => 0);
  const client = new Client();
  client.isReading = false;
  const sending = broadcast.seat().send(client);
  const piece = new Uint8Array(64 * 1024);
  let waiting: Promise<unknown> | undefined;
  let written = 0;
  while (waiting === undefined && written < 100) {
    waiting = broadcast.write(piece);
    written += 1;
    await turns();
  }
  expect(written).toBeLessThan(10);
  client.resume();
  await waiting;
  broadcast.close();
  expect(await sending).toBe('closed');
  expect(client.text).toHaveLength(written * piece.length);
});

test('beyond the bound, a client that falls too far behind is cut off', async () => {
  const broadcast = new Broadcast(1000, () => 0);
  const [slow, quick] = [new Client(), new Client()];
  slow.isReading = false;
  const sending = [slow, quick].map((client) => broadcast.seat().send(client));
  const piece = new Uint8Array(64 * 1024);
  for (let count = 0; count < 20; count++) {
    await broadcast.write(piece);
    await turns();
  }
  broadcast.close();
  expect(await sending[1]).toBe('closed');
  expect(quick.text).toHaveLength(20 * piece.length);
  slow.resume();
  expect(await sending[0]).toBe('reset');
  expect(broadcast.pieces.length).toBeLessThan(10);
});
