import { pathSegment } from '../../config/owners.ts';
import type { Snapshot } from '../../config/snapshot.ts';
import type { Claim } from '../../limits/claim.ts';
import type { Database } from '../../store/database.ts';
import { type ByScope, byScope, counting } from '../ledger/counting-claims.ts';
import { currentUse, type WantedUse } from '../ledger/past-use.ts';
import { emptyQuarter, type QuarterNames, type QuarterRow } from '../ledger/quarter.ts';
import { keyNames, teamNames, userNames } from './adjust.ts';
import { type Entry, type EntryKind, insertEntries, type Move, writeEntries } from './entry.ts';
import { type ImportRow, readImport, type RefusedLine } from './import-rows.ts';

export interface ImportOptions {
  /** The origin of the file. The same line of the same source is imported once. */
  readonly source: string;
  /** Whether to write nothing. */
  readonly isDry: boolean;
  readonly actor: string;
  readonly snapshot: Snapshot;
  readonly nowMs: number;
  readonly kind?: Extract<EntryKind, 'import' | 'opening'>;
}

export interface Imported {
  readonly inserted: number;
  /** Lines that were imported before. */
  readonly known: number;
  readonly refused: readonly RefusedLine[];
}

/** Entries per transaction. */
const BATCH = 200;

/** Imports usage that another program has counted: CSV, or JSON lines. Throws `StoreUnavailable`. */
export async function importUse(database: Database, text: string, options: ImportOptions): Promise<Imported> {
  const { rows, refused } = readImport(text);
  const uses = currentUse([...options.snapshot.limits.all()], options.nowMs);
  const index = byScope(uses, claimOf);
  const entries = rows.map((row) => entryOf(row, index, options));
  let inserted = 0;
  for (let at = 0; at < entries.length; at += BATCH) {
    const batch = entries.slice(at, at + BATCH);
    inserted += options.isDry
      ? await countNew(database, batch)
      : (await writeEntries(database, (sql) => insertEntries(sql, batch, options.nowMs))).length;
  }
  return { inserted, known: entries.length - inserted, refused };
}

async function countNew(database: Database, entries: readonly Entry[]): Promise<number> {
  const ids = entries.map(({ externalId }) => externalId);
  const source = entries[0]?.source ?? '';
  const known: { external_id: string }[] = await database.read(
    (sql) =>
      sql`select external_id from spend_entries where source = ${source} and external_id in ${sql(ids)}`,
  );
  const found = new Set(known.map(({ external_id }) => external_id));
  return new Set(ids.filter((id) => !found.has(id))).size;
}

function entryOf(
  row: ImportRow,
  index: ByScope<WantedUse>,
  { source, actor, snapshot, kind = 'import' }: ImportOptions,
): Entry {
  const names = { ...namesOf(row, snapshot), model: row.model, provider: row.provider };
  return {
    kind,
    atMs: row.atMs,
    keyId: names.keyId || undefined,
    team: names.team || undefined,
    userName: names.userName || undefined,
    model: row.model || undefined,
    provider: row.provider || undefined,
    amount: row.cost,
    inputTokens: row.inputTokens,
    outputTokens: row.outputTokens,
    reason: `imported from ${source}`,
    actor,
    source,
    externalId: row.externalId,
    moves: movesOf(row, names, index),
    quarter: quarterOf(row, names),
  };
}

/** The names of the owners that a line names, with the ids that the configuration gives them. */
function namesOf({ key, team, user }: ImportRow, { access, owners }: Snapshot): QuarterNames {
  const keys = access.kind === 'keys' ? [...access.keys.values()] : [];
  const known = keys.find(({ name }) => name === key) ?? keys.find(({ id }) => id === key);
  const ofKey = keyNames(access, known?.id ?? key ?? '');
  const found = [...owners.teams.values()].find(({ name }) => name === team);
  const ofUser = [...owners.users.values()].find(({ name }) => name === user);
  return {
    ...ofKey,
    ...(team !== undefined &&
      (found === undefined
        ? { team, teamPath: pathSegment(team), teamIds: `/${pathSegment(team)}/` }
        : teamNames(found))),
    ...(user !== undefined &&
      (ofUser === undefined ? { userId: user, userName: user } : userNames(owners, ofUser.id))),
  };
}

function quarterOf(row: ImportRow, names: QuarterNames): QuarterRow {
  const quarter = emptyQuarter(row.atMs, names);
  quarter.requests = row.requests;
  quarter.input_tokens = row.inputTokens;
  quarter.output_tokens = row.outputTokens;
  quarter.cost = row.cost;
  return quarter;
}

/** The effects of the line on limits whose current window contains it. Earlier windows are never read. */
function movesOf(row: ImportRow, names: QuarterNames, index: ByScope<WantedUse>): Move[] {
  return counting(index, names, claimOf).flatMap(({ claim, windowMs }) => {
    const amount = amountOf(claim, row);
    return row.atMs >= windowMs && amount !== 0 ? [{ claim, windowMs, amount }] : [];
  });
}

const claimOf = ({ claim }: WantedUse): Claim => claim;

function amountOf({ kind }: Claim, { cost, inputTokens, outputTokens, requests }: ImportRow): number {
  switch (kind) {
    case 'cost':
      return cost;
    case 'tokens':
      return inputTokens + outputTokens;
    case 'input_tokens':
      return inputTokens;
    case 'output_tokens':
      return outputTokens;
    case 'requests':
      return requests;
    case 'concurrent':
      return 0;
  }
}
