import type { SQL } from 'bun';
import type { KeyAnswer } from '../../gateway/key-use.ts';
import { dollarsOf } from '../../prices/cost.ts';
import type { Database } from '../../store/database.ts';

/** The key whose requests are read. Records of older programs have its name only. */
export interface Asker {
  readonly keyId: string;
  readonly keyName: string;
}

const COLUMNS = `ended_at_ms, request_id, model, provider, ending, status, prompt_tokens, completion_tokens,
  cached_tokens, reasoning_tokens, is_estimated, is_streamed, first_token_ms, duration_ms, end_user, tags,
  cast(cost_nano as text) as cost_nano`;

/** PostgreSQL returns a `bigint` as text. */
interface OwnRow {
  readonly ended_at_ms: number | string;
  readonly request_id: string;
  readonly model: string | null;
  readonly provider: string | null;
  readonly ending: string;
  readonly status: number;
  readonly prompt_tokens: number | null;
  readonly completion_tokens: number | null;
  readonly cached_tokens: number | null;
  readonly reasoning_tokens: number | null;
  readonly is_estimated: number;
  readonly is_streamed: number;
  readonly first_token_ms: number | null;
  readonly duration_ms: number;
  readonly end_user: string | null;
  readonly tags: string | null;
  readonly cost_nano: string | null;
}

const MOST = 100;
const USUAL = 20;

/**
 * A page of a key's requests, newest first. If they lie far apart, the page may have fewer than `limit` and still a
 * cursor. Throws `StoreUnavailable`.
 */
export async function listOwnRequests(
  database: Database,
  asker: Asker,
  { limit: wanted = String(USUAL), cursor, ...others }: Readonly<Record<string, string>>,
): Promise<KeyAnswer> {
  const [other] = Object.keys(others);
  if (other !== undefined)
    return { kind: 'invalid', param: other, problem: `"${other}" is none of limit, cursor` };
  const limit = /^\d{1,3}$/.test(wanted) ? Number(wanted) : 0;
  if (limit < 1 || limit > MOST)
    return { kind: 'invalid', param: 'limit', problem: `limit is a number from 1 to ${MOST}` };
  const before = cursor === undefined ? NEWEST : placeOf(cursor);
  if (before === undefined)
    return { kind: 'invalid', param: 'cursor', problem: 'cursor is not one that this API returned' };
  const { rows, end } = await search(database, { asker, before, limit, requestId: undefined });
  const body = { requests: rows.map(viewOf), next_cursor: end === undefined ? null : cursorAt(end) };
  return { kind: 'answered', status: 200, body: JSON.stringify(body) };
}

/**
 * One request of a key. For another key's request the answer is the same as if it did not exist. Throws
 * `StoreUnavailable`.
 */
export async function readOwnRequest(
  database: Database,
  asker: Asker,
  requestId: string,
): Promise<KeyAnswer> {
  const { rows, end } = await search(database, { asker, before: NEWEST, limit: 1, requestId });
  const [row] = rows;
  if (row !== undefined) return { kind: 'answered', status: 200, body: JSON.stringify(viewOf(row)) };
  return end === undefined
    ? { kind: 'not-found' }
    : { kind: 'unavailable', problem: 'the search took too long' };
}

interface Place {
  readonly endedAtMs: number;
  readonly requestId: string;
}

const NEWEST: Place = { endedAtMs: Number.MAX_SAFE_INTEGER, requestId: '' };

interface Search {
  readonly asker: Asker;
  readonly before: Place;
  readonly limit: number;
  /** Only this request; undefined: all. */
  readonly requestId: string | undefined;
}

/**
 * The records are indexed by time only. The search for a key with few requests runs in pieces, since SQLite reads on
 * the thread that serves requests.
 */
const SEARCHED_AT_ONCE = 5000;
const SEARCH_MS = 5000;

