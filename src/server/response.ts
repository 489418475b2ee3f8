import type { ClientAnswer, StreamedClientAnswer } from '../gateway/client-answer.ts';
import { nextTurn, SLICE_BYTES } from '../lib/in-turns.ts';

/** Turns the gateway's answer into the runtime's response. */
export function responseOf(answer: ClientAnswer): Response {
  const { status, fields: headers } = answer;
  if (answer.kind === 'whole') {
    // A stream of unknown length keeps the runtime from writing the length 0.
    if (answer.hasUnsentBody === true) return new Response(new ReadableStream(), { status, headers });
    const { body } = answer;
    const isLarge = body instanceof Uint8Array && body.byteLength > MOST_COPIED_BYTES;
    return new Response(isLarge ? largeBody(body) : body, { status, headers });
  }
  try {
    return new Response(streamOf(answer), { status, headers });
  } catch (error) {
    // Nobody will read the stream, so release the provider.
    answer.cancel();
    throw error;
  }
}

/** The runtime copies a complete body at once. */
const MOST_COPIED_BYTES = 16 * 1024 * 1024;

/** Sends a large body in parts, and others get a turn between two of them. The runtime sends it in chunks then. */
function largeBody(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let hasLeft = false;
  return new ReadableStream({
    type: 'direct',
    async pull(client: DirectController) {
      for (let from = 0; from < bytes.byteLength; from += SLICE_BYTES) {
        await client.write(bytes.subarray(from, from + SLICE_BYTES));
        await client.flush();
        await nextTurn();
        if (hasLeft) return;
      }
      client.close();
    },
    cancel() {
      hasLeft = true;
    },
  });
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
    cancel: () => answer.cancel(),
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
