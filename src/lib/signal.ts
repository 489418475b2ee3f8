/**
 * Whether something was aborted, and who wants to know. The runtime's `AbortSignal` is one form, `PlainSignal` another
 * that costs a tenth of it.
 */
export interface Signal {
  readonly aborted: boolean;
  readonly addEventListener: (type: 'abort', listener: () => void, options?: { readonly once: true }) => void;
  readonly removeEventListener: (type: 'abort', listener: () => void) => void;
}

/** Calls each listener once, in order, when it aborts. */
export class PlainSignal implements Signal {
  #isAborted = false;
  /** Most signals have one listener at a time. */
  #first: (() => void) | undefined;
  #others: (() => void)[] | undefined;

  get aborted(): boolean {
    return this.#isAborted;
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    if (this.#first === undefined && this.#others === undefined) this.#first = listener;
    else if (listener !== this.#first && this.#others?.includes(listener) !== true)
      (this.#others ??= []).push(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    if (listener === this.#first) this.#first = undefined;
    else if (this.#others !== undefined) {
      this.#others = this.#others.filter((other) => other !== listener);
      if (this.#others.length === 0) this.#others = undefined;
    }
  }

  abort(): void {
    if (this.#isAborted) return;
    this.#isAborted = true;
    const first = this.#first;
    const others = this.#others ?? [];
    this.#first = undefined;
    this.#others = undefined;
    first?.();
    for (const listener of others) listener();
  }
}
