import { z } from 'zod';
import { configSchemaText } from '../config/schema/json-schema.ts';
import { formatPath } from '../config/read/problems.ts';
import { RevisionRefused } from '../store/change.ts';
import { newKeySecret } from '../lib/key-secret.ts';
import { findingMessage } from '../store/finding-text.ts';
import { isObject } from '../store/json-path.ts';
import { KINDS, type Kind } from '../store/resource-kinds.ts';
import type { Json, JsonObject, Resources } from '../store/revision.ts';
import { withResource } from '../store/revision.ts';
import { masterKeyKind } from './master-key-kind.ts';
import { modelKind } from './model-kind.ts';
import type { Answer, Call, Operation } from './operation.ts';
import { explainIssues } from './explain-issues.ts';
import { AdminProblem, type Detail } from './problem.ts';
import { providerKind } from './provider-kind.ts';
import type { ResourceKind } from './resource-kind.ts';
import { settingKind } from './setting-kind.ts';
import { teamKind } from './team-kind.ts';
import { differences } from './text/differences.ts';
import { fileEntryOf } from './text/file-entry.ts';
import { userKind } from './user-kind.ts';

const RESOURCES: Readonly<Record<Kind, ResourceKind>> = {
  providers: providerKind,
  models: modelKind,
  master_keys: masterKeyKind,
  teams: teamKind,
  users: userKind,
  settings: settingKind,
};

const body = z
  .strictObject({
    kind: z.enum(KINDS),
    id: z.string().min(1),
    fields: z
      .looseObject({})
      .nullable()
      .meta({ description: 'The fields as the write would send them. null: the resource is deleted.' }),
  })
  .meta({ id: 'ConfigWrite' });

const answer = z
  .object({
    ok: z.boolean(),
    problems: z.array(z.object({ path: z.string(), message: z.string() })),
    changes: z.array(z.looseObject({})),
    file: z.looseObject({}).optional().meta({
      description:
        'The part of the configuration file that holds the resource after the write, where a file holds the configuration. Each secret is a variable, except that of a new master key, which is generated unless it was sent.',
    }),
  })
  .meta({ id: 'ConfigPreview' });

/** The operations that preview the write of one resource, and return the schema of a configuration. */
export const previewOperations: readonly Operation[] = [
  {
    method: 'post',
    tag: 'config',
    path: '/config/preview',
    access: 'operator',
    id: 'previewWrite',
    summary: 'Preview a write',
    description:
      'Shows the differences and problems that creating, changing or deleting a resource would cause. Nothing is stored.',
    body,
    example: { kind: 'models', id: 'fast', fields: { fallbacks: ['cheap'] } },
    status: 200,
    answer,
    run: preview,
  },
  {
    method: 'get',
    tag: 'config',
    path: '/config/schema',
    id: 'readConfigSchema',
    summary: 'The JSON Schema of a configuration file',
    body: undefined,
    status: 200,
    answer: z.looseObject({}),
    run: async () => ({ version: undefined, body: JSON.parse(configSchemaText()) as JsonObject }),
  },
];

async function preview(call: Call): Promise<Answer> {
  const { kind, id } = call.body as { kind: Kind; id: string };
  const before = await call.store.read();
  let problems: readonly Detail[] = [];
  let after: Resources = before.resources;
  const write = { kind, id, fields: call.body['fields'] as JsonObject | null };
  const isInFile = call.store.preview === undefined;
  const newKey = isInFile ? newKeyOf(write, before.resources) : undefined;
  try {
    const fields = newKey === undefined ? write.fields : { ...write.fields, key: newKey };
    after = resourcesAfter({ ...write, fields }, call, before.resources);
    await call.store.preview?.(() => after);
  } catch (error) {
    if (error instanceof AdminProblem) problems = problemsOf(error);
    else if (error instanceof RevisionRefused)
      problems = error.findings.map((finding) => ({
        path:
          finding.resource?.kind === kind && finding.resource.id === id
            ? formatPath(finding.path)
            : `${finding.resource?.kind ?? ''}/${finding.resource?.id ?? ''}.${formatPath(finding.path)}`,
        message: findingMessage(finding),
      }));
    else throw error;
  }
  const changes = differences(before.resources, after).map(({ kind, id, action, fields }) => ({
    resource: kind,
    id,
    action,
    diff: fields
      .filter(({ path }) => kind !== 'master_keys' || action !== 'created' || !ONLY_ONCE_MADE.has(path))
      .map(({ path, before = null, after = null }) => ({ path, before, after })),
  }));
  const shown = problems.map(({ path, message }) => ({ path, message }));
  const entry = isInFile
    ? fileEntryOf({ kind, id }, { before, revision: { ...before, resources: after } })
    : undefined;
  const file = newKey === undefined ? entry : withKey(entry, newKey);
  return {
    version: before.version,
    body: { ok: shown.length === 0, problems: shown, changes, ...(file !== undefined && { file }) },
  };
}

/** Fields of a new master key that its creation decides: a preview has another secret. */
const ONLY_ONCE_MADE: ReadonlySet<string> = new Set(['preview', 'created_by']);

/** The secret of a master key that a file does not have yet. Undefined: the write makes no key. */
function newKeyOf({ kind, id, fields }: ResourceWrite, resources: Resources): string | undefined {
  if (kind !== 'master_keys' || fields === null || resources.master_keys.has(id)) return undefined;
  const { key } = fields;
  return typeof key === 'string' ? key : newKeySecret();
}

function withKey(entry: JsonObject | undefined, key: string): JsonObject | undefined {
  const keys = entry?.['master_keys'];
  return Array.isArray(keys)
    ? { master_keys: keys.map((one): Json => (isObject(one) ? { ...one, key } : one)) }
    : entry;
}

function problemsOf(error: AdminProblem): readonly Detail[] {
  return error.details.length > 0 ? error.details : [{ path: '', message: error.message }];
}

/** A write of one resource, as its fields would be sent; null deletes it. */
export interface ResourceWrite {
  readonly kind: Kind;
  readonly id: string;
  readonly fields: JsonObject | null;
}

/** The configuration after a write. Throws `AdminProblem` as the write itself would. */
export function resourcesAfter(
  { kind, id, fields }: ResourceWrite,
  { actor, now }: Pick<Call, 'actor' | 'now'>,
  resources: Resources,
): Resources {
  const known = resources[kind].get(id);
  const time = now.toISOString();
  if (fields === null) return withResource(resources, { kind, id }, undefined, time);
  const resource = RESOURCES[kind];
  if (known === undefined) {
    const input = checked(resource.createSchema, { id, ...fields });
    return withResource(resources, { kind, id }, resource.create(input, actor).fields, time);
  }
  const input = checked(resource.updateSchema, fields);
  return withResource(resources, { kind, id }, resource.update(known.fields, input), time);
}

function checked(schema: z.ZodType, fields: JsonObject): JsonObject {
  const parsed = schema.safeParse(fields);
  if (parsed.success) return parsed.data as JsonObject;
  const details = explainIssues(parsed.error.issues, { value: fields, schema, noun: 'field' });
  throw new AdminProblem('invalid_fields', 'The fields are not valid.', { details });
}
