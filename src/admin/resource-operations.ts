import { z } from 'zod';
import { RESOURCE_KINDS } from '../store/resource-kinds.ts';
import type { JsonObject, Resource, ResourceName, Resources, Revision } from '../store/revision.ts';
import { withResource } from '../store/revision.ts';
import type { Answer, Call, Operation } from './operation.ts';
import { cursorOf, isBehind, listQuery, matching, placeOf } from './list-query.ts';
import { AdminProblem } from './problem.ts';
import { parseQuery } from './request-query.ts';
import type { Creation, ResourceKind, ViewMoment } from './resource-kind.ts';

const COUNT = z.int().min(0);

/** The operations list, create, read, update and delete of one kind of resource. */
export function resourceOperations(kind: ResourceKind): Operation[] {
  return operationsOn(kind).map((operation) =>
    operation.method === 'get' ? operation : { ...operation, changesConfiguration: true },
  );
}

function operationsOn(kind: ResourceKind): Operation[] {
  const { examples } = kind;
  const { path, title } = RESOURCE_KINDS[kind.kind];
  const name = title.replaceAll(/ ?\b(\w)/g, (_, letter: string) => letter.toUpperCase());
  const all = { tag: path, path: `/${path}` } as const;
  const one = { tag: path, path: `/${path}/{id}` } as const;
  const reading = { method: 'get', body: undefined, status: 200 } as const;
  return [
    {
      ...all,
      ...reading,
      id: `list${name}s`,
      summary: `List every ${title}`,
      query: listQuery,
      answer: pageOf(kind),
      run: (call) => list(kind, call),
    },
    {
      ...all,
      method: 'post',
      id: `create${name}`,
      summary: `Create a ${title}`,
      body: kind.createSchema,
      example: examples.create,
      status: 201,
      answer: kind.createdSchema ?? kind.viewSchema,
      run: (call) => create(kind, kind.create(call.body, call.actor), call),
    },
    {
      ...one,
      ...reading,
      id: `read${name}`,
      summary: `Read a ${title}`,
      answer: kind.viewSchema,
      run: (call) => read(kind, call),
    },
    {
      ...one,
      method: 'put',
      id: `update${name}`,
      summary: `Change a ${title}`,
      description: 'Only the given fields change; `null` resets a field to its default.',
      body: kind.updateSchema,
      example: examples.update,
      status: 200,
      answer: kind.viewSchema,
      run: (call) => update(kind, call),
    },
    {
      ...one,
      method: 'delete',
      id: `delete${name}`,
      summary: `Delete a ${title}`,
      body: undefined,
      status: 204,
      answer: undefined,
      run: (call) => remove(kind, call),
    },
  ];
}

function pageOf(kind: ResourceKind): z.ZodType {
  return z.object({
    version: VERSION,
    [kind.kind]: z.array(kind.viewSchema),
    total: COUNT.meta({ description: 'The number of entries on all pages.' }),
    next_cursor: z.string().nullable().meta({ description: 'For the next page; null: this is the last.' }),
  });
}

async function list(kind: ResourceKind, call: Call): Promise<Answer> {
  const { store, query } = call;
  const { search, cursor, limit } = parseQuery(listQuery, query);
  const { version, resources } = await store.read();
  const all = [...resources[kind.kind].values()].filter(matching(search));
  // The last resource of the previous page may have been deleted, but its position is known.
  const after = cursor === undefined ? undefined : placeOf(cursor);
  const rest = after === undefined ? all : all.filter((resource) => isBehind(resource, after));
  const page = limit === undefined ? rest : rest.slice(0, limit);
  const last = page.at(-1);
  const next = last === undefined || page.length === rest.length ? null : cursorOf(last);
  const entries = await viewsOf(kind, page, call);
  return {
    version,
    body: { version, [kind.kind]: entries, total: all.length, next_cursor: next },
  };
}

async function read(kind: ResourceKind, call: Call): Promise<Answer> {
  const { version, resources } = await call.store.read();
  const [body] = await viewsOf(kind, [found(kind, resources, call.id)], call);
  return { version, body };
}

