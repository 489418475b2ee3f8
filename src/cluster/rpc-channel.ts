/** Functions that another process may call. What goes in and comes out is data that can be cloned. */
// eslint-disable-next-line typescript/no-explicit-any -- the arguments are those of the functions themselves
export type Calls = { readonly [name: string]: (argument: any) => unknown };

/** What a call of one of these functions resolves with. */
export type AnswerOf<Remote extends Calls, Name extends keyof Remote> = Awaited<ReturnType<Remote[Name]>>;

/**
 * Calls between two processes over a channel that carries messages in order. Each side offers functions and calls those
 * of the other; a call is answered with what the function returned or threw, as a message alone.
 */
export class RpcChannel<Remote extends Calls> {
  readonly #send: (message: Message) => void;
  readonly #local: Calls;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;
  #isClosed = false;

  /** `send` may throw; what was called then fails. */
  constructor(send: (message: Message) => void, local: Calls) {
    this.#send = send;
    this.#local = local;
  }

  /** Rejects with what the other side threw, and when the channel closes before the answer. */
  call<Name extends keyof Remote & string>(
    name: Name,
    argument: Parameters<Remote[Name]>[0],
  ): Promise<AnswerOf<Remote, Name>> {
    if (this.#isClosed) return Promise.reject(new LinkClosed());
    this.#calls += 1;
    const id = this.#calls;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as Waiting['resolve'], reject });
      try {
        this.#send({ kind: 'call', id, name, argument });
      } catch (error) {
        this.#waiting.delete(id);
        reject(error);
      }
    });
  }

  /** Takes what came from the other side. */
  receive(message: Message): void {
    if (message.kind === 'call') return void this.#answer(message);
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.kind === 'answer') waiting?.resolve(message.value);
    else waiting?.reject(new Error(message.message));
  }

  /** The channel is closed: nothing that still waits will be answered. */
  close(): void {
    this.#isClosed = true;
    for (const { reject } of this.#waiting.values()) reject(new LinkClosed());
    this.#waiting.clear();
  }

  async #answer({ id, name, argument }: Extract<Message, { kind: 'call' }>): Promise<void> {
    let answer: Message;
    try {
      const value = await this.#local[name]?.(argument);
      answer = { kind: 'answer', id, value };
    } catch (error) {
      answer = { kind: 'error', id, message: error instanceof Error ? error.message : String(error) };
    }
    try {
      this.#send(answer);
    } catch {
      // Who asked is gone, and so is its question.
    }
  }
}

export type Message =
  | { readonly kind: 'call'; readonly id: number; readonly name: string; readonly argument: unknown }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly message: string };

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** The other process is gone. */
export class LinkClosed extends Error {
  constructor() {
    super('the other process is gone');
  }
}
