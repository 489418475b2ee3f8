import { readFileSync, statSync } from 'node:fs';

/** The contents of a secret file, or why it cannot be read. Problems never quote the contents of a file. */
export type SecretFile =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'problem'; readonly message: string; readonly isMissing: boolean };

/** Reads a file by its path, relative to the working directory. Never throws. */
export type ReadSecretFile = (path: string) => SecretFile;

/** Nothing larger is a secret, and each use would keep a copy in memory. */
const MOST_BYTES = 65_536;

/** Reads a secret file without its trailing line ends. */
export const readSecretFile: ReadSecretFile = (path) => {
  try {
    const stats = statSync(path);
    // Reading a pipe or a device may never end.
    if (!stats.isFile()) return problem(`${path} is not a regular file`);
    if (stats.size > MOST_BYTES) return problem(`${path} is larger than ${MOST_BYTES} bytes`);
    const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
    if (text.includes('\0')) return problem(`${path} is not text`);
    return { kind: 'text', text: withoutLineEnds(text) };
  } catch (error) {
    if (error instanceof TypeError) return problem(`${path} is not text in UTF-8`);
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return problem(`${path} does not exist`, true);
    if (code === 'EACCES' || code === 'EPERM') return problem(`this user may not read ${path}`);
    return problem(`${path} cannot be read${typeof code === 'string' ? ` (${code})` : ''}`);
  }
};

function problem(message: string, isMissing = false): SecretFile {
  return { kind: 'problem', message: `the file ${message}`, isMissing };
}

function withoutLineEnds(text: string): string {
  let end = text.length;
  while (text[end - 1] === '\n' || text[end - 1] === '\r') end--;
  return text.slice(0, end);
}
