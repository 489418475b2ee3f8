import { existsSync } from 'node:fs';
import { mkdir, readdir, readlink, rename, rm, stat, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { THREADS } from './build/threads.ts';

/**
 * Joins the sources of a checkout to a few files, from which it starts in two thirds of the time and with 5 MB less memory
 * (`bin/llm-proxy`, `fresh-bundle.sh`). `run.sh` does this beside the gateway, for the next start.
 */
const ROOT = join(import.meta.dir, '..');
const MODULES = join(ROOT, 'node_modules');
const CURRENT = join(MODULES, '.bundle');

/** Gateways that run from an earlier bundle load parts of it when they first need them, so the last ones stay. */
const KEPT = 4;

const folder = `${CURRENT}-${Date.now().toString(36)}-${process.pid}`;
await mkdir(folder);
await Bun.write(join(folder, '.begun'), '');
await Bun.build({
  entrypoints: ['main.ts', ...THREADS].map((file) => join(ROOT, 'src', file)),
  // The threads are looked for under the names of their sources.
  naming: { entry: '[name].ts' },
  target: 'bun',
  format: 'esm',
  // Parts that few gateways need stay apart. In one file, the gateway has 15 MB more.
  splitting: true,
  // Names stay, so that stack traces can be read. They name the files and lines of src.
  minify: { whitespace: true, syntax: true },
  sourcemap: 'linked',
  outdir: folder,
});
// A link can be replaced at once, while gateways start.
await symlink(basename(folder), `${folder}.link`);
await rename(`${folder}.link`, CURRENT);
await removeOld();

async function removeOld(): Promise<void> {
  const folders = (await readdir(MODULES)).filter(
    (name) => name.startsWith('.bundle-') && !name.endsWith('.link'),
  );
  const dated = await Promise.all(
    folders.map(async (name) => ({ name, atMs: (await stat(join(MODULES, name))).mtimeMs })),
  );
  dated.sort((one, other) => other.atMs - one.atMs);
  const current = existsSync(CURRENT) ? await readlink(CURRENT) : undefined;
  for (const { name } of dated.slice(KEPT))
    if (name !== current) await rm(join(MODULES, name), { recursive: true, force: true });
}
