import { findWeakKeys } from '../../../config/read/file-warnings.ts';
import { loadConfig, readTextFile } from '../../../config/read/load.ts';
import { fewProblems, formatProblem, type Problem } from '../../../config/read/problems.ts';
import { type ConfigFile, configSchema } from '../../../config/schema/schema.ts';
import { parseSource } from '../../../config/read/source.ts';
import { hasNothing, NOTHING_TO_IMPORT, readLitellm } from '../../../migrate/from-litellm.ts';
import { type Edit, RevisionRefused } from '../../../store/change.ts';
import { findingText } from '../../../store/finding-text.ts';
import { RESOURCE_KINDS } from '../../../store/resource-kinds.ts';
import type { Revision } from '../../../store/revision.ts';
import { type Opening, openBudgets } from '../../../spend/entries/opening.ts';
import { type ImportStep, planImport } from '../../../migrate/import-file.ts';
import type { Store } from '../../../store/store.ts';
import { UsageError, type ValuesOf } from '../../command.ts';
import { EXIT } from '../../../exit-code.ts';
import type { importDeclaration } from './declaration.ts';
import { openProgress } from '../../progress.ts';
import { failed } from '../with-opened.ts';
import { withStore } from '../with-store.ts';

type ParsedArguments = ValuesOf<typeof importDeclaration>;

/** Imports a configuration file into the database, completely or not at all. */
export async function importFile(args: ParsedArguments): Promise<number> {
  if (args['with-spend'] && args.from !== 'litellm')
    throw new UsageError('--with-spend belongs to --from litellm.');
  const read = args.from === 'litellm' ? await readForeign(args.file) : await readOwn(args.file);
  if (read === undefined) return EXIT.failed;
  return withStore(async (store) => {
    const file = read(await store.read());
    if (file === undefined) return EXIT.failed;
    const code = await importInto(store, file.config, args);
    if (code === EXIT.ok && args['with-spend'] && !args['dry-run']) await enterSpend(store, file.spend);
    return code;
  });
}

/**
 * Returns the file to import into a database with this configuration; undefined: it is invalid, and the reason was
 * printed.
 */
type Read = (before: Revision) => ReadFile | undefined;

interface ReadFile {
  readonly config: ConfigFile;
  /** The use of budgets in the other program. */
  readonly spend: readonly Opening[];
}

/** Reads one of our own files if it is valid. */
async function readOwn(path: string): Promise<Read | undefined> {
  const env = process.env;
  // Without a key, a file must not listen to everybody. A gateway on a database without keys refuses everybody anyway.
  const overrides = { host: '127.0.0.1' };
  const loaded = await loadConfig({ path, env, overrides, version: 1, now: new Date() });
  if (loaded.kind === 'loaded') return () => ({ config: loaded.file, spend: [] });
  return told(loaded.problems);
}

async function readForeign(path: string): Promise<Read | undefined> {
  const read = await readTextFile(path);
  if (read.kind === 'unreadable') return told([{ ...NO_PLACE, file: path, message: read.message }]);
  const source = parseSource(read.text);
  if (source.kind === 'invalid')
    return told(source.faults.map((each) => ({ file: path, path: '', ...each })));
  return (before) => {
    const { file, unmapped, spend } = readLitellm(source.value, process.env, basesOf(before));
    for (const { path: place, reason } of unmapped) console.log(`not imported: ${place}: ${reason}`);
    if (hasNothing(file)) return told([{ ...NO_PLACE, file: path, message: NOTHING_TO_IMPORT }]);
    const checked = configSchema.safeParse(file);
    if (checked.success) {
      for (const warning of findWeakKeys(checked.data)) console.error(`warning: ${warning}`);
      return { config: checked.data, spend };
    }
    for (const { path: place, message } of checked.error.issues)
      console.error(`${place.join('.')}: ${message}`);
    return undefined;
  };
}

/** For a problem of a whole file. */
const NO_PLACE = { line: undefined, column: undefined, path: '' } as const;

function told(problems: readonly Problem[]): undefined {
  for (const problem of fewProblems(problems)) console.error(formatProblem(problem));
}

/** Enters what budgets had used before. */
async function enterSpend(store: Store, spend: readonly Opening[]): Promise<void> {
  const context = { snapshot: store.snapshot(), source: 'litellm', actor: 'import', nowMs: Date.now() };
  const count = await openBudgets(store.database, spend, context);
  console.log(`entered what ${count} budgets have used`);
}

/** Names that are taken: a provider of another host must not be merged into one of these. */
function basesOf({ resources }: Revision): ReadonlyMap<string, string> {
  const bases = [...resources.providers.values()].map(({ id, fields }) => [id, fields['api_base']] as const);
  return new Map(bases.map(([id, base]) => [id, typeof base === 'string' ? base : '']));
}

async function importInto(
  store: Store,
  file: ConfigFile,
  { prune: prunes, 'dry-run': isDry, file: path }: ParsedArguments,
): Promise<number> {
  let steps: readonly ImportStep[] = [];
  const edit: Edit = ({ resources }, now) => {
    const plan = planImport(file, resources, { now, prunes });
    ({ steps } = plan);
    return plan.resources;
  };
  try {
    await store.preview(edit);
    const total = steps.filter(({ action }) => action !== 'unchanged').length;
    report(steps);
    if (total === 0) console.log('nothing to do: the database already contains it');
    if (isDry || total === 0) return EXIT.ok;
    const progress = openProgress();
    const onRow = (count: number): void => progress.show(`Writing ${count} of ${total} …`);
    const { version } = await store
      .change(edit, { actor: 'import', action: `import ${path}`, onRow })
      .finally(progress.end);
    console.log(`done: the configuration is at version ${version}`);
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof RevisionRefused)) throw error;
    return failed([
      'nothing was imported, since the configuration would not be valid:',
      ...error.findings.map(findingText),
    ]);
  }
}

function report(steps: readonly ImportStep[]): void {
  for (const { kind, id, action } of steps)
    console.log(`${action.padEnd(9)} ${RESOURCE_KINDS[kind].title} ${id}`);
}
