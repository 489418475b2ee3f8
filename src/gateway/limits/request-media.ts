/** Files within a request's body. */
export interface Media {
  /** Bytes of the body that are encoded files rather than text. */
  readonly bytes: number;
  /** Images and pages, including those given by URL. */
  readonly images: number;
  /** Decoded bytes of recordings. */
  readonly audioBytes: number;
}

/**
 * Finds the images and recordings of a JSON body in any API. A bare quote in JSON is never part of a string, so the
 * search needs no parser. For an unknown API it counts too much rather than too little.
 */
export function mediaIn(body: Uint8Array): Media {
  const found = { bytes: 0, images: 0, audioBytes: 0 };
  for (const mark of BLOB_MARKS) findBlobs(body, mark, found);
  let named = 0;
  for (const mark of IMAGE_MARKS) named += count(body, mark);
  return { ...found, images: Math.max(found.images, named) };
}

/** The text before an encoded file: a data URL's type, or the data key of Anthropic, Gemini or OpenAI. */
const BLOB_MARKS = [Buffer.from(';base64,'), Buffer.from('"data":"'), Buffer.from('"data": "')];
const IMAGE_MARKS = ['"image_url":', '"type":"image"', '"type": "image"'].map((text) => Buffer.from(text));

/** Shorter strings count as text. */
const LEAST_BLOB_BYTES = 64;

/** The distance before an encoded file within which its type is searched. */
const TYPE_BYTES = 96;

/** A document counts as one image per this many bytes. */
const PAGE_BYTES = 100_000;

interface Found {
  bytes: number;
  images: number;
  audioBytes: number;
}

function findBlobs(body: Uint8Array, mark: Buffer, found: Found): void {
  let at = indexOf(body, mark, 0);
  while (at !== -1) {
    const start = at + mark.length;
    const end = indexOf(body, QUOTE, start);
    if (end === -1) return;
    if (end - start >= LEAST_BLOB_BYTES && isBase64(body.subarray(start, start + LEAST_BLOB_BYTES)))
      noteBlob(body, { at, start, end }, found);
    at = indexOf(body, mark, end);
  }
}

function noteBlob(
  body: Uint8Array,
  { at, start, end }: { readonly at: number; readonly start: number; readonly end: number },
  found: Found,
): void {
  const bytes = end - start;
  found.bytes += bytes;
  const before = Buffer.from(body.subarray(Math.max(0, at - TYPE_BYTES), at)).toString('latin1');
  if (before.includes('audio')) found.audioBytes += (bytes * 3) / 4;
  else found.images += before.includes('pdf') ? Math.ceil(bytes / PAGE_BYTES) : 1;
}

const QUOTE = Buffer.from('"');

function isBase64(bytes: Uint8Array): boolean {
  return BASE64.test(Buffer.from(bytes).toString('latin1'));
}

const BASE64 = /^[A-Za-z0-9+/_=-]+$/;

function count(body: Uint8Array, mark: Buffer): number {
  let found = 0;
  for (let at = indexOf(body, mark, 0); at !== -1; at = indexOf(body, mark, at + mark.length)) found += 1;
  return found;
}

function indexOf(body: Uint8Array, mark: Buffer, from: number): number {
  return Buffer.prototype.indexOf.call(body, mark, from);
}
