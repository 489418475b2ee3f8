import type {
  AnswerOrigin,
  ForgottenAnswers,
  SharedAnswers,
  StoredAnswer,
} from '../gateway/cache/stored-answer.ts';
import { whenLate } from '../lib/late.ts';
import type { RedisConnection } from './connection.ts';
import { openAnswer, sealAnswer } from './sealed-answer.ts';
import { type Script, scriptOf } from './script.ts';

export interface RedisAnswersOptions {
  readonly redis: RedisConnection;
  readonly namespace: string;
  /** The secret of this installation, of any length. */
  readonly secret: string;
  /** How long a request waits for all that a look asks. */
  readonly lookMs: number;
}

/** Larger values take longer to fetch than they are worth, and hold up others. */
const MOST_BYTES = 1024 * 1024;
/** Nobody waits while an answer is kept. */
const KEEP_MS = 2000;
/** Longer than any answer is kept. */
const FORGOTTEN_MS = 400 * 86_400_000;

/** A Redis that takes over may lack what the former one was told last. So long it is told again what is forgotten, and so often. */
const REPEATED_MS = 60_000;
const REPEAT_MS = 1000;

/**
 * Notes that the answers with some names are forgotten. KEYS: forgotten (hash). ARGV: the time to keep it (ms), then each name, and
 * when it was forgotten (ms; '': now). Returns the time.
 */
const FORGET: Script = scriptOf(`
local t = redis.call('TIME')
local now = string.format('%.0f', tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000))
for i = 2, #ARGV, 2 do
  local ms = ARGV[i + 1] == '' and now or ARGV[i + 1]
  if tonumber(redis.call('HGET', KEYS[1], ARGV[i]) or '0') < tonumber(ms) then redis.call('HSET', KEYS[1], ARGV[i], ms) end
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return now
`);

/**
 * Answers in Redis or Valkey, for all gateways of an installation. They are compressed, and sealed, since Redis is not to
 * know them. An answer that cannot be opened counts as missing.
 */
export class RedisAnswers implements SharedAnswers {
  readonly secret: Uint8Array;
  readonly #redis: RedisConnection;
  readonly #key: Uint8Array;
  readonly #prefix: string;
  /** The looks under way, by the name of the answer. */
  readonly #finding = new Map<string, Promise<StoredAnswer | 'away' | undefined>>();
  readonly #lookMs: number;
  /** The recent DELETEs of this process: their time by the clock of Redis, and until when they are repeated. */
  readonly #repeated = new Map<string, { readonly at: string; readonly untilMs: number }>();
  #repeating: Timer | undefined;

  constructor({ redis, namespace, secret, lookMs }: RedisAnswersOptions) {
    this.#redis = redis;
    this.#lookMs = lookMs;
    this.#prefix = `{llmp:${namespace}}`;
    this.secret = derived(secret, 'names of answers');
    this.#key = derived(secret, 'answers');
  }

