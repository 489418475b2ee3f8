import { cp, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
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

/** `run.sh` starts it in the background, where it would still write into a folder that a test removes. */
export const BUNDLER = join('scripts', 'bundle.ts');

/** A copy of this checkout in a temporary folder, with its packages but without any other build output, and without `BUNDLER`. */
export async function copyCheckout(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-docs-'));
  for (const part of PARTS) await cp(join(ROOT, part), join(folder, part), { recursive: true });
  await rm(join(folder, BUNDLER));
  // `run.sh` checks that the packages match this lock file.
  await linkPackages(folder, '.', '.installed-run');
  return folder;
}

/**
 * Links the packages of a folder of this checkout one by one, since an installation through a link to all of them would
 * remove them here. `mark` is the copy of the lock file by which a script sees that they are installed.
 */
export async function linkPackages(checkout: string, folder: string, mark: string): Promise<void> {
  const [from, to] = [join(ROOT, folder, 'node_modules'), join(checkout, folder, 'node_modules')];
  await mkdir(to);
  for (const name of await readdir(from))
    if (!name.startsWith('.installed') && !name.startsWith('.bundle'))
      await symlink(join(from, name), join(to, name), 'junction');
  await cp(join(ROOT, folder, 'package-lock.json'), join(to, mark));
}
