import type { ClientAnswer, StreamedClientAnswer } from '../gateway/client-answer.ts';

/** Turns the gateway's answer into the runtime's response. */
export function responseOf(answer: ClientAnswer): Response {
  const { status, fields: headers } = answer;
  if (answer.kind === 'whole') {
    // A stream of unknown length keeps the runtime from writing the length 0.
    const body = answer.hasUnsentBody === true ? new ReadableStream() : answer.body;
    return new Response(body, { status, headers });
  }
  try {
    return new Response(streamOf(answer), { status, headers });
  } catch (error) {
    // Nobody will read the stream, so release the provider.
    answer.cancel();
    throw error;
  }
}

function streamOf(answer: StreamedClientAnswer): ReadableStream<Uint8Array> {
  return new ReadableStream({
    // The runtime's direct streams accept writes; standard streams would wait for a pull per chunk.
    type: 'direct',
    pull: (client: DirectController) =>
      answer.send({
        write(bytes) {
          const written = client.write(bytes);
          void client.flush();
          return typeof written === 'number' ? undefined : written;
        },
        close: () => client.close(),
        reset: () => client.close(BROKEN),
      }),
    cancel: answer.cancel,
  });
}

/** The writer that the runtime passes to a `direct` stream. */
interface DirectController {
  readonly write: (bytes: Uint8Array) => number | Promise<number>;
  readonly flush: () => number | Promise<number>;
  readonly close: (error?: DOMException) => void;
}

/**
 * The reason for breaking a stream. It is not an `Error`, because the runtime prints those and this one is
 * intentional.
 */
const BROKEN = new DOMException('the stream broke off', 'AbortError');
