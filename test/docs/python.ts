import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './pages.ts';

/** The interpreter that `test.sh` prepares, or the one in DOCS_PYTHON, or any other. Undefined if there is none. */
export function findPython(): string | undefined {
  const prepared = join(ROOT, 'node_modules', '.python', 'bin', 'python');
  return (
    process.env['DOCS_PYTHON'] || (existsSync(prepared) ? prepared : (Bun.which('python3') ?? undefined))
  );
}

/** The modules that a program imports and that this interpreter lacks. */
export function missingModules(python: string, program: string): string[] {
  const names = [...program.matchAll(/^(?:from|import) (\w+)/gm)].map(([, name = '']) => name);
  const find = 'import sys, importlib.util as u; print(*[n for n in sys.argv[1:] if u.find_spec(n) is None])';
  const { stdout } = Bun.spawnSync([python, '-c', find, ...new Set(names)]);
  return stdout.toString().split(/\s+/).filter(Boolean);
}
