import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { expandEnvironment } from '../config/environment.ts';
import { loadConfig } from '../config/load.ts';
import { formatProblem } from '../config/problems.ts';
import { type ConfigFile, configSchema } from '../config/schema.ts';
import { checkShape } from '../config/shape.ts';
import { parseSource } from '../config/source.ts';
import { readLitellm } from '../store/litellm.ts';
import { type ImportStep, planImport } from '../store/import-file.ts';
import type { Store } from '../store/store.ts';
import { type Command, EXIT } from './command.ts';
import { withStore } from './with-store.ts';

const HELP = `Usage: llm-proxy import [--prune] FILE
       llm-proxy import --from litellm [--prune] FILE

Takes a configuration file over into the database that DB_URL names, in one step: what has the same name is replaced,
the rest stays. The same file again changes nothing. Variables such as \${OPENAI_API_KEY} are read now.

  --from litellm   the file is a config.yaml of LiteLLM; what has no counterpart here is listed
  --prune          what is not in the file is taken out of the database
  --dry-run        says what would be done`;

export const importCommand: Command = {
  name: 'import',
  summary: 'Take a configuration file over into the database',
  run,
};

interface Options {
  readonly file: string;
  readonly from: 'llm-proxy' | 'litellm';
  readonly prunes: boolean;
  readonly isDry: boolean;
}

async function run(args: readonly string[]): Promise<number> {
  const options = readArguments(args);
  if (options === 'help') {
    console.log(HELP);
    return EXIT.ok;
  }
  if (options === undefined) {
    console.error(HELP);
    return EXIT.usage;
  }
  const file = options.from === 'litellm' ? await readForeign(options.file) : await readOwn(options.file);
  return file === undefined ? EXIT.failed : withStore((store) => importInto(store, file, options));
}

function readArguments(args: readonly string[]): Options | 'help' | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: {
        from: { type: 'string' },
        prune: { type: 'boolean' },
        'dry-run': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
      allowPositionals: true,
    });
    if (values.help === true) return 'help';
    const [file] = positionals;
    const from = values.from ?? 'llm-proxy';
    if (file === undefined || positionals.length > 1 || (from !== 'llm-proxy' && from !== 'litellm'))
      return undefined;
    return { file, from, prunes: values.prune === true, isDry: values['dry-run'] === true };
  } catch {
    return undefined;
  }
}

/** A file of our own, if it is one that would run. */
async function readOwn(path: string): Promise<ConfigFile | undefined> {
  const env = process.env;
  // Without a key a file must not listen to everybody; a gateway on a database lets nobody in then.
  const overrides = { host: '127.0.0.1' };
  const loaded = await loadConfig({ path, env, overrides, version: 1, now: new Date() });
  if (loaded.kind === 'refused') {
    for (const problem of loaded.problems) console.error(formatProblem(problem));
    return undefined;
  }
  const source = parseSource(await readFile(path, 'utf8'));
  return source.kind === 'parsed' ? checkShape(expandEnvironment(source.value, env)).file : undefined;
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
  { prunes, isDry, ...options }: Options,
): Promise<number> {
  const plan = (now: string, before = store.read()) =>
    before.then(({ resources }) => planImport(file, resources, { now, prunes }));
  const { steps } = await plan(new Date().toISOString());
  report(steps);
  if (steps.every(({ action }) => action === 'unchanged')) {
    console.log('nothing to do: the database has all of it');
    return EXIT.ok;
  }
  if (isDry) return EXIT.ok;
  const { version } = await store.change(
    ({ resources }, now) => planImport(file, resources, { now, prunes }).resources,
    { actor: 'import', action: `import ${options.file}` },
  );
  console.log(`done: the configuration has version ${version}`);
  return EXIT.ok;
}

const TITLES = { providers: 'provider', master_keys: 'master key', models: 'model', settings: 'setting' };

function report(steps: readonly ImportStep[]): void {
  for (const { kind, id, action } of steps) console.log(`${action.padEnd(9)} ${TITLES[kind]} ${id}`);
}
