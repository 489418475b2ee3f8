import type { SQL } from 'bun';
import type { RouteChange, RouteState } from '../routing/route-change.ts';
import { NOW } from './database-clock.ts';
import type { Database } from './database.ts';

/** The routes that cool or are drained on any machine, in PostgreSQL. Every call throws `StoreUnavailable` without it. */
export class RouteStateTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Stores changes in their order. A cooldown never becomes shorter. */
  async write(changes: readonly RouteChange[]): Promise<void> {
    await this.#database.write(async (sql) => {
      for (const change of changes) await writeOne(sql, change);
      await sql`delete from route_states where drained = 0 and until_ms <= ${NOW(sql)}`;
    });
  }

  /** The drained routes and those that cool longest, at most so many. */
  async read(most: number): Promise<RouteState[]> {
    const rows = await this.#database.read<{ route: string; left: number | string; drained: number }[]>(
      (sql) => sql`select route, until_ms - ${NOW(sql)} as left, drained from route_states
        where drained = 1 or until_ms > ${NOW(sql)} order by drained desc, until_ms desc limit ${most}`,
    );
    return rows.map(({ route, left, drained }) => ({
      route,
      coolsForMs: Math.max(0, Number(left)),
      isDrained: drained === 1,
    }));
  }
}

async function writeOne(sql: SQL, change: RouteChange): Promise<void> {
  const { route, kind } = change;
  const drained = kind === 'drained' ? 1 : 0;
  switch (kind) {
    case 'cooled':
      await sql`insert into route_states (route, until_ms, drained)
        values (${route}, ${NOW(sql)} + ${Math.ceil(change.forMs)}::bigint, 0)
        on conflict (route) do update set until_ms = greatest(route_states.until_ms, excluded.until_ms)`;
      return;
    case 'drained':
    case 'resumed':
      await sql`insert into route_states (route, until_ms, drained) values (${route}, 0, ${drained})
        on conflict (route) do update set drained = excluded.drained`;
      return;
    case 'cleared':
      await sql`update route_states set until_ms = 0 where route = ${route}`;
  }
}
