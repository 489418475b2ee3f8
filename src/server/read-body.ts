import { Refusal } from '../gateway/refusals.ts';
import { systemClock } from '../lib/system-clock.ts';

/** How large a body may be and how long it may take. */
export interface BodyLimits {
  readonly maxBodyBytes: number;
  readonly bodyTimeoutMs: number;
}

/**
 * The whole body of a request, empty where it has none. Rejects with a `Refusal`: 413 as soon as it is known to be
 * too large, 408 when it does not come to an end (the runtime itself lets a stalled body wait for ever), 400 when it
 * breaks off.
 */
export function readBody(request: Request, limits: BodyLimits): Promise<Uint8Array> {
  const declared = request.headers.get('content-length');
  // To ask for the body itself would make a stream of it, which costs more than all the rest here.
  if (declared === null && !request.headers.has('transfer-encoding')) return Promise.resolve(EMPTY);
  if (declared !== null && Number(declared) > limits.maxBodyBytes) return Promise.reject(tooLarge(limits));
  const reading = declared === null ? readChunks(request.body, limits) : request.bytes();
  return new Promise((resolve, reject) => {
    const stopAlarm = Number.isFinite(limits.bodyTimeoutMs)
      ? systemClock.alarm(limits.bodyTimeoutMs, () => reject(tooSlow(limits)))
      : undefined;
    reading.then(
      (bytes) => {
        stopAlarm?.();
        resolve(bytes);
      },
      (error: unknown) => {
        stopAlarm?.();
        reject(error instanceof Refusal ? error : brokenOff());
      },
    );
  });
}

const EMPTY = new Uint8Array();

function brokenOff(): Refusal {
  return new Refusal('invalid_body', { problem: 'The request body broke off before its end.' });
}

/** A chunked body does not say its size beforehand, so it is counted as it comes. */
async function readChunks(body: ReadableStream<Uint8Array> | null, limits: BodyLimits): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.byteLength;
    if (size > limits.maxBodyBytes) throw tooLarge(limits);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

function tooLarge({ maxBodyBytes }: BodyLimits): Refusal {
  return new Refusal('body_too_large', { limit: `${maxBodyBytes / 1024 / 1024} MB` });
}

function tooSlow({ bodyTimeoutMs }: BodyLimits): Refusal {
  return new Refusal('body_timeout', { seconds: String(bodyTimeoutMs / 1000) });
}