/** Resources as a reader sees them. */
async function viewsOf(
  kind: ResourceKind,
  resources: readonly Resource[],
  call: Call,
): Promise<JsonObject[]> {
  const facts = await kind.facts?.(resources, call);
  const moment = momentOf(call);
  return resources.map((resource) => ({ ...kind.view(resource, moment), ...facts?.get(resource.id) }));
}

/** The moment of a call, for views. */
export function momentOf({ store, now }: Pick<Call, 'store' | 'now'>): ViewMoment {
  return { nowMs: now.getTime(), graceMs: store.snapshot().limits.options.graceAfterExpiryMs };
}

/** The version of the whole configuration in responses. */
export const VERSION = z
  .int()
  .meta({ description: 'Version of the whole configuration. Every write increments it.' });

async function create(kind: ResourceKind, { id, fields, shown }: Creation, call: Call): Promise<Answer> {
  const target = { kind: kind.kind, id };
  const moment = momentOf(call);
  return call.write({
    verb: 'create',
    target,
    creates: [target],
    edit({ resources }, now) {
      if (resources[kind.kind].has(id)) throw exists(kind, id);
      return replaced(kind, { resources, name: target, fields, now });
    },
    answerOf: (revision) => answer(kind, target, { revision, shown, moment }),
  });
}

function exists(kind: ResourceKind, id: string): AdminProblem {
  const message = `There is a ${RESOURCE_KINDS[kind.kind].title} "${id}" already.`;
  return new AdminProblem('already_exists', message, { details: [{ path: 'id', message: 'is in use' }] });
}

async function update(kind: ResourceKind, call: Call): Promise<Answer> {
  return changeFields(kind, call, 'update', (fields) => ({
    fields: kind.update(fields, call.body),
    shown: {},
  }));
}

/** Changes the fields of the resource that the call names. */
export async function changeFields(
  kind: ResourceKind,
  call: Call,
  verb: string,
  edit: (fields: JsonObject) => Omit<Creation, 'id'>,
): Promise<Answer> {
  const target = { kind: kind.kind, id: call.id };
  const moment = momentOf(call);
  let shown: JsonObject = {};
  return call.write({
    verb,
    target,
    edit({ resources }, now) {
      const known = resources[kind.kind].get(call.id);
      if (known === undefined && !kind.canPut?.(call.id)) throw missing(kind, call.id);
      const changed = edit(known?.fields ?? {});
      ({ shown } = changed);
      return replaced(kind, { resources, name: target, fields: changed.fields, now });
    },
    answerOf: (revision) => answer(kind, target, { revision, shown, moment }),
  });
}

async function remove(kind: ResourceKind, call: Call): Promise<Answer> {
  const target = { kind: kind.kind, id: call.id };
  return call.write({
    verb: 'delete',
    target,
    edit({ resources }, now) {
      found(kind, resources, call.id);
      return withResource(resources, target, undefined, now);
    },
    answerOf: ({ version }) => ({ version, body: undefined }),
  });
}

interface Replacement {
  readonly resources: Resources;
  readonly name: ResourceName;
  readonly fields: JsonObject;
  readonly now: string;
}

function replaced(kind: ResourceKind, { resources, name, fields, now }: Replacement): Resources {
  const conflict = kind.findConflict(resources, name.id, fields);
  if (conflict !== undefined) throw new AdminProblem('already_exists', conflict);
  return withResource(resources, name, fields, now);
}

interface Written {
  readonly revision: Revision;
  readonly shown: JsonObject;
  readonly moment: ViewMoment;
}

/** A resource after a write, with what is shown this once. */
function answer(kind: ResourceKind, { id }: ResourceName, { revision, shown, moment }: Written): Answer {
  const resource = found(kind, revision.resources, id);
  return { version: revision.version, body: { ...kind.view(resource, moment), ...shown } };
}

function found(kind: ResourceKind, resources: Resources, id: string): Resource {
  const resource = resources[kind.kind].get(id);
  if (resource === undefined) throw missing(kind, id);
  return resource;
}

function missing(kind: ResourceKind, id: string): AdminProblem {
  return new AdminProblem('not_found', `There is no ${RESOURCE_KINDS[kind.kind].title} "${id}".`);
}
