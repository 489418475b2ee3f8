import type { ClientApi } from '../../translation/conversation.ts';
import { readRequest } from '../../translation/pair.ts';
import type { ReadContext, RequestReading } from '../../translation/sides.ts';
import { RequestMedia } from './request-media.ts';

/** The client's request in the common model of all APIs. It is parsed once, when the first attempt needs it. */
export class LazyConversation {
  readonly body: Uint8Array;
  /** The path with its query, since Gemini's paths contain the model and method. */
  readonly path: string;
  #reading: Promise<RequestReading> | undefined;
  #media: RequestMedia | undefined;

  constructor(body: Uint8Array, path: string) {
    this.body = body;
    this.path = path;
  }

  read(api: ClientApi, requestId: string): Promise<RequestReading> {
    this.#reading ??= readBody(this.body, api, { requestId, path: this.path });
    return this.#reading;
  }

  /** The files that the request names by URL. */
  get media(): RequestMedia {
    return (this.#media ??= new RequestMedia());
  }
}

/** Reads a body, unless it holds too many values. */
export async function readBody(
  body: Uint8Array,
  api: ClientApi,
  context: ReadContext,
): Promise<RequestReading> {
  if (body.byteLength > MOST_VALUES && valuesIn(body) > MOST_VALUES) return TOO_MANY;
  return readRequest(api, new TextDecoder().decode(body), context);
}

/** Maximum number of values, which cost far more memory than text. The largest real bodies have a tenth of this. */
const MOST_VALUES = 4_000_000;

const TOO_MANY = {
  kind: 'invalid',
  path: 'body',
  message: `it holds more than ${MOST_VALUES / 1_000_000} million values, too many to be translated`,
} as const;

/** Counts separators between values, including those inside strings. */
function valuesIn(body: Uint8Array): number {
  let values = 0;
  for (const byte of body) if (byte === COMMA || byte === BRACKET || byte === BRACE) values += 1;
  return values;
}

const COMMA = 0x2c;
const BRACKET = 0x5b;
const BRACE = 0x7b;
