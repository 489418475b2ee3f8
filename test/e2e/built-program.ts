import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The program as a single file, built for this machine. */
export interface BuiltProgram {
  readonly path: string;
  readonly remove: () => Promise<void>;
}

const SCRIPT = join(import.meta.dir, '..', '..', 'scripts', 'build.ts');

/** Builds it in a separate folder, with the runtime that npm has installed. */
export async function buildProgram(): Promise<BuiltProgram> {
  const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-binary-'));
  const build = Bun.spawn([process.execPath, SCRIPT, 'host', '--outdir', folder], {
    stdout: 'pipe',
    stderr: 'inherit',
  });
  if ((await build.exited) !== 0) throw new Error('the build failed');
  const files = readdirSync(folder);
  if (files.length !== 1) throw new Error(`the build left ${files.join(', ')}`);
  return { path: join(folder, files[0] ?? ''), remove: () => rm(folder, { recursive: true }) };
}
