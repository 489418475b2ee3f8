import { expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const STYLES = join(import.meta.dir, '../../../console/src/styles');

test('no two style sheets have a rule for the same class, which would change elements of both', () => {
  const sheets = readdirSync(STYLES).map((sheet) => readFileSync(join(STYLES, sheet), 'utf8'));
  const owned = sheets.flatMap((text) => [
    ...new Set([...text.matchAll(/(?<!,\n)^\.([\w-]+) \{$/gm)].map(([, name]) => name)),
  ]);
  expect(owned).toContain('waiting');
  expect(owned.filter((name, at) => owned.indexOf(name) !== at)).toEqual([]);
});
