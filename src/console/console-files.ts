import { join } from 'node:path';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { promisify } from 'node:util';
import { packed } from './console-bundle.js';

/** One file of the built console. The compressed forms are made when they are first asked for. */
export interface ConsoleFile {
  readonly type: string;
  readonly etag: string;
  /** Whether its name changes with its contents, so that it may be cached for ever. */
  readonly isHashed: boolean;
  /** false: compressing it gains nothing, and `bytes` knows `identity` alone. */
  readonly isText: boolean;
  readonly bytes: (encoding: Encoding) => Promise<Uint8Array<ArrayBuffer>>;
}

export type Encoding = 'br' | 'gzip' | 'identity';

/** The files of the built console. */
export interface ConsoleFiles {
  /** The page itself, with its placeholders; undefined: it is being built. */
  readonly page: () => Promise<string | undefined>;
  /** The file at a path such as `assets/main-3f2a91bc.js`; undefined: there is none. */
  readonly find: (path: string) => Promise<ConsoleFile | undefined>;
}

/** The folder of the built console in a checkout or an installed package. */
export const CONSOLE_FOLDER = join(import.meta.dir, '..', '..', 'console', 'dist');

/** The console as it is built. In a folder it may be built, or built anew, at any time. */
export function openConsoleFiles(folder: string = CONSOLE_FOLDER): ConsoleFiles {
  const read = packed === undefined ? fromFolder(folder) : fromMemory(packed);
  const known = new Map<string, ConsoleFile>();
  return {
    page: async () => {
      const bytes = await read('index.html');
      return bytes && new TextDecoder().decode(bytes);
    },
    find: async (path) => {
      const file = known.get(path);
      if (file !== undefined) return file;
      const bytes = SERVED.test(path) ? await read(path) : undefined;
      if (bytes === undefined) return undefined;
      const found = fileOf(path, bytes);
      known.set(path, found);
      return found;
    },
  };
}

type Read = (path: string) => Promise<Uint8Array<ArrayBuffer> | undefined>;

/** Names without dot segments and without a leading dot, of a type that a page may load. */
const SERVED = /^(?:[\w-][\w.-]*\/)*[\w-][\w.-]*\.(?:js|css|svg|png|webp|ico|woff2|json|webmanifest)$/;

function fromFolder(folder: string): Read {
  return async (path) => {
    // To ask first whether it exists would fail where the folder is replaced in between.
    try {
      return await Bun.file(join(folder, path)).bytes();
    } catch (error) {
      if (error instanceof Error && 'code' in error && NO_FILE.has(String(error.code))) return undefined;
      throw error;
    }
  };
}

const NO_FILE = new Set(['ENOENT', 'ENOTDIR', 'EISDIR']);

function fromMemory(files: Readonly<Record<string, string>>): Read {
  return async (path) => (Object.hasOwn(files, path) ? Buffer.from(files[path] ?? '', 'base64') : undefined);
}

const TYPES: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
  webp: 'image/webp',
  ico: 'image/x-icon',
  woff2: 'font/woff2',
  json: 'application/json',
  webmanifest: 'application/manifest+json',
};

const IS_TEXT = /^(?:text|application)\/|svg/;

function fileOf(path: string, bytes: Uint8Array<ArrayBuffer>): ConsoleFile {
  const type = TYPES[path.slice(path.lastIndexOf('.') + 1)] ?? 'application/octet-stream';
  const compressed = new Map<Encoding, Promise<Uint8Array<ArrayBuffer>>>();
  return {
    type,
    etag: `"${Bun.CryptoHasher.hash('sha256', bytes, 'hex').slice(0, 16)}"`,
    isHashed: HASHED.test(path),
    isText: IS_TEXT.test(type),
    bytes: (encoding) => {
      if (!IS_TEXT.test(type)) return Promise.resolve(bytes);
      const made = compressed.get(encoding) ?? compress(bytes, encoding);
      compressed.set(encoding, made);
      return made;
    },
  };
}

/** Names as bundlers write them: eight or more characters of a hash before the extension. */
const HASHED = /[-.][A-Za-z0-9_]{8,}\.\w+$/;

const brotliAsync = promisify(brotliCompress);
const gzipAsync = promisify(gzip);

/** Compresses once, off the thread that serves requests. */
export async function compress(
  bytes: Uint8Array<ArrayBuffer>,
  encoding: Encoding,
): Promise<Uint8Array<ArrayBuffer>> {
  if (encoding === 'identity') return bytes;
  if (encoding === 'gzip') return Uint8Array.from(await gzipAsync(bytes, { level: 9 }));
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: 9,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.byteLength,
  };
  return Uint8Array.from(await brotliAsync(bytes, { params }));
}
