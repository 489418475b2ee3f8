import { stripVTControlCharacters } from 'node:util';
import { until } from './gateway.ts';

/** A program on a pseudo-terminal, as a user sees it. */
export interface TestTerminal {
  /** The text shown since the last `clear`, without colours and cursor movements. */
  readonly shown: () => string;
  /** The same text with colours and cursor movements. */
  readonly raw: () => string;
  /** Types; `\r` is the Enter key. */
  readonly type: (text: string) => void;
  /** Resolves with the first match in the output since then, past or future. */
  readonly shows: (pattern: RegExp) => Promise<RegExpExecArray>;
  readonly clear: () => void;
  /** Resolves with the exit code once all output has arrived. */
  readonly exited: Promise<number>;
  readonly close: () => Promise<void>;
}

/** Starts a program on a pseudo-terminal, with nothing of this process's settings but PATH. */
export function startTerminal(
  command: readonly string[],
  { cwd, env }: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): TestTerminal {
  const decoder = new TextDecoder();
  const read = Promise.withResolvers<void>();
  let raw = '';
  const child = Bun.spawn([...command], {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', HOME: cwd, TERM: 'xterm', LANG: 'en_US.UTF-8', ...env },
    terminal: {
      cols: 120,
      rows: 50,
      data: (_, bytes) => {
        raw += decoder.decode(bytes, { stream: true });
      },
      exit: () => read.resolve(),
    },
  });
  const shown = (): string => stripVTControlCharacters(raw);
  return {
    shown,
    raw: () => raw,
    type: (text) => void child.terminal?.write(text),
    shows: (pattern) =>
      until(() => pattern.exec(shown()) ?? undefined).catch(() => {
        throw new Error(`${pattern} was not shown, but:\n${shown()}`);
      }),
    clear: () => {
      raw = '';
    },
    exited: read.promise.then(() => child.exited),
    close: async () => {
      child.kill('SIGKILL');
      await child.exited;
      child.terminal?.close();
    },
  };
}
