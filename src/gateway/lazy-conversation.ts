import type { ClientApi } from '../translation/conversation.ts';
import { readRequest } from '../translation/pair.ts';
import type { RequestReading } from '../translation/sides.ts';

/** The client's request in the model of all APIs. It is read when the first attempt needs it, and only once. */
export class LazyConversation {
  readonly #body: Uint8Array;
  readonly #path: string;
  #reading: Promise<RequestReading> | undefined;

  /** `path` has its query: Gemini's model and method stand there. */
  constructor(body: Uint8Array, path: string) {
    this.#body = body;
    this.#path = path;
  }

  read(api: ClientApi, requestId: string): Promise<RequestReading> {
    this.#reading ??= readRequest(api, new TextDecoder().decode(this.#body), {
      requestId,
      path: this.#path,
    });
    return this.#reading;
  }
}
