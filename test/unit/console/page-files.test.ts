import { expect, test } from 'bun:test';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pageFiles } from '../../../src/console/page-files.ts';
import { sources } from '../../../src/console/page-sources.js';

const FOLDER = join(import.meta.dir, '../../../src/console/page');
const files = new Map(pageFiles());

test('every file of the folder is served', () => {
  const there = readdirSync(FOLDER).filter((name) => name !== 'tsconfig.json');
  expect(Object.keys(sources).sort()).toEqual(there.sort());
  expect([...files.keys()]).toHaveLength(there.length);
});

test('scripts arrive as JavaScript and import nothing but each other', () => {
  const scripts = [...files].filter(([path]) => path.endsWith('.ts'));
  expect(scripts.length).toBeGreaterThan(20);
  for (const [path, { headers, body }] of scripts) {
    expect(headers['content-type']).toStartWith('text/javascript');
    expect(() => new Bun.Transpiler({ loader: 'js' }).scan(body)).not.toThrow();
    for (const { path: imported } of new Bun.Transpiler({ loader: 'js' }).scanImports(body))
      expect({ path, isThere: files.has(imported.replace('./', '/docs/')) }).toEqual({ path, isThere: true });
  }
});

test('the page tells the browser of every script at once', () => {
  const html = files.get('/docs')?.body ?? '';
  for (const path of files.keys())
    if (path.endsWith('.ts')) expect(html).toContain(`<link rel="modulepreload" href="${path.slice(1)}" />`);
});

test('no script turns text into markup', () => {
  for (const [, { body }] of files)
    expect(body).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/);
});

test('the page is small', () => {
  const bytes = [...files.values()].reduce((sum, { body }) => sum + body.length, 0);
  expect(bytes).toBeLessThan(100_000);
});
