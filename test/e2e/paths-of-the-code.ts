import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const SRC = join(import.meta.dir, '..', '..', 'src');

/** Every path that the server's code names. They are read from the code, so that no new one is forgotten. */
export function pathsOfTheCode(): string[] {
  const files = readdirSync(join(SRC, 'server'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(SRC, 'server', name));
  const code = [...files, join(SRC, 'gateway', 'endpoint.ts')]
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
  const literals = [...code.matchAll(/'(\/[a-z0-9][a-z0-9_./-]*)'/gi)].map(([, path = '']) => path);
  return [...new Set(literals)].sort();
}
