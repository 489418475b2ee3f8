import { readFile } from 'node:fs/promises';
import { type LoadContext, type LoadResult, NO_FILES, type TextContext } from './load-result.ts';
import { loadPlain } from './quick/load-plain.ts';
import { readSecretFile, type SecretFile } from './secret-file.ts';

/** Reads, checks and compiles a configuration file. An unreadable file is a problem like any other. */
export async function loadConfig({
  path,
  ...context
}: LoadContext & { readonly path: string }): Promise<LoadResult> {
  const file = await readTextFile(path);
  if (file.kind === 'unreadable') return refuse(path, file.message);
  return loadText(file.text, { readFile: readSecretFile, ...context, file: path });
}

/** Reads a file of text in UTF-8. The message of its error says why the file cannot be read. */
export async function readTextFile(
  path: string,
): Promise<
  { readonly kind: 'text'; readonly text: string } | { readonly kind: 'unreadable'; readonly message: string }
> {
  try {
    const text = decoded(await readFile(path));
    if (text !== undefined) return { kind: 'text', text };
    return { kind: 'unreadable', message: 'is not text in UTF-8' };
  } catch (error) {
    return { kind: 'unreadable', message: whyUnreadable(error) };
  }
}

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Checks and compiles the text of a configuration. Problems call it `file`. */
export async function loadText(text: string, context: TextContext): Promise<LoadResult> {
  const once = readingOnce(context);
  const loaded = loadPlain(text, once);
  if (loaded !== undefined) return loaded;
  // It knows all of YAML, and says what is wrong.
  const { compileText } = await import('./compile-text.ts');
  return compileText(text, once);
}

/** A file that is a pipe can be read only once. */
function readingOnce({ readFile, ...context }: TextContext): TextContext {
  if (readFile === undefined) return context;
  const read = new Map<string, SecretFile>();
  return {
    ...context,
    readFile(path) {
      const file = read.get(path) ?? readFile(path);
      read.set(path, file);
      return file;
    },
  };
}

function refuse(file: string, message: string): LoadResult {
  return {
    kind: 'refused',
    problems: [{ file, line: undefined, column: undefined, path: '', message }],
    files: NO_FILES,
  };
}

function whyUnreadable(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOENT':
      return 'does not exist';
    case 'EACCES':
    case 'EPERM':
      return 'may not be read by this user';
    case 'EISDIR':
      return 'is a directory, not a file';
    default:
      return `cannot be read${typeof code === 'string' ? ` (${code})` : ''}`;
  }
}
