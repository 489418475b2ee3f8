import type { LeaseAnswer, LeaseReport } from '../../src/limits/lease-report.ts';

interface Row {
  life: number;
  seq: number;
  pending: number;
  claim: number;
}

export interface Call {
  readonly node: string;
  readonly life: number;
  readonly reports: readonly LeaseReport[];
}

/**
 * A model of the stores of leases, as plain functions over maps. `nodes` and `ledger` are in the database. `rows` may be lost, as
 * in Redis; then a new era begins, in which nothing is granted until every node has told all.
 */
export class LeaseStore {
  readonly nodes = new Map<string, { life: number; beats: number; isGone: boolean }>();
  readonly rows = new Map<string, Map<string, Row>>();
  readonly recalls = new Map<string, number>();
  /** When each bucket is full. */
  readonly levels = new Map<string, number>();
  readonly #told = new Set<string>();
  #era = 0;
  #isOpen = true;
  /** The amount of each counter in the ledger, by `counter@window`. */
  readonly ledger = new Map<string, number>();
  /** The claims of lost nodes that count as spent, by `counter@window node life`: in the database, too. */
  readonly lost = new Map<string, number>();

  /** Begins a life of a node; returns its number. */
  register(node: string): number {
    const life = (this.nodes.get(node)?.life ?? 0) + 1;
    this.nodes.set(node, { life, beats: 0, isGone: false });
    return life;
  }

  /** Loses all but the database. */
  lose(): void {
    this.rows.clear();
    this.recalls.clear();
    this.levels.clear();
    this.#told.clear();
    this.#era += 1;
    this.#isOpen = false;
  }

  /** The era in which nothing is granted yet; undefined: leases are granted. */
  get era(): number | undefined {
    return this.#isOpen ? undefined : this.#era;
  }

  /** A node has told all that it knows in an era. */
  vouch(node: string, life: number, era: number): void {
    if (this.#isOpen || era !== this.#era) return;
    this.#told.add(`${node} ${life}`);
    this.#isOpen = [...this.nodes].every(
      ([id, known]) => known.isGone || this.#told.has(`${id} ${known.life}`),
    );
  }

  /** undefined: the node has been forgotten. */
  acquire({ node, life, reports }: Call, nowMs: number): LeaseAnswer[] | undefined {
    const known = this.nodes.get(node);
    if (known === undefined || known.isGone || known.life !== life) return undefined;
    known.beats += 1;
    return reports.flatMap((report) => this.#answer(report, { node, life, nowMs }) ?? []);
  }

  /** Frees the claims of a node that was silent for too long, or lets them count as spent. */
  forget(node: string, beats: number, isSpent = false): void {
    const known = this.nodes.get(node);
    if (known === undefined || known.isGone || known.beats !== beats) return;
    known.isGone = true;
    for (const [key, rows] of this.rows) {
      const row = rows.get(node);
      if (row === undefined) continue;
      if (isSpent) this.lost.set(`${key} ${node} ${known.life}`, row.claim);
      row.claim = 0;
    }
  }

  /** Removes what earlier lives of a node have told, since the ledger has all of it. */
  clear(node: string, life: number): void {
    for (const rows of this.rows.values()) if ((rows.get(node)?.life ?? life) < life) rows.delete(node);
    for (const name of this.lost.keys()) {
      const [, of, past] = name.split(' ');
      if (of === node && Number(past) < life) this.lost.delete(name);
    }
  }

  #answer(
    report: LeaseReport,
    { node, life, nowMs }: { node: string; life: number; nowMs: number },
  ): LeaseAnswer | undefined {
    const { counter, windowMs, seq, pending, claim, need, limit } = report;
    const key = `${counter}@${windowMs}`;
    const rows = this.rows.get(key) ?? new Map<string, Row>();
    this.rows.set(key, rows);
    const before = rows.get(node);
    if (before !== undefined && (before.life > life || (before.life === life && before.seq >= seq)))
      return undefined;
    const row = { life, seq, pending, claim };
    rows.set(node, row);
    if (report.form === 'bucket') return this.#answerBucket(report, { key, before, row, nowMs });
    const { used, claims } = this.#sumOf(
      rows,
      report.form === 'slots' ? undefined : (this.ledger.get(key) ?? 0) + this.#lostOf(key),
    );
    const others = claims - claim;
    const free = limit - used - claims;
    const granted = this.#isOpen ? grantOf(report, free, others) : 0;
    if (this.#isOpen && need > 0 && granted === 0) this.recalls.set(key, nowMs + 600);
    row.claim += granted;
    const isRecalled = (this.recalls.get(key) ?? 0) > nowMs;
    const nodes = this.#nodeCount;
    const answer = { counter, windowMs, seq, granted, free: free - granted, used, others, nodes };
    return { ...answer, isRecalled, fullInMs: 0 };
  }

  #answerBucket(
    { counter, windowMs, seq, ...report }: LeaseReport,
    { key, before, row, nowMs }: Taking,
  ): LeaseAnswer {
    const { limit, perMs, need, want, fullInMs } = report;
    const told = this.levels.has(key) && this.#isOpen ? 0 : nowMs + fullInMs;
    const known = Math.min(Math.max(this.levels.get(key) ?? 0, nowMs), nowMs + (2 * limit) / perMs);
    let level = Math.max(known, told) + row.claim / perMs;
    if (before?.life === row.life)
      level = Math.max(nowMs, level + (row.pending - before.pending - before.claim) / perMs);
    const room = Math.floor(limit - (level - nowMs) * perMs + 1e-6);
    const fits = this.#isOpen && want > 0 && (room >= need || level <= nowMs);
    const granted = fits ? Math.max(need, Math.min(want, room)) : 0;
    level += granted / perMs;
    row.claim += granted;
    this.levels.set(key, level);
    const answer = { counter, windowMs, seq, granted, free: room - granted, used: 0, others: 0 };
    return { ...answer, nodes: this.#nodeCount, isRecalled: false, fullInMs: level - nowMs };
  }

  /** `stored`: what is in the ledger; undefined for slots, which nodes that are gone do not have. */
  #sumOf(rows: ReadonlyMap<string, Row>, stored: number | undefined): { used: number; claims: number } {
    let [used, claims] = [stored ?? 0, 0];
    for (const [name, one] of rows) {
      if (stored === undefined && this.nodes.get(name)?.isGone === true) continue;
      used += one.pending;
      claims += one.claim;
    }
    return { used, claims };
  }

  #lostOf(key: string): number {
    let sum = 0;
    for (const [name, claim] of this.lost) if (name.startsWith(`${key} `)) sum += claim;
    return sum;
  }

  get #nodeCount(): number {
    return [...this.nodes.values()].filter(({ isGone }) => !isGone).length;
  }
}

interface Taking {
  readonly key: string;
  readonly before: Row | undefined;
  readonly row: Row;
  readonly nowMs: number;
}

function grantOf({ need, want, takesRest }: LeaseReport, free: number, others: number): number {
  if (want === 0 || free <= 0) return 0;
  if (free >= need) return Math.min(want, free);
  return takesRest && others === 0 ? free : 0;
}
