import type { SQL } from 'bun';
import type { Kind } from './resource-kinds.ts';
import type { ResourceName } from './revision.ts';

/** The kinds whose ids are used in reports. */
const BURIED: ReadonlySet<Kind> = new Set<Kind>(['master_keys', 'teams', 'users']);

/** At least as long as reports are kept, so that no use is attributed to another resource. */
const KEPT_MS = 400 * 86_400_000;

/** An id that belonged to a deleted resource, and is not given again yet. */
export class IdRetired extends Error {
  readonly resource: ResourceName;
  /** Milliseconds since 1970. */
  readonly untilMs: number;

  constructor(resource: ResourceName, untilMs: number) {
    super(`the id "${resource.id}" belonged to a deleted resource`);
    this.name = 'IdRetired';
    this.resource = resource;
    this.untilMs = untilMs;
  }
}

/** Throws `IdRetired` if one of the ids belonged to a resource that was deleted less than 400 days ago. */
export async function requireFreshIds(
  sql: SQL,
  created: readonly ResourceName[],
  nowMs: number,
): Promise<void> {
  const ids = created.flatMap(({ kind, id }) => (BURIED.has(kind) ? [id] : []));
  if (ids.length === 0) return;
  const rows: { kind: string; id: string; deleted_ms: number | string }[] = await sql`
    select kind, id, deleted_ms from tombstones
    where id in ${sql(ids)} and deleted_ms > ${nowMs - KEPT_MS}`;
  const found = new Map(rows.map(({ kind, id, deleted_ms: at }) => [`${kind}/${id}`, Number(at)]));
  for (const resource of created) {
    const deletedMs = found.get(`${resource.kind}/${resource.id}`);
    if (deletedMs !== undefined) throw new IdRetired(resource, deletedMs + KEPT_MS);
  }
}

/** Records the deletion of a resource with its name. */
export async function insertTombstone(
  sql: SQL,
  { kind, id }: ResourceName,
  { name, nowMs }: { readonly name: string; readonly nowMs: number },
): Promise<void> {
  if (!BURIED.has(kind)) return;
  await sql`delete from tombstones where (kind = ${kind} and id = ${id}) or deleted_ms <= ${nowMs - KEPT_MS}`;
  await sql`insert into tombstones (kind, id, name, deleted_ms) values (${kind}, ${id}, ${name}, ${nowMs})`;
}

/** Forgets the deletion of a resource that is back: a rollback or an import has brought it. */
export async function deleteTombstone(sql: SQL, { kind, id }: ResourceName): Promise<void> {
  if (BURIED.has(kind)) await sql`delete from tombstones where kind = ${kind} and id = ${id}`;
}
