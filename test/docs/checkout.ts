import { cp, mkdir, mkdtemp, readdir, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './pages.ts';

/** The parts of a checkout that the commands of the pages need. */
const PARTS = [
  '.npmrc',
  'bin',
  'config.example.yaml',
  'config.schema.json',
  'package-lock.json',
  'package.json',
  'run.sh',
  'scripts',
  'src',
];

/** A copy of this checkout in a temporary folder, with its packages but without any other build output. */
export async function copyCheckout(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-docs-'));
  for (const part of PARTS) await cp(join(ROOT, part), join(folder, part), { recursive: true });
  const modules = join(folder, 'node_modules');
  await mkdir(modules);
  for (const name of await readdir(join(ROOT, 'node_modules'))) {
    if (!name.startsWith('.installed'))
      await symlink(join(ROOT, 'node_modules', name), join(modules, name), 'junction');
  }
  // `run.sh` checks that the packages match this lock file.
  await cp(join(ROOT, 'package-lock.json'), join(modules, '.installed-run'));
  return folder;
}
