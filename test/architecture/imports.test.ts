import { expect, test } from 'bun:test';
import { Glob } from 'bun';
import { dirname, join, normalize } from 'node:path';

const SRC = join(import.meta.dir, '..', '..', 'src');
const CONSOLE = join(import.meta.dir, '..', '..', 'console', 'src');

const CORE = ['routing', 'limits', 'protocols', 'translation', 'prices'];
const DOMAIN = ['lib', ...CORE, 'usage', 'config', 'gateway'];

/** Every room that each room may import, in addition to itself. `.` is the files at the top of `src`. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  http1: ['lib'],
  ...Object.fromEntries(CORE.map((room) => [room, ['lib']])),
  usage: ['lib', 'protocols'],
  config: ['lib', ...CORE],
  gateway: ['lib', ...CORE, 'usage', 'config'],
  upstream: [...DOMAIN, 'http1'],
  telemetry: DOMAIN,
  models: DOMAIN,
  health: [...DOMAIN, 'models'],
  server: [...DOMAIN, 'http1', 'health', 'models'],
  cluster: ['lib'],
  store: DOMAIN,
  spend: [...DOMAIN, 'store'],
  redis: [...DOMAIN, 'store', 'spend'],
  migrate: [...DOMAIN, 'store'],
  openapi: DOMAIN,
  admin: [...DOMAIN, 'store', 'spend', 'migrate', 'openapi'],
  console: ['lib', 'openapi'],
  simulator: ['lib'],
  app: [
    ...DOMAIN,
    'upstream',
    'telemetry',
    'health',
    'models',
    'server',
    'cluster',
    'store',
    'spend',
    'redis',
    'migrate',
    'admin',
    'openapi',
    'console',
    'simulator',
    '.',
  ],
  cli: [...DOMAIN, 'app', 'store', 'spend', 'migrate', 'simulator', '.'],
  '.': ['cli'],
};

/** The same for the console. */
const CONSOLE_MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  i18n: ['lib'],
  api: ['lib'],
  ui: ['lib', 'api'],
  session: ['lib', 'api'],
  pages: ['lib', 'i18n', 'api', 'ui', 'session'],
  app: ['lib', 'i18n', 'api', 'ui', 'session', 'pages'],
  '.': ['lib', 'i18n', 'app'],
};

interface Import {
  readonly file: string;
  readonly target: string;
}

/** Every import between files of a folder, including type imports and `import()`. */
async function imports(folder = SRC): Promise<Import[]> {
  const found: Import[] = [];
  for await (const file of new Glob('**/*.{ts,tsx}').scan(folder)) {
    const text = await Bun.file(join(folder, file)).text();
    for (const [, path = ''] of text.matchAll(/(?:from |import\()'(\.[^']+)'/g)) {
      found.push({ file, target: normalize(join(dirname(file), path)) });
    }
  }
  return found;
}

function roomOf(file: string): string {
  if (file.startsWith('..')) return 'outside';
  return file.includes('/') ? (file.split('/')[0] ?? '') : '.';
}

test('every room imports only what the table allows', async () => {
  const all = await imports();
  expect(all.length).toBeGreaterThan(50);
  expect(forbiddenIn(all, MAY_IMPORT)).toEqual([]);
});

test('every room of the console imports only what its table allows', async () => {
  const all = await imports(CONSOLE);
  expect(all.length).toBeGreaterThan(50);
  expect(forbiddenIn(all, CONSOLE_MAY_IMPORT)).toEqual([]);
});

function forbiddenIn(all: readonly Import[], allowed: Readonly<Record<string, readonly string[]>>): Import[] {
  return all.filter(({ file, target }) => {
    const [from, to] = [roomOf(file), roomOf(target)];
    return from !== to && to !== 'outside' && !allowed[from]?.includes(to);
  });
}

test.each([
  ['the gateway', SRC],
  ['the console', CONSOLE],
])('no file of %s imports itself over others, not even a type', async (_, folder) => {
  const targets = new Map<string, string[]>();
  for (const { file, target } of await imports(folder))
    targets.set(file, [...(targets.get(file) ?? []), target]);
  expect(circlesIn(targets)).toEqual([]);
});

/** The cycles of imports, each as the list of its files. */
function circlesIn(targets: ReadonlyMap<string, readonly string[]>): string[][] {
  const circles: string[][] = [];
  const done = new Set<string>();
  const walk = (file: string, path: readonly string[]): void => {
    const at = path.indexOf(file);
    if (at >= 0) circles.push(path.slice(at));
    if (at >= 0 || done.has(file)) return;
    for (const target of targets.get(file) ?? []) walk(target, [...path, file]);
    done.add(file);
  };
  for (const file of targets.keys()) walk(file, []);
  return circles;
}

test('only the version is read from outside of src', async () => {
  const outside = (await imports()).filter(({ target }) => target.startsWith('..')).map(({ file }) => file);
  expect(outside).toEqual(['version.ts']);
});

test('the core imports nothing but itself and lib: no package, no runtime module', async () => {
  for (const room of CORE) {
    for await (const file of new Glob(`${room}/**/*.ts`).scan(SRC)) {
      const text = await Bun.file(join(SRC, file)).text();
      const packages = [...text.matchAll(/(?:from |import\()'([^.][^']*)'/g)].map(([, name]) => name);
      expect({ file, packages }).toEqual({ file, packages: [] });
    }
  }
});
