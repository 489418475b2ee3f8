import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { type BunPlugin, Glob } from 'bun';

const ROOM = import.meta.dir;

/** In the order of the cascade. */
const STYLES = [
  'src/styles/font.css',
  // The page at /docs has them, too.
  '../src/console/page/tokens.css',
  'src/styles/base.css',
  'src/styles/controls.css',
  'src/styles/overlays.css',
  'src/styles/frame.css',
  'src/styles/data.css',
  'src/styles/pages.css',
  'src/styles/editor.css',
  'node_modules/uplot/dist/uPlot.min.css',
];

const FONT = 'node_modules/@fontsource-variable/inter/files/inter-latin-wght-normal.woff2';

/**
 * Bundles the console into `folder`: `index.html`, and below `assets` files whose names contain a hash of their content,
 * one script for each page. `files.json` lists them all. The folder is replaced as a whole, so that a gateway that serves
 * it never sees half a build.
 */
export async function buildConsole(folder: string): Promise<readonly string[]> {
  const unfinished = `${folder}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(join(unfinished, 'assets'), { recursive: true });
  const entry = await scripts(unfinished);
  const html = (await Bun.file(join(ROOM, 'src/index.html')).text())
    .replace('%ICON%', await asset(unfinished, 'src/icon.svg'))
    .replace('%STYLES%', await styles(unfinished))
    .replace('%FONT%', await asset(unfinished, FONT))
    .replace('%SCRIPT%', `assets/${entry}`)
    .replace('</head>', `${await preloads(join(unfinished, 'assets'), entry)}</head>`);
  await Bun.write(join(unfinished, 'index.html'), html);
  const files = (await readdir(unfinished, { recursive: true })).filter((name) => extname(name) !== '');
  await Bun.write(join(unfinished, 'files.json'), `${JSON.stringify(files.toSorted(), undefined, 2)}\n`);
  await rm(folder, { recursive: true, force: true });
  await rename(unfinished, folder);
  return files;
}

/** Parts that are loaded with the first page, since nearly every page has them. */
const EVERYWHERE = [
  'card',
  'copy',
  'field',
  'native-select',
  'page',
  'states',
  'state-badge',
  'toggle',
  'values',
].map((name) => join(ROOM, `src/ui/${name}.tsx`));

/**
 * The bundler makes a chunk for each set of pages that share something, which would be fifty files of some hundred bytes.
 * Here each page has all icons and all small parts, so that they become one.
 */
function fewerChunks(icons: readonly string[]): BunPlugin {
  const library = join(ROOM, 'node_modules/lucide-react/dist/esm/lucide-react.mjs');
  return {
    name: 'fewer chunks',
    setup(build) {
      build.onResolve({ filter: /^lucide-react$/ }, () => ({ path: 'icons', namespace: 'icons' }));
      build.onLoad({ filter: /.*/, namespace: 'icons' }, () => ({
        loader: 'ts',
        contents: [
          `import { ${icons.map((name) => `${name} as ${name}_`).join(', ')} } from ${JSON.stringify(library)};`,
          ...icons.map((name) => `export const ${name} = ${name}_;`),
        ].join('\n'),
      }));
      build.onLoad({ filter: /src\/(?:main|pages\/\w+\/\w+-page)\.tsx$/ }, async ({ path }) => ({
        loader: 'tsx',
        contents: `${EVERYWHERE.map((part) => `import ${JSON.stringify(part)};\n`).join('')}${await Bun.file(path).text()}`,
      }));
    },
  };
}

/** The names of all icons that the sources import. */
async function iconNames(): Promise<readonly string[]> {
  const names = new Set<string>();
  for await (const path of new Glob('src/**/*.{ts,tsx}').scan(ROOM)) {
    const text = await Bun.file(join(ROOM, path)).text();
    const [, list = ''] = /import \{([^}]*)\} from 'lucide-react'/.exec(text) ?? [];
    for (const part of list.split(',')) {
      const name = part.trim().split(' ')[0] ?? '';
      if (/^[A-Z]/.test(name) && !part.trim().startsWith('type ')) names.add(name);
    }
  }
  return [...names].toSorted();
}

/** Returns the name of the first script. */
async function scripts(folder: string): Promise<string> {
  const result = await Bun.build({
    entrypoints: [join(ROOM, 'src/main.tsx')],
    outdir: join(folder, 'assets'),
    target: 'browser',
    minify: true,
    splitting: true,
    plugins: [fewerChunks(await iconNames())],
    define: { 'process.env.NODE_ENV': '"production"' },
    naming: { entry: '[name]-[hash].[ext]', chunk: '[name]-[hash].[ext]', asset: '[name]-[hash].[ext]' },
  });
  const entry = result.outputs.find(({ kind }) => kind === 'entry-point');
  if (!result.success || entry === undefined)
    throw new AggregateError(result.logs, 'the console could not be bundled');
  return basename(entry.path);
}

/**
 * Links to what the first script imports, and what that imports. Without them, a browser would find one after the other. The
 * gateway leaves in those of the page that is asked for.
 */
async function preloads(folder: string, entry: string): Promise<string> {
  const first = await importedBy(folder, entry);
  const names = (await readdir(folder)).filter((name) => PAGE.test(name)).toSorted();
  const blocks = names.map(async (name) => {
    const more = [...(await importedBy(folder, name))].filter((one) => !first.has(one));
    return `<!--page ${PAGE.exec(name)?.[1]}-->${linksTo(more)}<!--/page-->`;
  });
  return linksTo([...first]) + (await Promise.all(blocks)).join('');
}

/** The script of a page, such as `overview-page-3f2a91bc.js`. */
const PAGE = /^(\w+)-page-\w+\.js$/;

function linksTo(names: readonly string[]): string {
  return names.map((name) => `<link rel="modulepreload" href="assets/${name}" />`).join('');
}

/** A script, and all that it imports. */
async function importedBy(folder: string, script: string): Promise<Set<string>> {
  const found = new Set<string>();
  const walk = async (name: string): Promise<void> => {
    if (found.has(name)) return;
    found.add(name);
    const text = await Bun.file(join(folder, name)).text();
    for (const [, next = ''] of text.matchAll(/(?:from|import)"\.\/([\w.-]+\.js)"/g)) await walk(next);
  };
  await walk(script);
  return found;
}

/** Joins the style sheets unchanged: browsers understand nesting and `light-dark()`. Returns the sheet's path. */
async function styles(folder: string): Promise<string> {
  const texts = await Promise.all(STYLES.map((path) => Bun.file(join(ROOM, path)).text()));
  const font = basename(await asset(folder, FONT));
  const text = texts
    .join('\n')
    .replaceAll('%FONT%', font)
    .replaceAll(/\/\*.*?\*\/|^\s+/gms, '');
  return write(folder, 'console.css', Buffer.from(text));
}

async function asset(folder: string, path: string): Promise<string> {
  return write(folder, basename(path), Buffer.from(await Bun.file(join(ROOM, path)).arrayBuffer()));
}

async function write(folder: string, name: string, content: Uint8Array): Promise<string> {
  const hash = new Bun.CryptoHasher('sha256').update(content).digest('hex').slice(0, 8);
  const path = `assets/${basename(name, extname(name))}-${hash}${extname(name)}`;
  await Bun.write(join(folder, path), content);
  return path;
}

if (import.meta.main) await buildConsole(join(ROOM, 'dist'));
