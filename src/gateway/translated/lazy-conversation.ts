import { inTurns, LARGE_BYTES, nextTurn, SLICE_BYTES } from '../../lib/in-turns.ts';
import type { ClientApi } from '../../translation/conversation.ts';
import { readRequest } from '../../translation/pair.ts';
import type { RequestReading } from '../../translation/sides.ts';
import { RequestMedia } from './request-media.ts';

/** The client's request in the common model of all APIs. It is parsed once, when the first attempt needs it. */
export class LazyConversation {
  readonly #body: Uint8Array;
  readonly #path: string;
  #reading: Promise<RequestReading> | undefined;
  #media: RequestMedia | undefined;

  /** `path` includes the query, since Gemini's paths contain the model and method. */
  constructor(body: Uint8Array, path: string) {
    this.#body = body;
    this.#path = path;
  }

  read(api: ClientApi, requestId: string): Promise<RequestReading> {
    this.#reading ??= this.#read(api, requestId);
    return this.#reading;
  }

  /** The files that the request names by URL. */
  get media(): RequestMedia {
    return (this.#media ??= new RequestMedia());
  }

  /** Whether the request is so large that work on it should yield between steps. */
  get isLarge(): boolean {
    return this.#body.byteLength > LARGE_BYTES;
  }

  async #read(api: ClientApi, requestId: string): Promise<RequestReading> {
    const text = new TextDecoder().decode(this.#body);
    if (this.isLarge) {
      if (await inTurns(hasTooManyValues(this.#body))) return TOO_MANY;
      await nextTurn();
    }
    return readRequest(api, text, { requestId, path: this.#path });
  }
}

/** Maximum number of values, since parsing cannot be interrupted. The largest real bodies have a tenth of this. */
const MOST_VALUES = 4_000_000;

const TOO_MANY: RequestReading = {
  kind: 'invalid',
  path: 'body',
  message: `it holds more than ${MOST_VALUES / 1_000_000} million values, too many to be translated`,
};

/** Counts separators between values, including those inside strings. Each call scans one more slice. */
function hasTooManyValues(body: Uint8Array): () => boolean | undefined {
  let at = 0;
  let values = 0;
  return () => {
    const end = Math.min(body.byteLength, at + SLICE_BYTES);
    for (; at < end; at++) {
      const byte = body[at];
      if (byte === COMMA || byte === BRACKET || byte === BRACE) values += 1;
    }
    if (values > MOST_VALUES) return true;
    return at < body.byteLength ? undefined : false;
  };
}

const COMMA = 0x2c;
const BRACKET = 0x5b;
const BRACE = 0x7b;
