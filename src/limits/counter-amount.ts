/** An amount of one counter in one window. */
export interface CounterAmount {
  readonly counter: string;
  /** The start of the window in milliseconds since 1970. */
  readonly windowMs: number;
  /** Both, as `windowKey` joins them; undefined: to be joined. */
  readonly key?: string | undefined;
  /** In the unit of the counter: nano-dollars, tokens or requests. */
  readonly amount: number;
}

/** The counter and its window in one text. */
export function windowKey(counter: string, windowMs: number): string {
  return `${counter}@${windowMs}`;
}
