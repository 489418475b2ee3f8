import type { Socket } from 'bun';
import { expect, test } from 'bun:test';
import type { StreamedClientAnswer } from '../../../../src/gateway/client-answer.ts';
import { RecentRequestHeads } from '../../../../src/http1/last-request-head.ts';
import { socketTurn } from '../../../../src/lib/socket-turn.ts';
import { LeanConnection } from '../../../../src/server/lean/lean-connection.ts';
import type { LeanHost } from '../../../../src/server/lean/lean-host.ts';
import { OpenStreams } from '../../../../src/server/lean/open-streams.ts';

/** Streams with a count of the collections that were asked for. */
function counted() {
  const asked = { collections: 0 };
  const streams = new OpenStreams(() => void (asked.collections += 1));
  const begin = (count: number): void => Array.from({ length: count }).forEach(() => streams.begin());
  const end = (count: number): void => Array.from({ length: count }).forEach(() => streams.end());
  return { asked, streams, begin, end };
}

test('a collection is asked for whenever a hundred more streams are open', () => {
  const { asked, begin } = counted();
  begin(99);
  expect(asked.collections).toBe(0);
  begin(1);
  expect(asked.collections).toBe(1);
  begin(900);
  expect(asked.collections).toBe(10);
});

test('streams that take the place of others ask for none', () => {
  const { asked, begin, end } = counted();
  begin(150);
  for (let turn = 0; turn < 1_000; turn++) {
    end(20);
    begin(20);
  }
  expect(asked.collections).toBe(1);
});

test('after most streams have ended, a hundred new ones ask for a collection again', () => {
  const { asked, begin, end } = counted();
  begin(100);
  end(90);
  begin(99);
  expect(asked.collections).toBe(1);
  begin(1);
  expect(asked.collections).toBe(2);
});

test('a connection counts its stream from the answer to its end', async () => {
  const { asked, streams, begin } = counted();
  begin(99);
  let finish = (): void => undefined;
  const answer: StreamedClientAnswer = {
    kind: 'streamed',
    status: 200,
    fields: {},
    send: async (client) => {
      await new Promise<void>((resolve) => (finish = resolve));
      client.close();
    },
    cancel: () => undefined,
  };
  const socket = {
    remoteAddress: '127.0.0.1',
    write: (bytes: Uint8Array, from = 0, length = bytes.byteLength - from) => length,
  } as unknown as Socket<LeanConnection>;
  const connection = new LeanConnection(socket, hostWith(streams, answer));
  const ask = async (): Promise<void> => {
    connection.received(Buffer.from('GET /v1/stream HTTP/1.1\r\nhost: here\r\n\r\n'));
    await Bun.sleep(0);
  };
  for (let stream = 0; stream < 10; stream++) {
    await ask();
    expect(asked.collections).toBe(1);
    finish();
    await Bun.sleep(0);
    socketTurn.flush();
    expect(connection.isIdle).toBe(true);
  }
  await ask();
  begin(98);
  expect(asked.collections).toBe(1);
  begin(1);
  expect(asked.collections).toBe(2);
});

function hostWith(streams: OpenStreams, answer: StreamedClientAnswer): LeanHost<LeanConnection> {
  return {
    port: 0,
    peers: new Map(),
    isTls: false,
    answer: () => Promise.resolve(answer),
    maxBodyBytes: () => 1_000_000,
    recentHeads: new RecentRequestHeads(),
    bodyRoom: () => {
      throw new Error('no body is large');
    },
    streams,
    isDraining: () => false,
    onBug: (error) => {
      throw error;
    },
    onClose: () => undefined,
  };
}
