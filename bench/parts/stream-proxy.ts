/**
 * A proxy for streams and nothing else, for `bench/parts/stream.ts`: piped by the runtime, piped from one of the gateway's
 * connections to the client, or held back and tapped on that way.
 */
import { openEventStream } from '../../src/gateway/stream/sse-hold.ts';
import { AttemptTimeouts } from '../../src/gateway/attempt-timeouts.ts';
import type { ReplyContext, Reply } from '../../src/gateway/classification.ts';
import { systemClock } from '../../src/lib/system-clock.ts';
import { protocolFor } from '../../src/protocols/by-path.ts';
import { createDirectUpstream } from '../../src/upstream/direct/direct-upstream.ts';
import { compiled } from './compiled.ts';

const [upstream = '', mode = ''] = process.argv.slice(2);
const chat = protocolFor('/v1/chat/completions');
const limits = { firstByteMs: 120_000, thinkingMs: 900_000, idleMs: 120_000, attemptMs: Infinity };
const direct = createDirectUpstream();
const config = compiled(`providers: [{ name: mock, api_base: "${upstream}" }]`);

const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  idleTimeout: 0,
  async fetch(request) {
    if (request.url.endsWith('/usage')) return Response.json(process.cpuUsage());
    const headers = { 'content-type': 'text/event-stream' };
    if (mode === 'pipe') return new Response((await fetched(request)).body, { headers });
    const timeouts = new AttemptTimeouts(request.signal, systemClock, limits, Infinity);
    const reply = await sent(request, timeouts);
    return new Response(mode === 'pour' ? poured(reply) : await tapped(reply, timeouts), { headers });
  },
});
console.log(server.url.origin);

async function fetched(request: Request): Promise<Response> {
  return fetch(`${upstream}/v1/chat/completions`, {
    method: 'POST',
    body: await request.bytes(),
    headers: request.headers,
    signal: request.signal,
    decompress: false,
    timeout: false,
  });
}

async function sent(request: Request, timeouts: AttemptTimeouts): Promise<Reply> {
  const provider = config.providers.get('mock');
  if (provider === undefined) throw new Error('there is no provider');
  const reply = await direct.send({
    provider,
    method: 'POST',
    path: '/v1/chat/completions',
    search: '',
    clientHeaders: request.headers,
    clientCredentials: [],
    body: [await request.bytes()],
    cancellation: timeouts,
    onConnectTimeout: () => timeouts.abort('connect'),
  });
  if (reply.kind !== 'reply') throw new Error(reply.kind);
  return reply;
}

interface Client {
  readonly write: (bytes: Uint8Array) => number | Promise<number>;
  readonly flush: () => number | Promise<number>;
}

function written(client: Client, bytes: Uint8Array): Promise<number> | undefined {
  const room = client.write(bytes);
  void client.flush();
  return typeof room === 'number' ? undefined : room;
}

/** The minimum for a program that handles the bytes: writes each chunk and waits for the client. */
function poured({ body }: Reply): ReadableStream<Uint8Array> {
  return new ReadableStream({
    type: 'direct',
    async pull(client) {
      await body?.pipe((chunk) => written(client, chunk));
      client.close();
    },
  });
}

/** The gateway's own way of forwarding a stream, without the request line before it. */
async function tapped(reply: Reply, timeouts: AttemptTimeouts): Promise<ReadableStream<Uint8Array>> {
  const reading = {
    protocol: chat,
    provider: { timeouts: { commitAfterMs: Infinity } },
    gateway: { clock: systemClock },
    timeouts,
    hidesUsage: true,
    onEnd: () => timeouts.release(),
  };
  const verdict = await openEventStream(reply, reading as unknown as ReplyContext, () =>
    Promise.reject(new Error('the provider sent no stream of events')),
  );
  const stream = verdict.answer?.kind === 'streamed' ? verdict.answer.stream : undefined;
  return new ReadableStream({
    type: 'direct',
    async pull(client) {
      await stream?.pipeTo({ write: (bytes) => written(client, bytes) });
      client.close();
    },
  });
}
