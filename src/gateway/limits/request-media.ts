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
  const search = new MediaSearch(body);
  while (!search.isDone()) search.advance(Infinity);
  return search.media();
}

/**
 * Like `mediaIn`, one slice at a time, so that a large body does not block the event loop. Each call of the returned function
 * searches about `sliceBytes` more for one of the marks, and returns undefined until the search is done.
 */
export function mediaInSlices(body: Uint8Array, sliceBytes: number): () => Media | undefined {
  const search = new MediaSearch(body);
  return () => {
    search.advance(sliceBytes);
    return search.isDone() ? search.media() : undefined;
  };
}

/** The text before an encoded file: a data URL's type, or the data key of Anthropic, Gemini or OpenAI. */
const BLOB_MARKS = [Buffer.from(';base64,'), Buffer.from('"data":"'), Buffer.from('"data": "')];
const IMAGE_MARKS = ['"image_url":', '"type":"image"', '"type": "image"'].map((text) => Buffer.from(text));
const MARKS = [...BLOB_MARKS, ...IMAGE_MARKS];

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

/** Searches a body for each mark in turn. */
class MediaSearch {
  readonly #body: Uint8Array;
  readonly #found: Found = { bytes: 0, images: 0, audioBytes: 0 };
  /** The number of image marks. */
  #named = 0;
  /** The index of the current mark in `MARKS`, and the offset up to which it was searched. */
  #mark = 0;
  #at = 0;

  constructor(body: Uint8Array) {
    this.#body = body;
  }

  isDone(): boolean {
    return this.#mark === MARKS.length;
  }

  media(): Media {
    return { ...this.#found, images: Math.max(this.#found.images, this.#named) };
  }

  advance(bytes: number): void {
    const mark = MARKS[this.#mark];
    if (mark === undefined) return;
    const until = this.#at + bytes;
    // A mark may begin in this slice and end after it.
    const slice = until < this.#body.length ? this.#body.subarray(0, until + mark.length - 1) : this.#body;
    const end = this.#mark < BLOB_MARKS.length ? this.#findBlobs(slice, mark) : this.#countIn(slice, mark);
    this.#at = Math.max(end, until);
    if (this.#at < this.#body.length) return;
    this.#mark += 1;
    this.#at = 0;
  }

  /** Returns the end of the last file in the slice. */
  #findBlobs(slice: Uint8Array, mark: Buffer): number {
    const body = this.#body;
    let end = this.#at;
    for (let at = indexOf(slice, mark, end); at !== -1; at = indexOf(slice, mark, end)) {
      const start = at + mark.length;
      end = indexOf(body, QUOTE, start);
      if (end === -1) return body.length;
      if (end - start >= LEAST_BLOB_BYTES && isBase64(body.subarray(start, start + LEAST_BLOB_BYTES)))
        noteBlob(body, { at, start, end }, this.#found);
    }
    return end;
  }

  #countIn(slice: Uint8Array, mark: Buffer): number {
    let end = this.#at;
    for (let at = indexOf(slice, mark, end); at !== -1; at = indexOf(slice, mark, end)) {
      this.#named += 1;
      end = at + mark.length;
    }
    return end;
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

function indexOf(body: Uint8Array, mark: Buffer, from: number): number {
  return Buffer.prototype.indexOf.call(body, mark, from);
}
