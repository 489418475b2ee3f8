/** The names of what leases consist of in Redis. All are in one slot of a cluster. */
export class LeaseKeys {
  readonly epoch: string;
  readonly nodes: string;
  readonly told: string;
  readonly alone: string;
  readonly #prefix: string;

  /** `namespace` sets this installation apart from others on the same Redis. */
  constructor(namespace: string) {
    this.#prefix = `{llmp:${namespace}}`;
    this.epoch = `${this.#prefix}:epoch`;
    this.nodes = `${this.#prefix}:nodes`;
    this.told = `${this.#prefix}:told`;
    this.alone = `${this.#prefix}:alone`;
  }

  counter(counter: string, windowMs: number): string {
    return `${this.#prefix}:c:${counter}@${windowMs}`;
  }

  /** The counter and window of a key that `counter` has made. */
  counterOf(key: string): { readonly counter: string; readonly windowMs: number } {
    const name = key.slice(`${this.#prefix}:c:`.length);
    const at = name.lastIndexOf('@');
    return { counter: name.slice(0, at), windowMs: Number(name.slice(at + 1)) };
  }

  /** The counters of which a node has a claim. */
  claimsOf(node: string): string {
    return `${this.#prefix}:of:${node}`;
  }
}
