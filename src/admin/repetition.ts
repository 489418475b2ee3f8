import { createHash } from 'node:crypto';
import type { Once } from '../store/change.ts';
import { AnsweredBefore, type KeptAnswer, type KeptAnswers } from '../store/idempotency-table.ts';
import type { JsonObject } from '../store/revision.ts';
import type { Caller } from './access/caller.ts';
import type { Answer, Operation } from './operation.ts';
import { AdminProblem } from './problem.ts';

/** How long the answer to a request is kept for repeated requests. */
const KEPT_MS = 24 * 3_600_000;

/** A request with an `Idempotency-Key`. If the client repeats it, it gets the same answer. */
export interface Repetition extends Omit<KeptAnswer, 'text'> {
  /** Whether the transaction of the write stores the answer. */
  readonly isKeptByWrite: boolean;
}

export interface RepeatableRequest {
  readonly operation: Operation;
  /** Only the same caller gets the answer again. A caller who is not signed in gets none. */
  readonly caller: Caller | undefined;
  readonly body: JsonObject;
  readonly nowMs: number;
}

/** Reads `Idempotency-Key`; undefined: the request has none, or is not a POST. */
export function readRepetition(
  { headers, url }: Pick<Request, 'headers' | 'url'>,
  { operation, caller, body, nowMs }: RepeatableRequest,
): Repetition | undefined {
  const key = headers.get('idempotency-key');
  if (key === null || operation.method !== 'post' || caller === undefined) return undefined;
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) {
    const message = 'Idempotency-Key takes 1 to 255 printable characters without spaces.';
    throw new AdminProblem('invalid_parameter', message);
  }
  const { pathname, search } = new URL(url);
  return {
    keyHash: digest([caller.kind, caller.name, operation.id, pathname, key]),
    bodyHash: digest([search, body]),
    untilMs: nowMs + KEPT_MS,
    isKeptByWrite: operation.changesConfiguration === true,
  };
}

/** Stores the answer that `answerOf` makes from the revision, in the transaction that writes the revision. */
export function onceWith(
  repetition: Repetition | undefined,
  answerOf: (revision: Parameters<Once['textOf']>[0]) => Answer,
): Once | undefined {
  return repetition && { ...repetition, textOf: (revision) => textOf(answerOf(revision)) };
}

/** Requests of this process that are in flight, by the hash of their key. */
const underWay = new Map<string, Promise<unknown>>();

/**
 * Runs an operation, or returns the earlier answer to the same request. An answer that was not stored together with a
 * revision is stored afterwards.
 */
export async function answerOnce(
  repetition: Repetition | undefined,
  answers: KeptAnswers,
  run: () => Promise<Answer>,
): Promise<Answer> {
  if (repetition === undefined) return run();
  const { keyHash } = repetition;
  while (underWay.has(keyHash)) await underWay.get(keyHash)?.catch(() => undefined);
  const answering = answerFirst(repetition, answers, run);
  underWay.set(keyHash, answering);
  try {
    return await answering;
  } finally {
    underWay.delete(keyHash);
  }
}

async function answerFirst(
  repetition: Repetition,
  answers: KeptAnswers,
  run: () => Promise<Answer>,
): Promise<Answer> {
  const known = await findRepeated(repetition, answers);
  if (known !== undefined) return known;
  try {
    const answer = await run();
    if (!repetition.isKeptByWrite) await answers.insert({ ...repetition, text: textOf(answer) });
    return answer;
  } catch (error) {
    if (!(error instanceof AnsweredBefore)) throw error;
    const known = await findRepeated(repetition, answers);
    if (known === undefined) throw error;
    return known;
  }
}

/** The earlier answer to the request. Throws if the key belongs to a different request. */
async function findRepeated(repetition: Repetition, answers: KeptAnswers): Promise<Answer | undefined> {
  const kept = await answers.find(repetition.keyHash);
  if (kept === undefined) return undefined;
  if (kept.bodyHash !== repetition.bodyHash) {
    const message = 'This Idempotency-Key was sent with another request before. Choose another one.';
    throw new AdminProblem('idempotency_key_reused', message);
  }
  return { ...(JSON.parse(kept.text) as Answer), headers: { 'idempotent-replayed': 'true' } };
}

function textOf({ body, version }: Answer): string {
  return JSON.stringify({ body, version });
}

function digest(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
