import { expect, test } from 'bun:test';
import { Glob } from 'bun';
import { dirname, join, normalize } from 'node:path';

const SRC = join(import.meta.dir, '..', '..', 'src');

const CORE = ['routing', 'limits', 'protocols', 'translation'];
const EDGES = ['server', 'upstream', 'telemetry', 'store', 'admin', 'docs', 'workers'];

/** Whom each folder may import, besides itself. `.` is the files at the top of `src`. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  ...Object.fromEntries(CORE.map((folder) => [folder, ['lib']])),
  config: ['lib', ...CORE],
  gateway: ['lib', ...CORE, 'config'],
  ...Object.fromEntries(EDGES.map((folder) => [folder, ['lib', ...CORE, 'config', 'gateway']])),
  admin: ['lib', ...CORE, 'config', 'gateway', 'store'],
  simulator: ['lib'],
  cli: ['lib', ...CORE, 'config', 'gateway', ...EDGES, 'simulator', '.'],
  '.': ['lib', ...CORE, 'config', 'gateway', ...EDGES, 'simulator', 'cli'],
};

interface Import {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

async function imports(): Promise<Import[]> {
  const found: Import[] = [];
  for await (const file of new Glob('**/*.ts').scan(SRC)) {
    const text = await Bun.file(join(SRC, file)).text();
    for (const [, target = ''] of text.matchAll(/(?:from |import\()'(\.[^']+)'/g)) {
      found.push({ file, from: folderOf(file), to: folderOf(normalize(join(dirname(file), target))) });
    }
  }
  return found;
}

function folderOf(file: string): string {
  if (file.startsWith('..')) return 'outside';
  return file.includes('/') ? (file.split('/')[0] ?? '') : '.';
}

test('every folder imports only what the table allows', async () => {
  const all = await imports();
  const forbidden = all.filter(({ from, to }) => from !== to && !MAY_IMPORT[from]?.includes(to));
  expect(all.length).toBeGreaterThan(50);
  expect(forbidden.filter(({ to }) => to !== 'outside')).toEqual([]);
});

test('only the version is read from outside of src', async () => {
  const outside = (await imports()).filter(({ to }) => to === 'outside').map(({ file }) => file);
  expect(outside).toEqual(['version.ts']);
});

test('the core imports nothing but itself and lib: no package, no runtime module', async () => {
  for (const folder of CORE) {
    for await (const file of new Glob('**/*.ts').scan(join(SRC, folder))) {
      const text = await Bun.file(join(SRC, folder, file)).text();
      const packages = [...text.matchAll(/(?:from |import\()'([^.][^']*)'/g)].map(([, name]) => name);
      expect({ file, packages }).toEqual({ file, packages: [] });
    }
  }
});
