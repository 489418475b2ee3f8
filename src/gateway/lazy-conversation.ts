import { inTurns, LARGE_BYTES, nextTurn, SLICE_BYTES } from '../lib/in-turns.ts';
import type { ClientApi } from '../translation/conversation.ts';
import { readRequest } from '../translation/pair.ts';
import type { RequestReading } from '../translation/sides.ts';
import { RequestMedia } from './request-media.ts';

/** The client's request in the model of all APIs. It is read when the first attempt needs it, and only once. */
export class LazyConversation {
  readonly #body: Uint8Array;
  readonly #path: string;
  #reading: Promise<RequestReading> | undefined;
  #media: RequestMedia | undefined;

  /** `path` has its query: Gemini's model and method stand there. */
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

  /** Whether each step of the work is long enough to let others have a turn before the next. */
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

/** Parsing cannot be done in steps. Real bodies of the largest size have a tenth of this. */
const MOST_VALUES = 4_000_000;

const TOO_MANY: RequestReading = {
  kind: 'invalid',
  path: 'body',
  message: `it holds more than ${MOST_VALUES / 1_000_000} million values, too many to be translated`,
};

/** Counts what stands between values, texts included: each call looks at one slice more. */
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
