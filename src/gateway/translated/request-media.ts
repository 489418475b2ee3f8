import type { Signal } from '../../lib/signal.ts';
import { type FetchedMedia, fetchedType, type RemoteMedia } from '../../translation/remote-media.ts';
import type { MediaFetcher } from '../ports.ts';

/** Limits per request. Every reference to a file counts. */
const MOST_FILES = 16;
const MOST_BYTES = 64 * 1024 * 1024;

const AT_A_TIME = 5;
const FETCH_TIMEOUT_MS = 10_000;

/** How an attempt may fetch files. */
export interface MediaAccess {
  readonly fetcher: MediaFetcher;
  /** Maximum size of one file. */
  readonly maxBytes: number;
  /** Returns the remaining time of the request in milliseconds. */
  readonly leftMs: () => number;
  /** Aborted when the client disconnects. */
  readonly signal: Signal;
}

type File = FetchedMedia & { readonly size: number };

/** Fetches the files that a request names by URL. Each file is fetched once, however many routes are tried. */
export class RequestMedia {
  readonly #files = new Map<string, Promise<File>>();
  #bytes = 0;

  /** Returns the files by the path of their part. Never rejects. */
  async fetch(wanted: readonly RemoteMedia[], access: MediaAccess): Promise<Map<string, FetchedMedia>> {
    const found = new Map<string, FetchedMedia>();
    const queue = [...wanted.slice(0, MOST_FILES).entries()];
    const files: File[] = [];
    const work = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift())
        files[next[0]] = await this.#file(next[1], access);
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, work));
    let bytes = 0;
    wanted.forEach(({ path }, index) => {
      const file = files[index];
      bytes += file?.size ?? 0;
      if (file === undefined) found.set(path, refused(`the request names more than ${MOST_FILES} files`));
      else found.set(path, bytes > MOST_BYTES ? TOO_MUCH : file);
    });
    return found;
  }

  #file(wanted: RemoteMedia, access: MediaAccess): Promise<File> {
    const key = `${wanted.kind} ${wanted.url}`;
    let file = this.#files.get(key);
    if (file === undefined) this.#files.set(key, (file = this.#fetch(wanted, access)));
    return file;
  }

  async #fetch({ kind, url }: RemoteMedia, access: MediaAccess): Promise<File> {
    const { fetcher, maxBytes, leftMs, signal } = access;
    const reply = await fetcher.fetch(url, {
      maxBytes,
      timeoutMs: Math.max(0, Math.min(FETCH_TIMEOUT_MS, leftMs())),
      signal,
      take: (bytes) => {
        this.#bytes += bytes;
        return this.#bytes <= MOST_BYTES;
      },
    });
    if (reply.kind === 'refused') return { ...reply, size: 0 };
    const { bytes, contentType } = reply;
    const mediaType = fetchedType(kind, contentType, bytes);
    if (mediaType === undefined) return refused(`its content is no ${kind} of an accepted type`);
    return { kind: 'fetched', data: bytes.toBase64(), mediaType, size: bytes.byteLength };
  }
}

function refused(why: string): File {
  return { kind: 'refused', why, size: 0 };
}

const TOO_MUCH = refused(`the files of the request exceed ${MOST_BYTES / 1024 / 1024} MB`);
