import { basename, delimiter, isAbsolute, join, relative } from 'node:path';
import { shellWord } from './shell-word.ts';

/** Of a process, what says how it was called. */
interface Caller {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly argv0: string;
  readonly folder: string;
}

/** What to type in the current folder to run this program again. */
export function programName({ env, argv0, folder }: Caller = thisProcess()): string {
  // npx puts the program into the PATH for this one call.
  if (env['npm_command'] === 'exec') return 'npx --no llm-proxy';
  // A launcher says how it was called; a binary knows it.
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
