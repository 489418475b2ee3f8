import { expect, test } from 'bun:test';
import { dirname, join, relative } from 'node:path';

const SRC = join(import.meta.dir, '..', '..', 'src');

/** Everything loaded with a file of `src`: the file itself, its imported files and packages, and their imports. */
async function loadedWith(file: string, loaded = new Set<string>()): Promise<Set<string>> {
  if (loaded.has(file)) return loaded;
  loaded.add(file);
  const transpiled = new Bun.Transpiler({ loader: 'ts' }).scan(await Bun.file(join(SRC, file)).text());
  for (const { path, kind } of transpiled.imports) {
    if (kind !== 'import-statement') continue;
    if (path.startsWith('.') && path.endsWith('.ts'))
      await loadedWith(relative(SRC, join(SRC, dirname(file), path)), loaded);
    else loaded.add(path);
  }
  return loaded;
}

const foldersOf = (loaded: Set<string>) =>
  new Set([...loaded].filter((file) => file.includes('/')).map((file) => file.split('/')[0]));

test('what the program loads before it knows the command is the declaration of serve, and no package', async () => {
  const loaded = await loadedWith('main.ts');
  expect(foldersOf(loaded)).toEqual(new Set(['cli', 'config', 'lib']));
  expect([...loaded].filter((file) => file.startsWith('config/'))).toEqual(['config/read/overrides.ts']);
  expect([...loaded].filter((file) => !file.endsWith('.ts'))).toEqual([]);
  const declared = [...loaded].filter((file) => file.endsWith('/declaration.ts'));
  expect(declared).toEqual(['cli/commands/serve/declaration.ts', 'cli/commands/worker/declaration.ts']);
});

test('a gateway loads the readers and writers of no API until a request is translated', async () => {
  const loaded = await loadedWith('gateway/handle.ts');
  expect(loaded).toContain('translation/pair.ts');
  expect(
    [...loaded].filter((file) =>
      /^translation\/.*\/(?:read|write)-(?:request|answer|stream)\.ts$/.test(file),
    ),
  ).toEqual([]);
});

test('a gateway with a configuration file loads neither the Admin API nor the simulator nor traces', async () => {
  const loaded = await loadedWith('cli/commands/serve/serve.ts');
  expect(loaded.size).toBeGreaterThan(80);
  expect(['admin', 'simulator'].filter((folder) => foldersOf(loaded).has(folder))).toEqual([]);
  expect([...loaded].filter((file) => /hono|opentelemetry|gpt-tokenizer/.test(file))).toEqual([]);
  expect(
    [...loaded].filter((file) =>
      /^app\/(?:demo|serve-database)|^cli\/commands\/(?:check|import|init)/.test(file),
    ),
  ).toEqual([]);
});

test('a gateway with a plain configuration loads no package, in any of its processes', async () => {
  for (const file of ['cli/commands/serve/serve.ts', 'app/worker.ts']) {
    const loaded = await loadedWith(file);
    const packages = [...loaded].filter((path) => !path.endsWith('.ts') && !/^(?:node:|\.)/.test(path));
    expect(packages).toEqual([]);
    // Importing SQL from `bun` would load its drivers, which take 3 MB.
    expect(loaded).not.toContain('bun');
    expect(loaded).not.toContain('node:dns/promises');
    expect(loaded).not.toContain('config/read/compile-text.ts');
  }
});
