/** One command of the program. */
export interface Command {
  readonly name: string;
  /** What it does, in half a line. */
  readonly summary: string;
  /** Runs it with the arguments behind its name; resolves with the exit code. */
  readonly run: (args: readonly string[]) => Promise<number>;
}

/** Exit codes: done, failed (the reason was printed), called the wrong way. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

/** `-config` and its like are how programs in Go write long options: one dash and a word. */
export function withDoubleDashes(args: readonly string[]): string[] {
  return args.map((arg) => (/^-[a-z][a-z-]+(?:=.*)?$/s.test(arg) ? `-${arg}` : arg));
}
