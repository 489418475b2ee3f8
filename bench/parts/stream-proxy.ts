/** A proxy for streams and nothing else, for `bench/parts/stream.ts`: piped natively, by a loop, or held back and tapped. */
import { openEventStream } from '../../src/gateway/event-stream.ts';
import { Leash } from '../../src/gateway/leash.ts';
import type { Reading } from '../../src/gateway/verdict.ts';
import { readerSource } from '../../src/lib/reader-source.ts';
import { systemClock } from '../../src/lib/system-clock.ts';
import { protocolFor } from '../../src/protocols/by-path.ts';

const [upstream = '', mode = ''] = process.argv.slice(2);
const chat = protocolFor('/v1/chat/completions');
const limits = { firstByteMs: 120_000, idleMs: 120_000, attemptMs: Infinity };

const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  idleTimeout: 0,
  async fetch(request) {
    if (request.url.endsWith('/usage')) return Response.json(process.cpuUsage());
    const body = await request.bytes();
    const leash = new Leash(request.signal, systemClock, { limits, budgetMs: Infinity });
    const stopping = new AbortController();
    leash.onCallOff = () => stopping.abort();
    const answer = await fetch(`${upstream}/v1/chat/completions`, {
      method: 'POST',
      body,
      headers: request.headers,
      signal: stopping.signal,
      decompress: false,
      timeout: false,
    });
    const headers = { 'content-type': 'text/event-stream' };
    if (mode === 'pipe') return new Response(answer.body, { headers });
    return new Response(mode === 'loop' ? looped(answer) : await tapped(answer, leash), { headers });
  },
});
console.log(server.url.origin);

/** The least that a program does which has the bytes in its hands: a loop that reads, writes, and waits for the client. */
function looped(answer: Response): ReadableStream<Uint8Array> {
  const source = answer.body?.getReader();
  return new ReadableStream({
    type: 'direct',
    async pull(client) {
      for (;;) {
        const chunk = (await source?.read())?.value;
        if (chunk === undefined) break;
        const written = client.write(chunk);
        void client.flush();
        if (typeof written !== 'number') await written;
      }
      client.close();
    },
  });
}

/** The gateway's own way of forwarding a stream, without the request line before it. */
async function tapped(answer: Response, leash: Leash): Promise<ReadableStream<Uint8Array>> {
  const { status, headers } = answer;
  const reply = {
    kind: 'reply',
    status,
    headers,
    body: answer.body === null ? null : readerSource(answer.body.getReader()),
  } as const;
  const reading = {
    call: { plan: { protocol: chat } },
    leash,
    hidesUsage: true,
    onEnd: () => leash.release(),
  };
  const verdict = await openEventStream(reply, reading as unknown as Reading);
  const stream = verdict.answer?.kind === 'streamed' ? verdict.answer.stream : undefined;
  return new ReadableStream({
    type: 'direct',
    async pull(client) {
      await stream?.pumpTo({
        write(bytes) {
          const written = client.write(bytes);
          void client.flush();
          return typeof written === 'number' ? undefined : written;
        },
      });
      client.close();
    },
  });
}
