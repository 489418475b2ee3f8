import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';

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
    .replace('%SCRIPT%', `assets/${entry}`)
    .replace('</head>', `${await preloads(join(unfinished, 'assets'), entry)}</head>`);
  await Bun.write(join(unfinished, 'index.html'), html);
  const files = (await readdir(unfinished, { recursive: true })).filter((name) => extname(name) !== '');
  await Bun.write(join(unfinished, 'files.json'), `${JSON.stringify(files.toSorted(), undefined, 2)}\n`);
  await rm(folder, { recursive: true, force: true });
  await rename(unfinished, folder);
  return files;
}

/** Returns the name of the first script. */
async function scripts(folder: string): Promise<string> {
  const result = await Bun.build({
    entrypoints: [join(ROOM, 'src/main.tsx')],
    outdir: join(folder, 'assets'),
    target: 'browser',
    minify: true,
    splitting: true,
    define: { 'process.env.NODE_ENV': '"production"' },
    naming: { entry: '[name]-[hash].[ext]', chunk: '[name]-[hash].[ext]', asset: '[name]-[hash].[ext]' },
  });
  const entry = result.outputs.find(({ kind }) => kind === 'entry-point');
  if (!result.success || entry === undefined)
    throw new AggregateError(result.logs, 'the console could not be bundled');
  return basename(entry.path);
}

/**
 * Links to what the first script imports, and what that imports. Without them, a browser would find one after the other.
 */
async function preloads(folder: string, entry: string): Promise<string> {
  const found = new Set<string>();
  const walk = async (name: string): Promise<void> => {
    if (found.has(name)) return;
    found.add(name);
    const text = await Bun.file(join(folder, name)).text();
    for (const [, next = ''] of text.matchAll(/(?:from|import)"\.\/([\w.-]+\.js)"/g)) await walk(next);
  };
  await walk(entry);
  return [...found].map((name) => `<link rel="modulepreload" href="assets/${name}" />`).join('');
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