  find(id: string, nowMs: number): Promise<StoredAnswer | 'away' | undefined> {
    const known = this.#finding.get(id);
    if (known !== undefined) return known;
    const finding = this.#inTime(this.#find(id, nowMs), 'away' as const).finally(() =>
      this.#finding.delete(id),
    );
    this.#finding.set(id, finding);
    return finding;
  }

  async keep(id: string, answer: StoredAnswer, sinceMs: number): Promise<boolean> {
    if (answer.byteLength > MOST_BYTES) return false;
    const { storedAtMs: _, ...rest } = answer;
    try {
      const storedMs = await this.#nowMs(KEEP_MS);
      const plain = { ...rest, storedMs, beganMs: storedMs - sinceMs };
      const sealed = sealAnswer(plain, this.#key, id);
      if (sealed.byteLength > MOST_BYTES) return false;
      const ttlMs = Math.ceil(answer.ttlMs);
      await this.#redis.use((client) => client.set(this.#at(id), sealed, 'PX', ttlMs), KEEP_MS);
      return true;
    } catch {
      return false;
    }
  }

  /** Rejects if Redis does not answer: then its answers are not forgotten. */
  async forget({ model, key }: ForgottenAnswers): Promise<void> {
    const name = nameOf(model, key);
    const at = String(await this.#tellForgotten([name, '']));
    this.#repeated.set(name, { at, untilMs: performance.now() + REPEATED_MS });
    this.#repeating ??= setInterval(() => this.#repeat(), REPEAT_MS);
    this.#repeating.unref();
  }

  isForgotten(origin: AnswerOrigin, sinceMs: number): Promise<boolean> {
    const asking = this.#forgottenMs(origin).then(({ lastMs, nowMs }) => lastMs >= nowMs - sinceMs);
    return this.#inTime(asking, false);
  }

  close(): void {
    clearInterval(this.#repeating);
    this.#redis.close();
  }

  async #find(id: string, nowMs: number): Promise<StoredAnswer | undefined> {
    const sealed = await this.#redis.use((client) => client.getBuffer(this.#at(id)));
    if (sealed === null) return undefined;
    const { beganMs, storedMs, ...answer } = openAnswer(sealed, this.#key, id);
    const forgotten = await this.#forgottenMs(answer);
    if (forgotten.lastMs >= beganMs) return undefined;
    const ageMs = Math.max(0, forgotten.nowMs - storedMs);
    return { ...answer, storedAtMs: nowMs - ageMs };
  }

  /** When answers of this origin were last forgotten, and the time now, by the clock of Redis. */
  async #forgottenMs({ model, keyId, keyName }: AnswerOrigin): Promise<{ lastMs: number; nowMs: number }> {
    const keys = [keyId, keyName].filter((key) => key !== undefined);
    const names = [undefined, ...keys].flatMap((key) => [nameOf(undefined, key), nameOf(model, key)]);
    const [times, nowMs] = await Promise.all([
      this.#redis.send('HMGET', [this.#forgotten, ...names]) as Promise<(string | null)[]>,
      this.#nowMs(),
    ]);
    return { lastMs: Math.max(...times.map((ms) => Number(ms ?? -Infinity))), nowMs };
  }

  /** Resolves with `late` if the answer fails, or takes longer than a look may. */
  async #inTime<T, L>(answer: Promise<T>, late: L): Promise<T | L> {
    const lateness = Promise.withResolvers<L>();
    const cancel = whenLate(this.#lookMs, () => lateness.resolve(late));
    try {
      return await Promise.race([answer, lateness.promise]);
    } catch {
      return late;
    } finally {
      cancel();
    }
  }

  #tellForgotten(names: readonly string[]): Promise<unknown> {
    return this.#redis.run(FORGET, [this.#forgotten], [String(FORGOTTEN_MS), ...names], KEEP_MS);
  }

  #repeat(): void {
    for (const [name, { untilMs }] of this.#repeated)
      if (untilMs < performance.now()) this.#repeated.delete(name);
    const names = [...this.#repeated].flatMap(([name, { at }]) => [name, at]);
    if (names.length > 0) return void this.#tellForgotten(names).catch(() => undefined);
    clearInterval(this.#repeating);
    this.#repeating = undefined;
  }

  /** The server's clock. */
  async #nowMs(deadlineMs?: number): Promise<number> {
    const asking = this.#redis.use((client) => client.send('TIME', []) as Promise<string[]>, deadlineMs);
    const [seconds, micros] = await asking;
    return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
  }

  #at(id: string): string {
    return `${this.#prefix}:a:${id}`;
  }

  get #forgotten(): string {
    return `${this.#prefix}:forgotten`;
  }
}

/** The name under which it is noted that answers of a model, to a key, or both are forgotten. */
function nameOf(model: string | undefined, key: string | undefined): string {
  return JSON.stringify([model ?? null, key ?? null]);
}

function derived(secret: string, purpose: string): Uint8Array {
  return new Bun.CryptoHasher('sha256', secret).update(`llm-proxy ${purpose}`).digest();
}
