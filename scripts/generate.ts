import { writeFile } from 'node:fs/promises';
import { configJsonSchema } from '../src/config/json-schema.ts';

/** Every generated file of the repository, by its path from the root, with what has to be in it. */
const GENERATED: Readonly<Record<string, () => string>> = {
  'config.schema.json': () => `${JSON.stringify(configJsonSchema(), null, 2)}\n`,
};

const root = new URL('../', import.meta.url);
for (const [path, content] of Object.entries(GENERATED)) {
  await writeFile(new URL(path, root), content());
  console.log(`wrote ${path}`);
}
