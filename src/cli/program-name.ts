import { basename, delimiter, join } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What to type to run this program again, as it was called: its name where the shell finds it, else its path.
 * LLM_PROXY_COMMAND is how the launcher was called; without it the program is a binary.
 */
export function programName(env: Environment = process.env): string {
  // npx puts the program into the PATH for this one call.
  if (env['npm_command'] === 'exec') return 'npx llm-proxy';
  const called = env['LLM_PROXY_COMMAND'] ?? process.argv0;
  const name = basename(called);
  const isFound = (env['PATH'] ?? '').split(delimiter).some((folder) => join(folder, name) === called);
  return isFound ? name : called;
}
