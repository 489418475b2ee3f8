import type { Database } from '../../../src/store/database.ts';

/** A row of `spend_quarters`; what is left out is 0 or ''. */
export interface Quarter {
  readonly quarter_ms: number;
  readonly key_id?: string;
  readonly key_name?: string;
  readonly model?: string;
  readonly provider?: string;
  readonly team?: string;
  readonly team_path?: string;
  readonly user_name?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly requests?: number;
  readonly failures?: number;
  readonly input_tokens?: number;
  readonly cost?: number;
  readonly unpriced?: number;
  readonly estimated_cost?: number;
}

export const QUARTER_MS = 900_000;

/** Inserts quarters as the ledger has them. Each row gets an end bucket of its own. */
export async function insertQuarters(database: Database, quarters: readonly Quarter[]): Promise<void> {
  const rows = quarters.map(({ tags, ...quarter }, at) => ({
    key_id: 'k',
    key_name: 'app',
    model: 'm',
    provider: 'p',
    team: '',
    team_path: '',
    user_name: '',
    requests: 1,
    failures: 0,
    input_tokens: 0,
    cost: 0,
    unpriced: 0,
    estimated_cost: 0,
    ...quarter,
    end_bucket: `b${at}`,
    tags: tags === undefined ? '' : JSON.stringify(tags),
  }));
  for (let at = 0; at < rows.length; at += 500) {
    const some = rows.slice(at, at + 500);
    await database.write((sql) => sql`insert into spend_quarters ${sql(some)}`);
  }
}
