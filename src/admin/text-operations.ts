import { stringify } from 'yaml';
import { z } from 'zod';
import { exportFile } from '../migrate/export-file.ts';
import { type ImportPlan, planImport } from '../migrate/import-file.ts';
import { RevisionRefused } from '../store/change.ts';
import type { Change } from '../store/describe-changes.ts';
import { findingMessage, findingPath } from '../store/finding-text.ts';
import { isObject } from '../store/json-path.ts';
import { KINDS } from '../store/resource-kinds.ts';
import type { Json, JsonObject, Resources, Revision } from '../store/revision.ts';
import type { Answer, Call, Operation } from './operation.ts';
import { AdminProblem, type Detail, listed } from './problem.ts';
import { VERSION } from './resource-operations.ts';
import { differences, joined, undone } from './text/differences.ts';
import { readText, type SentText } from './text/read-text.ts';

const yaml = z.string().max(16_000_000).meta({ description: 'A configuration as YAML.' });
const prune = z
  .boolean()
  .default(false)
  .meta({ description: 'Whether to delete resources that are not in the text.' });
const from = z.literal('litellm').optional().meta({
  description:
    "The format of the text, if it is a configuration of LiteLLM's proxy. Default: a configuration of llm-proxy.",
});

const changesAnswer = z
  .object({
    changes: z.array(
      z.object({
        resource: z.enum(KINDS),
        id: z.string(),
        action: z.enum(['created', 'updated', 'deleted']),
        diff: z.array(z.object({ path: z.string(), before: z.unknown(), after: z.unknown() })),
      }),
    ),
  })
  .meta({ id: 'ConfigDifference' });

const problemSchema = z.object({
  path: z.string(),
  line: z.int().nullable(),
  column: z.int().nullable(),
  message: z.string(),
});

const validationAnswer = z
  .object({ ok: z.boolean(), problems: z.array(problemSchema), warnings: z.array(z.string()) })
  .meta({ id: 'ConfigValidation' });

const importAnswer = z
  .object({
    version: VERSION,
    steps: z.array(
      z.object({
        resource: z.enum(KINDS),
        id: z.string(),
        action: z.enum(['created', 'updated', 'unchanged', 'deleted']),
      }),
    ),
    unmapped: z.array(z.object({ path: z.string(), reason: z.string() })),
  })
  .meta({ id: 'ConfigImport' });

const VERSION_OR_CURRENT = z.union([VERSION.min(0), z.literal('current')]);

const diffBody = z
  .union([
    z.strictObject({ from: VERSION_OR_CURRENT, to: VERSION_OR_CURRENT }),
    z.strictObject({ yaml, prune, from }),
  ])
  .meta({ id: 'ConfigComparison' });

const shared = { method: 'post', tag: 'config', status: 200, takesReferences: true } as const;

/** Operations on the configuration as one text, and on differences. */
export const textOperations: readonly Operation[] = [
  {
    ...shared,
    method: 'get',
    path: '/config/export',
    id: 'exportConfig',
    summary: 'The configuration as a file',
    description:
      'Returns YAML with a variable in place of each secret. Master keys are hashes, so they keep working. Viewers get a variable in place of these, too.',
    body: undefined,
    answer: z.object({ version: VERSION, yaml: z.string() }).meta({ id: 'ConfigExport' }),
    run: exportText,
  },
  {
    ...shared,
    path: '/config/validate',
    access: 'operator',
    id: 'validateConfig',
    summary: 'Check a configuration',
    description:
      'Nothing is stored. A variable in the same place as in an export refers to the stored secret.',
    body: z.strictObject({ yaml }).meta({ id: 'ConfigText' }),
    example: { yaml: 'models: {}\n' },
    answer: validationAnswer,
    run: validate,
  },
  {
    ...shared,
    path: '/config/diff',
    access: 'viewer',
    id: 'compareConfig',
    summary: 'Compare configurations',
    description:
      'Compares two versions, or the active configuration with a text. For secrets, only the fact that they differ is shown.',
    body: diffBody,
    example: { from: 1, to: 'current' },
    answer: changesAnswer,
    run: compare,
  },
  {
    ...shared,
    path: '/config/rollback/preview',
    access: 'viewer',
    id: 'previewRollback',
    summary: 'Preview a rollback',
    body: z.strictObject({ version: VERSION.min(0) }).meta({ id: 'ConfigRollbackPreview' }),
    example: { version: 1 },
    answer: changesAnswer,
    run: async (call) => {
      const { version } = await call.store.read();
      return changesOf(undone(await between(call, Number(call.body['version']), version)));
    },
  },
  {
    ...shared,
    path: '/config/import',
    access: 'admin',
    changesConfiguration: true,
    id: 'importConfig',
    summary: 'Import a configuration',
    description: 'Imports the whole text or nothing. Importing the same text again changes nothing.',
    body: z.strictObject({ yaml, prune, from }).meta({ id: 'ConfigToImport' }),
    example: { yaml: 'models: {}\n' },
    answer: importAnswer,
    run: importText,
  },
];

