import { Refusal } from '../gateway/refusals.ts';
import { type BodyBudget, SMALL_BODY_BYTES } from './body-budget.ts';
import { systemClock } from '../lib/system-clock.ts';

/** The limits on the size and time of a body. */
export interface BodyLimits {
  readonly maxBodyBytes: number;
  readonly bodyTimeoutMs: number;
}

/** Whose body it is, and the budget that it counts against. */
export interface BodyAccount {
  readonly budget: BodyBudget;
  /** The key's name; undefined: the gateway is open, or the key has none. */
  readonly key: string | undefined;
}

/**
 * Reads the whole body of a request; empty if it has none. Rejects with a `Refusal`: 413 as soon as it is known to be
 * too large, 429 if the key has too many incomplete ones, 408 if it takes too long (the runtime would wait for ever),
 * 400 if it breaks off.
 */
export function readBody(request: Request, limits: BodyLimits, account: BodyAccount): Promise<Uint8Array> {
  const declared = request.headers.get('content-length');
  // Accessing the body would create a stream, which costs more than everything else here.
  if (declared === null && !request.headers.has('transfer-encoding')) return Promise.resolve(EMPTY);
  const size = declared === null ? 0 : Number(declared);
  if (size > limits.maxBodyBytes) return Promise.reject(tooLarge(limits));
  if (declared !== null && size <= SMALL_BODY_BYTES) return settled(request.bytes(), limits, undefined);
  const hold = new Hold(account);
  if (!hold.take(size)) return Promise.reject(hold.refusal());
  return settled(declared === null ? readChunks(request.body, limits, hold) : request.bytes(), limits, hold);
}

/** Resolves with the bytes within the time limit, and releases the budget. */
function settled(
  reading: Promise<Uint8Array>,
  limits: BodyLimits,
  hold: Hold | undefined,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const stopTimer = Number.isFinite(limits.bodyTimeoutMs)
      ? systemClock.setTimer(limits.bodyTimeoutMs, () => {
          hold?.end();
          reject(tooSlow(limits));
        })
      : undefined;
    reading.then(
      (bytes) => {
        stopTimer?.();
        hold?.end();
        resolve(bytes);
      },
      (error: unknown) => {
        stopTimer?.();
        hold?.end();
        reject(error instanceof Refusal ? error : brokenOff());
      },
    );
  });
}

/** The share of the budget that one body holds. */
export class Hold {
  readonly #account: BodyAccount;
  #bytes = 0;

  constructor(account: BodyAccount) {
    this.#account = account;
  }

  take(bytes: number): boolean {
    const { budget, key = '' } = this.#account;
    if (!budget.take(key, bytes)) return false;
    this.#bytes += bytes;
    return true;
  }

  end(): void {
    if (this.#bytes === 0) return;
    const { budget, key = '' } = this.#account;
    budget.giveBack(key, this.#bytes);
    this.#bytes = 0;
  }

  refusal(): Refusal {
    return tooMany(this.#account);
  }
}

const EMPTY = new Uint8Array();

export function brokenOff(): Refusal {
  return new Refusal('invalid_body', { problem: 'The request body broke off before its end.' });
}

/** A chunked body has no declared size, so it is counted as it arrives. */
async function readChunks(
  body: ReadableStream<Uint8Array> | null,
  limits: BodyLimits,
  hold: Hold,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.byteLength;
    if (size > limits.maxBodyBytes) throw tooLarge(limits);
    if (size > SMALL_BODY_BYTES && !hold.take(chunk.byteLength)) throw hold.refusal();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

function tooLarge({ maxBodyBytes }: BodyLimits): Refusal {
  return new Refusal('body_too_large', { limit: `${maxBodyBytes / 1024 / 1024} MB` });
}

export function tooSlow({ bodyTimeoutMs }: BodyLimits): Refusal {
  const seconds = String(bodyTimeoutMs / 1000);
  // The rest of the body is not awaited: the runtime closes the connection after the response.
  return new Refusal('body_timeout', { seconds }, { headers: { connection: 'close' } });
}

function tooMany({ key }: BodyAccount): Refusal {
  const whose = key === undefined ? 'The clients without a key have' : `The key "${key}" has`;
  return new Refusal('too_many_bodies', { whose }, { headers: { 'retry-after': '1' } });
}
