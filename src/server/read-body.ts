import { Refusal } from '../gateway/errors.ts';

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
export async function readBody(request: Request, limits: BodyLimits): Promise<Uint8Array> {
  if (request.body === null) return EMPTY;
  const declared = request.headers.get('content-length');
  if (declared !== null && Number(declared) > limits.maxBodyBytes) throw tooLarge(limits);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    if (!Number.isFinite(limits.bodyTimeoutMs)) return;
    timer = setTimeout(() => reject(tooSlow(limits)), limits.bodyTimeoutMs);
  });
  try {
    return await Promise.race([declared === null ? readChunks(request.body, limits) : request.bytes(), late]);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal('invalid_body', { problem: 'The request body broke off before its end.' });
  } finally {
    clearTimeout(timer);
  }
}

const EMPTY = new Uint8Array();

/** A chunked body does not say its size beforehand, so it is counted as it comes. */
async function readChunks(body: ReadableStream<Uint8Array>, limits: BodyLimits): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
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
