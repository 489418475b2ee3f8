import { print } from './process-log.ts';

/** The calls with which a worker asks for its turn at the terminal. */
export type TerminalCalls = {
  /** Resolves when the worker may write. */
  readonly takeTerminal: (nothing: undefined) => Promise<void>;
  readonly leaveTerminal: (nothing: undefined) => void;
};

/** The number of the process that gives the turns. */
const SELF = 0;

/**
 * Lets one process at a time write to the terminal that all share, so that no line is torn. Each writes its own lines:
 * handing them to another process would cost more than the rest of a log.
 */
export class TerminalTurns {
  #holder: number | undefined;
  readonly #waiting: { readonly process: number; readonly begin: () => void }[] = [];

  /** The calls of a worker, from 1 on. */
  callsOf(worker: number): TerminalCalls {
    return {
      takeTerminal: () => this.#take(worker),
      leaveTerminal: () => this.#end(worker),
    };
  }

  /** Writes lines in the turn of the process that gives the turns. */
  readonly print = async (lines: Uint8Array | string): Promise<void> => {
    await this.#take(SELF);
    try {
      await print(lines);
    } finally {
      this.#end(SELF);
    }
  };

  /** A worker is gone, and so is its turn. */
  release(worker: number): void {
    const others = this.#waiting.filter(({ process }) => process !== worker);
    this.#waiting.splice(0, Infinity, ...others);
    this.#end(worker);
  }

  #take(process: number): Promise<void> {
    if (this.#holder !== undefined)
      return new Promise((begin) => {
        this.#waiting.push({ process, begin });
      });
    this.#holder = process;
    return Promise.resolve();
  }

  #end(process: number): void {
    if (this.#holder !== process) return;
    const next = this.#waiting.shift();
    this.#holder = next?.process;
    next?.begin();
  }
}
