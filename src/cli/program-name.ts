import { basename, delimiter, isAbsolute, join, relative } from 'node:path';

/** The parts of a process that show how it was called. */
interface Caller {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly argv0: string;
  readonly folder: string;
}

/** The command that runs this program again from the current folder. */
export function programName({ env, argv0, folder }: Caller = thisProcess()): string {
  // npx adds the program to the PATH for this one call.
  if (env['npm_command'] === 'exec') return 'npx --no llm-proxy';
  // A launcher passes on how it was called; a binary knows it.
  const called = env['LLM_PROXY_COMMAND'] || argv0;
  const name = basename(called);
  const isFound = (env['PATH'] ?? '').split(delimiter).some((folder) => join(folder, name) === called);
  if (isFound || name === called) return shellWord(name);
  const near = relative(folder, called);
  if (!isAbsolute(called) || near.startsWith('..')) return shellWord(called);
  return shellWord(near === name ? `./${near}` : near);
}

function thisProcess(): Caller {
  return { env: process.env, argv0: process.argv0, folder: process.cwd() };
}

/** Quotes a text so that a shell takes it as one word. */
export function shellWord(text: string): string {
  return /^[\w./:@%+=,~-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
