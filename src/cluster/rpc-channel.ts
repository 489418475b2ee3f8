/** Functions that another process may call. Arguments and results must be structured-cloneable. */
// eslint-disable-next-line typescript/no-explicit-any -- the arguments are those of the functions themselves
export type Calls = { readonly [name: string]: (argument: any) => unknown };

/** The result of a call of one of these functions. */
export type AnswerOf<Remote extends Calls, Name extends keyof Remote> = Awaited<ReturnType<Remote[Name]>>;

/**
 * Calls between two processes over a channel that keeps messages in order. Each side offers functions and calls those
 * of the other. A call is answered with the function's result, or with the message of the error that it threw.
 */
export class RpcChannel<Remote extends Calls> {
  readonly #send: (message: Message) => void;
  readonly #local: Calls;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;
  #isClosed = false;

  /** If `send` throws, the call that used it fails. */
  constructor(send: (message: Message) => void, local: Calls) {
    this.#send = send;
    this.#local = local;
  }

  /** Rejects with the error of the other side, or when the channel closes before the answer arrives. */
  call<Name extends keyof Remote & string>(
    name: Name,
    argument: Parameters<Remote[Name]>[0],
  ): Promise<AnswerOf<Remote, Name>> {
    if (this.#isClosed) return Promise.reject(new ChannelClosed());
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

  /** Handles a message from the other side. */
  receive(message: Message): void {
    if (message.kind === 'call') return void this.#answer(message);
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.kind === 'answer') waiting?.resolve(message.value);
    else waiting?.reject(new Error(message.message));
  }

  /** Rejects all pending calls, since the channel is closed. */
  close(): void {
    this.#isClosed = true;
    for (const { reject } of this.#waiting.values()) reject(new ChannelClosed());
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
      // The caller is gone, so nobody needs the answer.
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

/** The other process has gone away. */
export class ChannelClosed extends Error {
  constructor() {
    super('the other process has gone away');
  }
}
