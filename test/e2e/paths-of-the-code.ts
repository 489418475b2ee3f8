import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const SRC = join(import.meta.dir, '..', '..', 'src');

/** Every path that the server's code names: read from the code, so that a new one is not forgotten. */
export function pathsOfTheCode(): string[] {
  const files = readdirSync(join(SRC, 'server')).map((name) => join(SRC, 'server', name));
  const code = [...files, join(SRC, 'gateway', 'endpoint.ts')]
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
  const literals = [...code.matchAll(/'(\/[a-z0-9][a-z0-9_./-]*)'/gi)].map(([, path = '']) => path);
  return [...new Set(literals)].sort();
}
