import { z } from 'zod';
import { KINDS } from '../store/resource-kinds.ts';
import type { Json } from '../store/revision.ts';
import type { Change } from '../store/describe-changes.ts';
import type { HistoryItem } from '../store/store-options.ts';
import { WARNINGS } from './fields.ts';
import type { Answer, Call, Operation } from './operation.ts';
import { AdminProblem } from './problem.ts';
import { parseQuery } from './request-query.ts';
import { VERSION } from './resource-operations.ts';

const versionAnswer = z
  .object({
    version: VERSION,
    timestamp: z.string().meta({ description: 'Time at which the version was written, in ISO 8601, UTC.' }),
    ...WARNINGS,
  })
  .meta({ id: 'ConfigVersion' });

const historyItemSchema = z
  .object({
    version: VERSION,
    timestamp: z.string(),
    actor: z
      .string()
      .meta({ description: 'The author of the version, and the address from which it was written.' }),
    action: z.string(),
  })
  .meta({ id: 'ConfigChange' });

const historyItemWithChanges = historyItemSchema
  .extend({
    changes: z.array(
      z.object({
        resource: z.enum(KINDS),
        id: z.string(),
        action: z.enum(['created', 'updated', 'deleted']),
        diff: z.array(z.object({ path: z.string(), before: z.unknown(), after: z.unknown() })).meta({
          description: 'Each field that differs. For a secret, only whether it was set.',
        }),
      }),
    ),
  })
  .meta({ id: 'ConfigChangeWithDiff' });

const historyQuery = z.strictObject({
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(50)
    .meta({ description: 'Maximum number of entries to return.' }),
  before: z.coerce.number().int().min(0).optional().meta({ description: 'Only versions before this one.' }),
});

const shared = { tag: 'config', body: undefined, status: 200 } as const;

/** Operations on the configuration as a whole: its version, its history, and rollback. */
export const configOperations: readonly Operation[] = [
  {
    ...shared,
    method: 'get',
    path: '/config/version',
    id: 'readConfigVersion',
    summary: 'Configuration version',
    answer: versionAnswer,
    run: async ({ store }) => versionOf(await store.read()),
  },
  {
    ...shared,
    method: 'post',
    path: '/config/reload',
    id: 'reloadConfig',
    summary: 'Reload the configuration',
    description:
      'Reads the configuration from the database at once instead of at the next poll. Applies it even if the database was replaced or restored to an older version.',
    answer: versionAnswer,
    run: async ({ store }) => versionOf(await store.refresh()),
  },
  {
    ...shared,
    method: 'get',
    path: '/config/history',
    id: 'listConfigHistory',
    summary: 'Change history',
    description: 'Changes with their authors and times, newest first.',
    query: historyQuery,
    answer: z.object({ version: VERSION, history: z.array(historyItemSchema) }),
    run: listHistory,
  },
  {
    ...shared,
    method: 'get',
    path: '/config/history/{version}',
    id: 'readConfigChange',
    summary: 'One change',
    description: 'Each changed field, before and after the change.',
    answer: historyItemWithChanges,
    run: readPast,
  },
  {
    ...shared,
    method: 'post',
    path: '/config/rollback',
    changesConfiguration: true,
    id: 'rollbackConfig',
    summary: 'Roll back',
    description: 'Restores the configuration of an earlier version as a new version.',
    body: z.strictObject({ version: VERSION.min(0) }).meta({ id: 'ConfigRollback' }),
    example: { version: 1 },
    answer: versionAnswer,
    run: ({ rollback, body }) => rollback(Number(body['version']), versionOf),
  },
];

function versionOf({ version, changedAt }: { version: number; changedAt: string }): Answer {
  return { version, body: { version, timestamp: changedAt } };
}

async function listHistory({ store, query }: Call): Promise<Answer> {
  const asked = parseQuery(historyQuery, query);
  const { version } = await store.read();
  const { limit, before = version + 1 } = asked;
  const entries = await store.history({ before, limit });
  return { version, body: { version, history: entries.map(summaryOf) } };
}

async function readPast({ store, id }: Call): Promise<Answer> {
  const version = /^\d{1,9}$/.test(id) ? Number(id) : -1;
  const entry = (await store.history({ before: version + 1, limit: 1 })).find(
    (one) => one.version === version,
  );
  if (entry === undefined) throw new AdminProblem('not_found', `No change made the version "${id}".`);
  return { version: undefined, body: { ...summaryOf(entry), changes: entry.changes.map(changeOf) } };
}

function summaryOf({ version, changedAt, actor, action }: HistoryItem): Record<string, Json> {
  return { version, timestamp: changedAt, actor, action };
}

function changeOf({ kind, id, action, fields }: Change): Json {
  const diff = fields.map(({ path, before = null, after = null }) => ({ path, before, after }));
  return { resource: kind, id, action, diff };
}
