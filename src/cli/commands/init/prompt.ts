import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

/** Asks questions on a terminal. Each rejects with `Interrupted` on Ctrl-C or Ctrl-D. */
export interface Prompt {
  /** Returns the typed text, or `fallback` for an empty line. Asks again until `fault` accepts the answer. */
  readonly ask: (question: string, wanted?: Wanted) => Promise<string>;
  readonly say: (text: string) => void;
  readonly close: () => void;
}

export interface Wanted {
  readonly fallback?: string | undefined;
  /** Describes the error in an answer in one sentence; undefined: it has none. */
  readonly fault?: (answer: string) => string | undefined;
  /** Hides the answer while it is typed. */
  readonly isSecret?: boolean;
}

/** The user has left. */
export class Interrupted extends Error {}

/** Opens the terminal for questions. */
export function openPrompt(): Prompt {
  let isMuted = false;
  const output = new Writable({
    write: (chunk, _encoding, done) => {
      if (!isMuted) process.stdout.write(chunk);
      done();
    },
  });
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  const leaving = new Promise<never>((_resolve, reject) => {
    lines.once('close', () => reject(new Interrupted()));
  });
  // No question may be pending when the terminal is closed.
  leaving.catch(() => undefined);
  lines.once('SIGINT', () => lines.close());

  async function read(question: string, isSecret: boolean): Promise<string> {
    const answer = lines.question(question);
    isMuted = isSecret;
    try {
      return (await Promise.race([answer, leaving])).trim();
    } catch {
      throw new Interrupted();
    } finally {
      if (isMuted) process.stdout.write('\n');
      isMuted = false;
    }
  }

  return {
    ask: async (question, { fallback = '', fault = () => undefined, isSecret = false } = {}) => {
      for (;;) {
        const shown = fallback === '' ? `${question}: ` : `${question} [${fallback}]: `;
        const answer = (await read(shown, isSecret)) || fallback;
        const wrong = fault(answer);
        if (wrong === undefined) return answer;
        process.stdout.write(`  ${wrong}\n`);
      }
    },
    say: (text) => void process.stdout.write(`${text}\n`),
    close: () => lines.close(),
  };
}