/** Replaces the hashes of keys by variables, for readers who must not see even a hash. */
async function exportText({ store, caller }: Call): Promise<Answer> {
  const revision = await store.read();
  const file = exportFile(revision, { withSecrets: false });
  const shown = caller?.role === 'viewer' ? withoutHashes(file) : file;
  return {
    version: revision.version,
    body: { version: revision.version, yaml: stringify(shown, { lineWidth: 0 }) },
  };
}

function withoutHashes(file: JsonObject): JsonObject {
  const keys = Array.isArray(file['master_keys']) ? file['master_keys'] : [];
  const hidden = keys.map((key, at): Json => (isObject(key) ? { ...key, key: `\${KEY_${at + 1}}` } : key));
  return { ...file, master_keys: hidden };
}

function sentText({ body }: Call, before: Revision): SentText {
  const { yaml } = body;
  return readText(
    typeof yaml === 'string' ? yaml : '',
    before,
    body['from'] === 'litellm' ? 'litellm' : undefined,
  );
}

/** Throws `AdminProblem` with each problem of the text. */
function planOf(call: Call, before: Revision, now: string): ImportPlan & Pick<SentText, 'unmapped'> {
  const { file, problems, unmapped } = sentText(call, before);
  if (file === undefined) {
    const details = problems.map(({ path, line, message }) => ({
      path,
      message: line === undefined ? message : `${message} (line ${line})`,
    }));
    throw new AdminProblem('invalid_fields', listed('The text was refused', details), { details });
  }
  return { ...planImport(file, before.resources, { now, prunes: call.body['prune'] === true }), unmapped };
}

async function validate(call: Call): Promise<Answer> {
  const before = await call.store.read();
  const { file, problems } = sentText(call, before);
  if (file === undefined) return validation(problems, []);
  const { resources } = planImport(file, before.resources, { now: call.now.toISOString(), prunes: true });
  const { problems: late, warnings } = await tried(call, resources);
  return validation(late, warnings);
}

type Found = Pick<SentText['problems'][number], 'path' | 'message'> & {
  readonly line?: number | undefined;
  readonly column?: number | undefined;
};

function validation(problems: readonly Found[], warnings: readonly string[]): Answer {
  const shown = problems.map(({ path, line = null, column = null, message }) => ({
    path,
    line,
    column,
    message,
  }));
  return {
    version: undefined,
    body: { ok: problems.length === 0, problems: shown, warnings: [...warnings] },
  };
}

/**
 * The compiler's problems and warnings for a configuration that is not stored; none in file mode, where it cannot be
 * written.
 */
async function tried(
  { store }: Call,
  resources: Resources,
): Promise<{ readonly problems: readonly Detail[]; readonly warnings: readonly string[] }> {
  try {
    const snapshot = await store.preview?.(() => resources);
    return { problems: [], warnings: snapshot?.warnings ?? [] };
  } catch (error) {
    if (!(error instanceof RevisionRefused)) throw error;
    const problems = error.findings.map((finding) => ({
      path: findingPath(finding),
      message: findingMessage(finding),
    }));
    return { problems, warnings: [] };
  }
}

async function compare(call: Call): Promise<Answer> {
  const current = await call.store.read();
  if (call.body['yaml'] !== undefined) {
    const { resources } = planOf(call, current, call.now.toISOString());
    return changesOf(differences(current.resources, resources));
  }
  const version = (side: Json | undefined): number => (side === 'current' ? current.version : Number(side));
  const [first, last] = [version(call.body['from']), version(call.body['to'])];
  const changes = await between(call, Math.min(first, last), Math.max(first, last));
  return changesOf(first <= last ? changes : undone(changes));
}

const PAGE = 200;
const MOST_REVISIONS = 5000;

/** The changes after one version up to another. */
async function between({ store }: Call, after: number, until: number): Promise<Change[]> {
  if (until - after > MOST_REVISIONS) {
    const message = `lies more than ${MOST_REVISIONS} versions back`;
    throw new AdminProblem('invalid_parameter', `The version ${message}.`, {
      details: [{ path: 'version', message }],
    });
  }
  const found: Change[][] = [];
  for (let next = until + 1; next > after + 1;) {
    const page = await store.history({ before: next, limit: PAGE });
    found.push(...page.filter(({ version }) => version > after).map(({ changes }) => [...changes]));
    const last = page.at(-1)?.version;
    if (last === undefined) break;
    next = last;
  }
  return joined(found.toReversed());
}

function changesOf(changes: readonly Change[]): Answer {
  const shown = changes.map(({ kind, id, action, fields }) => ({
    resource: kind,
    id,
    action,
    diff: fields.map(({ path, before = null, after = null }) => ({ path, before, after })),
  }));
  return { version: undefined, body: { changes: shown } };
}

function importText(call: Call): Promise<Answer> {
  let plan: ReturnType<typeof planOf> | undefined;
  return call.write({
    verb: 'import',
    what: 'import the configuration',
    target: { kind: 'settings', id: 'configuration' },
    edit: (before, now) => {
      plan = planOf(call, before, now);
      return plan.resources;
    },
    answerOf: ({ version }) => ({
      version,
      body: {
        version,
        steps: (plan?.steps ?? []).map(({ kind, id, action }) => ({ resource: kind, id, action })),
        unmapped: (plan?.unmapped ?? []).map(({ path, reason }) => ({ path, reason })),
      },
    }),
  });
}
