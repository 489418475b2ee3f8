import type { ForgottenAnswers, SharedAnswers, StoredAnswer } from '../gateway/cache/stored-answer.ts';
import type { RedisConnection } from './connection.ts';
import { openAnswer, sealAnswer } from './sealed-answer.ts';
import { type Script, scriptOf } from './script.ts';

export interface RedisAnswersOptions {
  readonly redis: RedisConnection;
  readonly namespace: string;
  /** The secret of this installation, of any length. */
  readonly secret: string;
}

/** Larger values take longer to fetch than they are worth, and hold up others. */
const MOST_BYTES = 1024 * 1024;
/** Nobody waits while an answer is kept. */
const KEEP_MS = 2000;
/** Longer than any answer is kept. */
const FORGOTTEN_MS = 400 * 86_400_000;

/** Notes that the answers with some names are forgotten. KEYS: forgotten (hash). ARGV: the time to keep it (ms), names. */
const FORGET: Script = scriptOf(`
local t = redis.call('TIME')
local ms = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
for i = 2, #ARGV do redis.call('HSET', KEYS[1], ARGV[i], string.format('%.0f', ms)) end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1
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

  constructor({ redis, namespace, secret }: RedisAnswersOptions) {
    this.#redis = redis;
    this.#prefix = `{llmp:${namespace}}`;
    this.secret = derived(secret, 'names of answers');
    this.#key = derived(secret, 'answers');
  }

  find(id: string, nowMs: number): Promise<StoredAnswer | 'away' | undefined> {
    const known = this.#finding.get(id);
    if (known !== undefined) return known;
    const finding = this.#find(id, nowMs)
      .catch(() => 'away' as const)
      .finally(() => this.#finding.delete(id));
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
    const names = namesOf(model, key);
    await this.#redis.run(FORGET, [this.#forgotten], [String(FORGOTTEN_MS), names], KEEP_MS);
  }

  close(): void {
    this.#redis.close();
  }

  async #find(id: string, nowMs: number): Promise<StoredAnswer | undefined> {
    const sealed = await this.#redis.use((client) => client.getBuffer(this.#at(id)));
    if (sealed === null) return undefined;
    const { beganMs, storedMs, ...answer } = openAnswer(sealed, this.#key, id);
    const { model, keyId, keyName } = answer;
    const keys = [keyId, keyName].filter((key) => key !== undefined);
    const names = [undefined, ...keys].flatMap((key) => [namesOf(undefined, key), namesOf(model, key)]);
    const times = (await this.#redis.send('HMGET', [this.#forgotten, ...names])) as (string | null)[];
    if (times.some((ms) => ms !== null && Number(ms) >= beganMs)) return undefined;
    const ageMs = Math.max(0, (await this.#nowMs()) - storedMs);
    return { ...answer, storedAtMs: nowMs - ageMs };
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
function namesOf(model: string | undefined, key: string | undefined): string {
  return JSON.stringify([model ?? null, key ?? null]);
}

function derived(secret: string, purpose: string): Uint8Array {
  return new Bun.CryptoHasher('sha256', secret).update(`llm-proxy ${purpose}`).digest();
}
