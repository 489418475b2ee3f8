import { z } from 'zod';
import { optional } from '../config/schema/setting.ts';
import { type JsonObject, type Resources, withChanges } from '../store/revision.ts';
import { KeyIndex } from './key-index.ts';
import {
  masterKeyKind,
  masterKeyWithSecret,
  rotate,
  rotatedMasterKey,
  rotationSchema,
} from './master-key-kind.ts';
import type { Answer, Call, Operation } from './operation.ts';
import { AdminProblem, type Detail, listed } from './problem.ts';
import type { Creation } from './resource-kind.ts';
import { changeFields, momentOf, VERSION } from './resource-operations.ts';

const MOST_AT_ONCE = 500;

const shared = { method: 'post', tag: 'master-keys', changesConfiguration: true } as const;

/** Operations on master keys besides those of every kind of resource. */
export const keyOperations: readonly Operation[] = [
  {
    ...shared,
    path: '/master-keys/bulk',
    id: 'createMasterKeys',
    summary: 'Create several master keys',
    description: `Creates up to ${MOST_AT_ONCE} keys in one version. Either all of them are created or none.`,
    body: z
      .strictObject({ create: z.array(masterKeyKind.createSchema).min(1).max(MOST_AT_ONCE) })
      .meta({ id: 'MasterKeysCreate' }),
    example: { create: [{ id: 'app-1' }, { id: 'app-2', allowed_models: ['fast'] }] },
    status: 201,
    answer: z.object({ version: VERSION, master_keys: z.array(masterKeyWithSecret) }),
    run: createKeys,
  },
  {
    ...shared,
    path: '/master-keys/{id}/rotate',
    id: 'rotateMasterKey',
    summary: 'Rotate a master key',
    description:
      'Creates a new secret; the former one stays valid for `grace_seconds`. `revoke_previous` ends that time early.',
    body: rotationSchema,
    example: { grace_seconds: 3600 },
    status: 200,
    answer: rotatedMasterKey,
    run: (call) =>
      changeFields(masterKeyKind, call, 'rotate', (fields) => rotate(fields, call.body, call.now)),
  },
  {
    ...shared,
    path: '/master-keys/{id}/disable',
    id: 'disableMasterKey',
    summary: 'Disable a master key',
    description: 'Its requests are refused like those of an unknown key.',
    body: z
      .strictObject({
        reason: optional(z.string().min(1).max(500), {
          description: 'The reason, for information only. Default: none.',
        }),
      })
      .meta({ id: 'MasterKeyDisable' }),
    example: { reason: 'found in a public repository' },
    status: 200,
    answer: masterKeyKind.viewSchema,
    run: (call) => changeFields(masterKeyKind, call, 'disable', (fields) => disabled(fields, call.body)),
  },
  {
    ...shared,
    path: '/master-keys/{id}/enable',
    id: 'enableMasterKey',
    summary: 'Enable a master key',
    body: undefined,
    status: 200,
    answer: masterKeyKind.viewSchema,
    run: (call) => changeFields(masterKeyKind, call, 'enable', enabled),
  },
];

type Changed = Omit<Creation, 'id'>;

function disabled(before: JsonObject, { reason }: JsonObject): Changed {
  const { disabled_reason: _, ...fields } = before;
  const because: JsonObject = typeof reason === 'string' ? { disabled_reason: reason } : {};
  return { fields: { ...fields, is_enabled: false, ...because }, shown: {} };
}

function enabled(before: JsonObject): Changed {
  const { disabled_reason: _, is_enabled: __, ...fields } = before;
  return { fields, shown: {} };
}

async function createKeys(call: Call): Promise<Answer> {
  const inputs = call.body['create'] as readonly JsonObject[];
  const created = inputs.map((input) => masterKeyKind.create(input, call.actor));
  const moment = momentOf(call);
  return call.write({
    verb: 'create',
    what: `create ${created.length} master_keys`,
    target: { kind: 'master_keys', id: '' },
    creates: created.map(({ id }) => ({ kind: 'master_keys', id })),
    edit({ resources }, now) {
      requireNoConflict(created, resources);
      const changes = created.map(({ id, fields }) => [id, fields] as const);
      return { ...resources, master_keys: withChanges(resources.master_keys, changes, now) };
    },
    answerOf: ({ version, resources: { master_keys: keys } }) => ({
      version,
      body: {
        version,
        master_keys: created.flatMap(({ id, shown }) => {
          const key = keys.get(id);
          return key === undefined ? [] : [{ ...masterKeyKind.view(key, moment), ...shown }];
        }),
      },
    }),
  });
}

/** Throws if new keys have the id, the name or the secret of another key, or of each other. */
function requireNoConflict(created: readonly Creation[], { master_keys: keys }: Resources): void {
  const index = new KeyIndex(created.map(({ fields }) => fields));
  for (const key of keys.values()) index.add(key.id, key.fields);
  const ids = new Set<string>();
  const details: Detail[] = [];
  for (const [place, { id, fields }] of created.entries()) {
    const conflict =
      ids.has(id) || keys.has(id) ? `There is a master key "${id}" already.` : index.conflictOf(fields);
    if (conflict !== undefined) details.push({ path: `create[${place}]`, message: conflict });
    ids.add(id);
    index.add(id, fields);
  }
  if (details.length > 0)
    throw new AdminProblem('already_exists', listed('No key was created', details), { details });
}
