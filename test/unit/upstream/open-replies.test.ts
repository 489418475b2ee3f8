import { afterEach, expect, test } from 'bun:test';
import type { UpstreamReply } from '../../../src/gateway/ports.ts';
import { createDirectUpstream, type OpenUpstream } from '../../../src/upstream/direct/direct-upstream.ts';
import { closeAll, closing, OK, provide, request, textOf } from './scene.ts';

afterEach(closeAll);

const BEGUN = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n';

/** Asks for a stream with a body that nothing else holds. */
async function open(own: OpenUpstream, port: number) {
  const body = Buffer.from(`{"stream":true,"prompt":"${'x'.repeat(2_000)}"}`);
  const held = new WeakRef(body);
  return { reply: await own.send(request(port, { body: [body] })), held };
}

test.each([
  ['new', 0],
  ['used', 40],
])('the request is let go once its reply has begun, on a %s connection', async (_, used) => {
  const { port } = await provide((socket) =>
    socket.on('data', (data) => socket.write(data.includes('"stream"') ? BEGUN : OK)),
  );
  const own = createDirectUpstream();
  closing.push(own.close);
  const first = await Promise.all(Array.from({ length: used }, () => own.send(request(port))));
  expect(await Promise.all(first.map(textOf))).toEqual(first.map(() => 'ok'));
  await Bun.sleep(10);
  const opened = await Promise.all(Array.from({ length: 40 }, () => open(own, port)));
  await Bun.sleep(0);
  Bun.gc(true);
  const kept = opened.filter(({ held }) => held.deref() !== undefined);
  // The collector may take some numbers on the stack for references.
  expect(kept.length).toBeLessThan(20);
  expect(opened.filter(({ reply }) => isOpen(reply)).length).toBe(40);
});

function isOpen(reply: UpstreamReply): boolean {
  return reply.kind === 'reply' && reply.body !== null;
}
