import type { Transform } from 'node:stream';
import { nodeModules } from '../node-modules.ts';

/** Decodes a body with a `Content-Encoding` piece by piece, off the event loop. */
export interface PieceDecoder {
  readonly push: (bytes: Uint8Array) => void;
  readonly end: () => void;
  /** Stops. `take` and `end` are not called again. */
  readonly stop: () => void;
}

export interface PieceTaker {
  readonly take: (piece: Uint8Array) => void;
  /** Called once after the last piece; not called for damaged data. */
  readonly end: () => void;
}

/** Returns undefined for an unknown coding. Without a coding, pieces are passed on at once. */
export function createPieceDecoder(
  coding: string | null,
  { take, end }: PieceTaker,
): PieceDecoder | undefined {
  const name = coding?.trim().toLowerCase() ?? '';
  if (name === '' || name === 'identity') return { push: take, end, stop: () => undefined };
  const decoder = DECODERS.get(name)?.();
  if (decoder === undefined) return undefined;
  decoder.on('data', take);
  decoder.on('end', end);
  decoder.on('error', () => decoder.destroy());
  return {
    push(bytes) {
      // The writer keeps the piece until another thread has read it.
      if (!decoder.destroyed) decoder.write(Uint8Array.from(bytes));
    },
    end: () => void (decoder.destroyed || decoder.end()),
    stop() {
      decoder.removeAllListeners('data').removeAllListeners('end');
      decoder.destroy();
    },
  };
}

const OPTIONS = { chunkSize: 64 * 1024 };

const { zlib } = nodeModules;

const DECODERS: ReadonlyMap<string, () => Transform> = new Map<string, () => Transform>([
  ['gzip', () => zlib().createGunzip(OPTIONS)],
  ['x-gzip', () => zlib().createGunzip(OPTIONS)],
  ['deflate', () => zlib().createInflate(OPTIONS)],
  ['br', () => zlib().createBrotliDecompress(OPTIONS)],
  ['zstd', () => zlib().createZstdDecompress(OPTIONS)],
]);
