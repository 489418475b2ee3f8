import type { LeaseAnswer, LeaseReport } from '../../src/limits/lease-report.ts';

interface Row {
  life: number;
  seq: number;
  pending: number;
  claim: number;
  readonly alone: number;
  /** The overflow of the bucket at its last report. */
  spilt: number;
}

/** A bucket at a moment: what is lacking, and what has flowed over less what nodes have used of it. */
interface Level {
  debt: number;
  spilt: number;
  /** The part of it that was left to nodes that are cut off, and would have flowed in otherwise. */
  kept: number;
  atMs: number;
}

/** After this silence a node's part of a rate is left to it. */
const SILENT_MS = 3000;
/** A sign of life that is so far ahead was given before the clock was set back. */
const AHEAD_MS = 1000;
/** For so long. */
const LOST_MS = 60_000;
/** A node that is back pays no more than its share, and what flows into it in this time. */
const MOST_MS = 4000;

export interface Call {
  readonly node: string;
  readonly life: number;
  readonly reports: readonly LeaseReport[];
  /** Whether it is a sign of life. */
  readonly isTick?: boolean;
  /** Whether the node hears no answers. */
  readonly isAlone?: boolean;
}

interface Node {
  life: number;
  beats: number;
  isGone: boolean;
  /** When it last gave a sign of life, and when it last did so without hearing answers. */
  seenMs: number;
  aloneMs: number;
}

/**
 * A model of the stores of leases, as plain functions over maps. `nodes` and `ledger` are in the database. `rows` may be lost, as
 * in Redis; then a new era begins, in which nothing is granted until every node has told all.
 */
export class LeaseStore {
  readonly nodes = new Map<string, Node>();
  readonly rows = new Map<string, Map<string, Row>>();
  readonly recalls = new Map<string, number>();
  readonly levels = new Map<string, Level>();
  readonly #told = new Set<string>();
  #era = 0;
  #isOpen = true;
  /** The amount of each counter in the ledger, by `counter@window`. */
  readonly ledger = new Map<string, number>();
  /** The claims of lost nodes that count as spent, by `counter@window node life`: in the database, too. */
  readonly lost = new Map<string, number>();

  /** Begins a life of a node; returns its number. */
  register(node: string, nowMs: number): number {
    const life = (this.nodes.get(node)?.life ?? 0) + 1;
    // It may not hear the answer.
    this.nodes.set(node, { life, beats: 0, isGone: false, seenMs: nowMs, aloneMs: nowMs });
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
  acquire({ node, life, reports, isTick, isAlone }: Call, nowMs: number): LeaseAnswer[] | undefined {
    const known = this.nodes.get(node);
    if (known === undefined || known.isGone || known.life !== life) return undefined;
    known.beats += 1;
    if (isTick === true) {
      Object.assign(known, { seenMs: nowMs, aloneMs: isAlone === true ? nowMs : -Infinity });
      // The clock was set back. A silent node must not look alive until it shows that time again.
      for (const one of this.nodes.values())
        if (one.seenMs > nowMs + AHEAD_MS) one.seenMs = nowMs - SILENT_MS;
    }
    return reports.flatMap((report) => this.#answer(report, { node, life, nowMs, isAlone }) ?? []);
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
    { node, life, nowMs, isAlone }: Omit<Call, 'reports' | 'isAlone'> & Pick<Taking, 'nowMs' | 'isAlone'>,
  ): LeaseAnswer | undefined {
    const { counter, windowMs, seq, pending, claim, need, limit, alone } = report;
    const key = `${counter}@${windowMs}`;
    const rows = this.rows.get(key) ?? new Map<string, Row>();
    this.rows.set(key, rows);
    const before = rows.get(node);
    if (before !== undefined && (before.life > life || (before.life === life && before.seq >= seq)))
      return undefined;
    const row = { life, seq, pending, claim, alone, spilt: 0 };
    rows.set(node, row);
    if (report.form === 'bucket') return this.#answerBucket(report, { key, before, row, nowMs, isAlone });
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
    { key, before, row, nowMs, isAlone }: Taking,
  ): LeaseAnswer {
    const { limit, perMs, need, want, fullInMs } = report;
    const level = this.#flow(key, report, nowMs);
    if (before === undefined || !this.#isOpen) level.debt = Math.max(level.debt, fullInMs * perMs);
    if (before !== undefined) {
      // The claim of an earlier life counts as used, and the use that it had not told is lost.
      const isSame = before.life === row.life;
      const more = row.alone - (isSame ? before.alone : 0);
      const credit = Math.max(0, Math.min(more, level.spilt - before.spilt));
      level.spilt -= credit;
      level.kept = Math.max(0, level.kept - credit);
      const most = (limit + MOST_MS * perMs) / this.#nodeCount;
      level.debt += row.claim + Math.min(more - credit, most);
      if (isSame) level.debt += row.pending - before.pending - before.claim;
    } else level.debt += row.claim + report.aloneLeft;
    level.spilt += Math.max(0, -level.debt);
    level.debt = Math.max(0, level.debt);
    level.kept = Math.max(0, Math.min(level.kept, level.debt, level.spilt));
    if (this.#hearingPart(nowMs) === 1) this.#giveBack(level);
    row.spilt = isAlone === true && before !== undefined ? before.spilt : level.spilt;
    const room = Math.floor(limit - level.debt + 1e-6);
    const fits = this.#isOpen && want > 0 && (room >= need || level.debt === 0);
    const granted = fits ? Math.max(need, Math.min(want, room)) : 0;
    level.debt += granted;
    row.claim += granted;
    const answer = { counter, windowMs, seq, granted, free: room - granted, used: 0, others: 0 };
    return { ...answer, nodes: this.#nodeCount, isRecalled: false, fullInMs: level.debt / perMs };
  }

  /** Lets flow in what has come since the last time, and over what finds the bucket full or is left to nodes that are cut off. */
  #flow(key: string, { limit, perMs }: Pick<LeaseReport, 'limit' | 'perMs'>, nowMs: number): Level {
    const level = this.levels.get(key) ?? { debt: 0, spilt: 0, kept: 0, atMs: nowMs };
    this.levels.set(key, level);
    const passed = Math.max(0, nowMs - level.atMs) * perMs;
    level.debt = Math.min(level.debt, 2 * limit + MOST_MS * perMs);
    const part = this.#hearingPart(nowMs);
    const flowed = Math.min(level.debt, passed * part);
    level.debt -= flowed;
    level.spilt += passed - flowed;
    level.kept += passed * (1 - part);
    level.atMs = nowMs;
    return level;
  }

  /** Everybody is back, so what was left to them and not used flows in. */
  #giveBack(level: Level): void {
    level.debt -= level.kept;
    level.spilt -= level.kept;
    level.kept = 0;
  }

  /** The part of the nodes that hear the answers. */
  #hearingPart(nowMs: number): number {
    const known = [...this.nodes.values()].filter(
      ({ isGone, seenMs }) => !isGone && seenMs > nowMs - LOST_MS,
    );
    const hearing = known.filter(
      ({ seenMs, aloneMs }) => seenMs >= nowMs - SILENT_MS && aloneMs <= nowMs - SILENT_MS,
    );
    return Math.max(1, hearing.length) / Math.max(1, known.length);
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
  readonly isAlone: boolean | undefined;
}

function grantOf({ need, want, takesRest }: LeaseReport, free: number, others: number): number {
  if (want === 0 || free <= 0) return 0;
  if (free >= need) return Math.min(want, free);
  return takesRest && others === 0 ? free : 0;
}
