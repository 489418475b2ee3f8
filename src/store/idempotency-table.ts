import type { SQL } from 'bun';
import type { Database } from './database.ts';
import type { Keyring } from './keyring.ts';

/** The answer to a request that its sender may repeat, such as one that shows a new secret. */
export interface KeptAnswer {
  /** Of the caller, the operation and the key that the caller has chosen. */
  readonly keyHash: string;
  /** Of the request's contents. */
  readonly bodyHash: string;
  /** May contain secrets; it is stored sealed. */
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly untilMs: number;
}

/** The answers that repeated requests get again. Throws `StoreUnavailable`, and `SealBroken` for a lost key. */
export interface KeptAnswers {
  readonly find: (keyHash: string) => Promise<KeptAnswer | undefined>;
  readonly insert: (answer: KeptAnswer) => Promise<void>;
}

/** The same request has been answered already, maybe a moment ago by another replica. */
export class AnsweredBefore extends Error {}

/** The answers in a database. `nowMs` is in milliseconds since 1970. */
export function keptAnswers(database: Database, keyring: Keyring, nowMs: () => number): KeptAnswers {
  return {
    find: (keyHash) => database.read((sql) => findAnswer(sql, keyHash, { keyring, nowMs: nowMs() })),
    insert: (answer) => database.write((sql) => insertAnswer(sql, answer, { keyring, nowMs: nowMs() })),
  };
}

/** How many answers are kept in memory. */
const MOST_IN_MEMORY = 1000;

/** The answers of a program without a database: the last thousand, until it ends. */
export function answersInMemory(nowMs: () => number): KeptAnswers {
  const kept = new Map<string, KeptAnswer>();
  return {
    async find(keyHash) {
      const answer = kept.get(keyHash);
      return answer !== undefined && answer.untilMs > nowMs() ? answer : undefined;
    },
    async insert(answer) {
      kept.delete(answer.keyHash);
      kept.set(answer.keyHash, answer);
      const [oldest] = kept.keys();
      if (kept.size > MOST_IN_MEMORY && oldest !== undefined) kept.delete(oldest);
    },
  };
}

interface Sealing {
  readonly keyring: Keyring;
  readonly nowMs: number;
}

/** Reads an answer that is still kept. */
export async function findAnswer(
  sql: SQL,
  keyHash: string,
  { keyring, nowMs }: Sealing,
): Promise<KeptAnswer | undefined> {
  const [row]: { body_hash: string; answer: string; until_ms: number | string }[] = await sql`
    select body_hash, answer, until_ms from idempotency
    where key_hash = ${keyHash} and until_ms > ${nowMs} and answer is not null`;
  if (row === undefined) return undefined;
  const text = keyring.open(row.answer, placeOf(keyHash));
  return { keyHash, bodyHash: row.body_hash, text, untilMs: Number(row.until_ms) };
}

/** Keeps an answer, and forgets those whose time is over. Throws `AnsweredBefore` if there is one already. */
export async function insertAnswer(
  sql: SQL,
  { keyHash, bodyHash, text, untilMs }: KeptAnswer,
  { keyring, nowMs }: Sealing,
): Promise<void> {
  await sql`delete from idempotency where until_ms <= ${nowMs}`;
  const sealed = keyring.seal(text, placeOf(keyHash));
  const inserted: unknown[] = await sql`
    insert into idempotency (key_hash, body_hash, answer, until_ms)
    values (${keyHash}, ${bodyHash}, ${sealed}, ${untilMs}) on conflict do nothing returning key_hash`;
  if (inserted.length === 0) throw new AnsweredBefore('the request was answered already');
}

/** Seals every answer with the keyring's current key. Throws `SealBroken`. */
export async function resealAnswers(sql: SQL, keyring: Keyring): Promise<void> {
  const rows: { key_hash: string; answer: string }[] = await sql`
    select key_hash, answer from idempotency where answer is not null`;
  for (const { key_hash: keyHash, answer } of rows) {
    const place = placeOf(keyHash);
    const sealed = keyring.seal(keyring.open(answer, place), place);
    await sql`update idempotency set answer = ${sealed} where key_hash = ${keyHash}`;
  }
}

function placeOf(keyHash: string): string {
  return `idempotency ${keyHash}`;
}
