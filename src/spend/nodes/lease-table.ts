import type { LeaseAnswer } from '../../limits/lease-report.ts';
import type { Database } from '../../store/database.ts';
import { beginLife, databaseNowMs, registeredNodes } from './node-registry.ts';
import { freeLost, LAST_LIFE, pruneWindows, spendClaims } from './lost-claims.ts';
import type { Acquired, LeaseCall, LeaseStore, NodeRow, SentReport, StoreCheck } from './lease-store.ts';

/** The leases in PostgreSQL. Every call throws `StoreUnavailable` without it. */
export class LeaseTable implements LeaseStore {
  readonly #database: Database;
  /** Whether a statement alone sees what was committed while it waited for a lock, as a transaction of ours does. */
  #isSingle = false;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The schema needs a version that suffices. */
  async check(): Promise<StoreCheck> {
    return {};
  }

  async register(node: string, version: string): Promise<number> {
    const life = await beginLife(this.#database, node, version);
    const [row] = await this.#database.single<{ isolation: string }[]>(
      (sql) => sql`select current_setting('default_transaction_isolation') as isolation`,
    );
    this.#isSingle = row?.isolation === 'read committed';
    return life;
  }

  async acquire({ node, life, isTick, isAlone = false, reports }: LeaseCall): Promise<Acquired> {
    const sent = JSON.stringify(reports.map(shortOf));
    const call = this.#isSingle ? this.#database.single : this.#database.write;
    const [row] = await call<{ answer: Answered | string | null }[]>(
      (sql) =>
        sql`select llm_proxy_lease(${node}, ${life}, ${isTick}, ${isAlone}, (${sent}::text)::jsonb) as answer`,
    );
    const answer = row?.answer ?? null;
    if (answer === null) return { kind: 'forgotten' };
    const { live, answers } = typeof answer === 'string' ? (JSON.parse(answer) as Answered) : answer;
    return { kind: 'answered', answers: answers.map((one) => longOf(one, live)) };
  }

  /** The database loses nothing. */
  async vouch(): Promise<void> {}

  /** The function that grants leases reads them in the ledger. */
  async enter(): Promise<void> {}

  nodes(): Promise<NodeRow[]> {
    return registeredNodes(this.#database);
  }

  nowMs(): Promise<number> {
    return databaseNowMs(this.#database);
  }

  async forget(node: string, beats: number, isSpent: boolean): Promise<void> {
    await this.#database.write(async (sql) => {
      const gone: unknown[] =
        await sql`update nodes set gone = 1 where node = ${node} and beats = ${beats} and gone = 0 returning node`;
      if (gone.length === 0) return;
      if (isSpent) await spendClaims(sql, node);
      await sql`update leases set claim = 0 where node = ${node}`;
    });
  }

  async release(node: string): Promise<void> {
    await this.#database.write(async (sql) => {
      await sql`update nodes set gone = 1 where node = ${node}`;
      await sql`update leases set claim = 0 where node = ${node}`;
      await freeLost(sql, node, LAST_LIFE);
    });
  }

  async clear(node: string, life: number): Promise<void> {
    await this.#database.write(async (sql) => {
      await sql`delete from leases where node = ${node} and life < ${life}`;
      await freeLost(sql, node, life);
    });
  }

  async leave(node: string, life: number): Promise<void> {
    await this.#database.write(async (sql) => {
      const gone: unknown[] =
        await sql`update nodes set gone = 1 where node = ${node} and life = ${life} returning node`;
      if (gone.length > 0) await sql`delete from leases where node = ${node} and life <= ${life}`;
    });
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  async prune(): Promise<void> {
    await this.#database.write(pruneWindows);
  }
}

/** The end of a window without one. */
const NEVER_MS = 9_000_000_000_000_000;

interface Answered {
  readonly live: number;
  readonly answers: readonly ShortAnswer[];
}

interface ShortAnswer {
  readonly c: string;
  readonly w: number;
  readonly s: number;
  readonly g: number;
  readonly f: number;
  readonly u: number;
  readonly o: number;
  readonly r: boolean;
  readonly m: number;
}

function shortOf(report: SentReport): Record<string, unknown> {
  const { counter: c, windowMs: w, seq: s, pending, claim, need, want, limit: l } = report;
  const { takesRest: rest, form: k, perMs: v, alone: a, aloneLeft: y } = report;
  const e = Number.isFinite(report.endMs) ? Math.ceil(report.endMs) : NEVER_MS;
  const [p, h, n, t] = [Math.ceil(pending), Math.ceil(claim), Math.ceil(need), Math.floor(want)];
  return { c, w, e, s, p, h, n, t: Math.max(t, n), l, rest, k, v, a, y };
}

function longOf({ c, w, s, g, f, u, o, r, m }: ShortAnswer, nodes: number): LeaseAnswer {
  return {
    counter: c,
    windowMs: w,
    seq: s,
    granted: g,
    free: f,
    used: u,
    others: o,
    nodes,
    isRecalled: r,
    fullInMs: m,
  };
}