/** Searches backwards from a place. `end` is where the next search begins; undefined: there is nothing more. */
async function search(
  database: Database,
  wanted: Search,
): Promise<{ readonly rows: readonly OwnRow[]; readonly end: Place | undefined }> {
  const found: OwnRow[] = [];
  const untilMs = performance.now() + SEARCH_MS;
  let before: Place | undefined = wanted.before;
  while (before !== undefined && performance.now() < untilMs) {
    const piece: Search = { ...wanted, before, limit: wanted.limit + 1 - found.length };
    const { rows, last }: Found = await database.read((sql) => searchPiece(sql, piece));
    found.push(...rows);
    if (found.length > wanted.limit) {
      const rowsShown = found.slice(0, wanted.limit);
      return { rows: rowsShown, end: placeOfRow(rowsShown.at(-1)) };
    }
    before = last;
    await Bun.sleep(0);
  }
  return { rows: found, end: before };
}

interface Found {
  readonly rows: readonly OwnRow[];
  /** The end of the piece; undefined: there is nothing more. */
  readonly last: Place | undefined;
}

async function searchPiece(sql: SQL, { asker, before, limit, requestId }: Search): Promise<Found> {
  const ends: { ended_at_ms: number | string; request_id: string }[] = await sql.unsafe(
    `select ended_at_ms, request_id from request_records where (ended_at_ms, request_id) < ($1, $2)
     order by ended_at_ms desc, request_id desc limit 1 offset ${SEARCHED_AT_ONCE - 1}`,
    [before.endedAtMs, before.requestId],
  );
  const last = placeOfRow(ends[0]);
  const { endedAtMs, requestId: lastId } = last ?? { endedAtMs: 0, requestId: '' };
  const values = [before.endedAtMs, before.requestId, endedAtMs, lastId, asker.keyId, asker.keyName];
  const rows: OwnRow[] = await sql.unsafe(
    `select ${COLUMNS} from request_records
     where (ended_at_ms, request_id) < ($1, $2) and (ended_at_ms, request_id) >= ($3, $4)
       and (key_id = $5 or (key_id is null and key_name = $6)) ${requestId === undefined ? '' : 'and request_id = $7'}
     order by ended_at_ms desc, request_id desc limit ${limit}`,
    requestId === undefined ? values : [...values, requestId],
  );
  return { rows, last };
}

function placeOfRow(
  row: { readonly ended_at_ms: number | string; readonly request_id: string } | undefined,
): Place | undefined {
  return row && { endedAtMs: Number(row.ended_at_ms), requestId: row.request_id };
}

function cursorAt({ endedAtMs, requestId }: Place): string {
  return Buffer.from(`${endedAtMs}/${requestId}`).toString('base64url');
}

function placeOf(cursor: string): Place | undefined {
  const text = Buffer.from(cursor, 'base64url').toString();
  const [, endedAt, requestId] = /^(\d{1,15})\/(\w{1,64})$/.exec(text) ?? [];
  if (endedAt === undefined || requestId === undefined) return undefined;
  return { endedAtMs: Number(endedAt), requestId };
}

function viewOf(row: OwnRow) {
  return {
    id: row.request_id,
    time: new Date(Number(row.ended_at_ms)).toISOString(),
    model: row.model,
    provider: row.provider,
    ending: row.ending,
    status: row.status,
    input_tokens: row.prompt_tokens,
    output_tokens: row.completion_tokens,
    cached_tokens: row.cached_tokens,
    reasoning_tokens: row.reasoning_tokens,
    is_estimated: row.is_estimated !== 0,
    is_streamed: row.is_streamed !== 0,
    time_to_first_token_ms: row.first_token_ms,
    duration_ms: row.duration_ms,
    cost: row.cost_nano === null ? null : dollarsOf(BigInt(row.cost_nano)),
    end_user: row.end_user,
    tags: row.tags === null || row.tags === '' ? {} : (JSON.parse(row.tags) as Record<string, string>),
  };
}
