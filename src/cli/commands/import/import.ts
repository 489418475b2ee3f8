import { readFile } from 'node:fs/promises';
import { loadConfig } from '../../../config/read/load.ts';
import { formatProblem } from '../../../config/read/problems.ts';
import { type ConfigFile, configSchema } from '../../../config/schema/schema.ts';
import { parseSource } from '../../../config/read/source.ts';
import { readLitellm } from '../../../migrate/from-litellm.ts';
import { type ImportStep, planImport } from '../../../migrate/import-file.ts';
import type { Store } from '../../../store/store.ts';
import { type ValuesOf } from '../../command.ts';
import { EXIT } from '../../../exit-code.ts';
import type { importDeclaration } from './declaration.ts';
import { openProgress } from '../../progress.ts';
import { withStore } from '../with-store.ts';

type Wish = ValuesOf<typeof importDeclaration>;

/** Takes a configuration file over into the database. */
export async function importFile(wish: Wish): Promise<number> {
  const file = wish.from === 'litellm' ? await readForeign(wish.file) : await readOwn(wish.file);
  return file === undefined ? EXIT.failed : withStore((store) => importInto(store, file, wish));
}

/** A file of our own, if it is one that would run. */
async function readOwn(path: string): Promise<ConfigFile | undefined> {
  const env = process.env;
  // Without a key a file must not listen to everybody; a gateway on a database lets nobody in then.
  const overrides = { host: '127.0.0.1' };
  const loaded = await loadConfig({ path, env, overrides, version: 1, now: new Date() });
  if (loaded.kind === 'loaded') return loaded.file;
  for (const problem of loaded.problems) console.error(formatProblem(problem));
  return undefined;
}

async function readForeign(path: string): Promise<ConfigFile | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  const source = text === undefined ? undefined : parseSource(text);
  if (source?.kind !== 'parsed') {
    console.error(`llm-proxy import: ${path} can not be read as YAML.`);
    return undefined;
  }
  const { file, unmapped } = readLitellm(source.value, process.env);
  for (const { path: place, reason } of unmapped) console.log(`not taken over: ${place}: ${reason}`);
  const checked = configSchema.safeParse(file);
  if (checked.success) return checked.data;
  for (const { path: place, message } of checked.error.issues)
    console.error(`${place.join('.')}: ${message}`);
  return undefined;
}

async function importInto(
  store: Store,
  file: ConfigFile,
  { prune: prunes, 'dry-run': isDry, file: path }: Wish,
): Promise<number> {
  const { steps } = planImport(file, (await store.read()).resources, {
    now: new Date().toISOString(),
    prunes,
  });
  report(steps);
  const total = steps.filter(({ action }) => action !== 'unchanged').length;
  if (total === 0) {
    console.log('nothing to do: the database has all of it');
    return EXIT.ok;
  }
  if (isDry) return EXIT.ok;
  const progress = openProgress();
  const { version } = await store
    .change(({ resources }, now) => planImport(file, resources, { now, prunes }).resources, {
      actor: 'import',
      action: `import ${path}`,
      onRow: (count) => progress.show(`Writing ${count} of ${total} …`),
    })
    .finally(progress.end);
  console.log(`done: the configuration has version ${version}`);
  return EXIT.ok;
}

const TITLES = { providers: 'provider', master_keys: 'master key', models: 'model', settings: 'setting' };

function report(steps: readonly ImportStep[]): void {
  for (const { kind, id, action } of steps) console.log(`${action.padEnd(9)} ${TITLES[kind]} ${id}`);
}
