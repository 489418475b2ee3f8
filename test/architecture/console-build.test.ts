import { expect, test } from 'bun:test';
import { readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

const ROOT = join(import.meta.dir, '..', '..');
const text = (path: string) => readFile(join(ROOT, path), 'utf8');

/** The files outside of `console` that its sources import. */
async function importedFromOutside(): Promise<string[]> {
  const found = new Set<string>();
  const transpiler = new Bun.Transpiler({ loader: 'tsx' });
  for await (const path of new Bun.Glob('console/src/**/*.{ts,tsx}').scan(ROOT))
    for (const { path: imported } of transpiler.scanImports(await text(path))) {
      const file = relative(ROOT, join(ROOT, dirname(path), imported));
      if (imported.startsWith('.') && !file.startsWith('console/')) found.add(file);
    }
  return [...found].toSorted();
}

test('what the console takes from src is in the image before it is built, and has it built again when it changes', async () => {
  const imported = await importedFromOutside();
  expect(imported).toContain('src/config/schema/limit-words.ts');
  const [beforeBuild = ''] = (await text('Dockerfile')).split('RUN scripts/prepare-console.sh');
  const copied = beforeBuild.match(/(?<=^COPY )src\S+/gm) ?? [];
  const inputs = /find (.+) -type f/.exec(await text('scripts/prepare-console.sh'))?.[1]?.split(' ') ?? [];
  for (const places of [copied, inputs])
    expect([...imported, 'src/console/page/tokens.css'].filter((file) => !isIn(file, places))).toEqual([]);
});

function isIn(file: string, places: readonly string[]): boolean {
  return places.some((place) => file === place || file.startsWith(`${place}/`));
}
