import type { Database } from './database.ts';

/** The days on which keys were last used. */
export interface LastUse {
  /**
   * The days, such as `2026-11-30`, on which the keys with these ids were last used; UTC. Unused keys are missing.
   * Undefined: the gateway does not store usage.
   */
  readonly of: (keyIds: readonly string[]) => Promise<ReadonlyMap<string, string> | undefined>;
}

/** The last use of keys is unknown. */
export const NO_LAST_USE: LastUse = { of: () => Promise.resolve(undefined) };

const DAY_MS = 86_400_000;

/** How far back to search for use. */
const SOUGHT_MS = 90 * DAY_MS;

/** SQLite answers on the thread that serves requests, so the sums are read in pieces of this time. */
const PIECE_MS = DAY_MS;

/** Quarters may still change for this long. */
const CHANGING_MS = 3_600_000;

/** Reads last use from the sums in a database. It remembers what it has read, and then reads only what is new. */
export function lastUseIn(database: Database, nowMs: () => number): LastUse {
  const known = new Map<string, number>();
  let readFromMs = Infinity;
  let readUntilMs = 0;
  const readPiece = async (fromMs: number, untilMs: number): Promise<void> => {
    const rows = await database.read(async (sql) => {
      const found: { key_id: string; at: number | string }[] = await sql`
        select key_id, max(quarter_ms) as at from spend_quarters
        where quarter_ms >= ${fromMs} and quarter_ms < ${untilMs} group by key_id`;
      return found;
    });
    for (const { key_id: id, at } of rows) known.set(id, Math.max(known.get(id) ?? 0, Number(at)));
  };
  const readNew = async (): Promise<void> => {
    const untilMs = nowMs() + DAY_MS;
    const fromMs = readUntilMs === 0 ? untilMs - PIECE_MS : readUntilMs - DAY_MS - CHANGING_MS;
    await readPiece(fromMs, untilMs);
    readFromMs = Math.min(readFromMs, fromMs);
    readUntilMs = untilMs;
  };
  return {
    async of(keyIds) {
      await readNew();
      while (readFromMs > nowMs() - SOUGHT_MS && keyIds.some((id) => !known.has(id))) {
        await Bun.sleep(0);
        await readPiece(readFromMs - PIECE_MS, readFromMs);
        readFromMs -= PIECE_MS;
      }
      return new Map(
        keyIds.flatMap((id) => {
          const at = known.get(id);
          return at === undefined ? [] : [[id, new Date(at).toISOString().slice(0, 10)] as const];
        }),
      );
    },
  };
}
