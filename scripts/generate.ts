import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { performancePage } from '../bench/report/performance-page.ts';
import { configSchemaText } from '../src/config/schema/json-schema.ts';
import { shapeTableText } from '../src/config/schema/shape-table.ts';
import { cliPage } from './reference/cli-page.ts';
import { configurationPage } from './reference/configuration-page.ts';
import { errorsPage } from './reference/errors-page.ts';
import { translationPage } from './reference/translation-page.ts';

/** The content of every generated file in the repository, by its path from the root. */
const GENERATED: Readonly<Record<string, () => string | Promise<string>>> = {
  // A chart reads no file outside its own folder.
  'deploy/helm/llm-proxy/files/rules.yml': () =>
    readFileSync(new URL('../deploy/prometheus/rules.yml', import.meta.url), 'utf8'),
  'config.schema.json': configSchemaText,
  'docs/cli.md': cliPage,
  'docs/configuration.md': configurationPage,
  'docs/errors.md': errorsPage,
  'docs/performance.md': performancePage,
  'docs/translation.md': translationPage,
  'src/config/schema/shape-table.json': shapeTableText,
};

const root = new URL('../', import.meta.url);
const isCheck = process.argv.includes('--check');
for (const [path, content] of Object.entries(GENERATED)) {
  const url = new URL(path, root);
  const wanted = await content();
  if (wanted === (await readFile(url, 'utf8').catch(() => ''))) continue;
  if (isCheck) {
    console.error(`${path} is not current: run "npm run generate".`);
    process.exitCode = 1;
  } else {
    await writeFile(url, wanted);
    console.log(`wrote ${path}`);
  }
}
