import { closeSync, existsSync, ftruncateSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Memory of this process that others may map. */
export interface SharedMemory {
  /** The path at which processes of the same user can map it while this process lives. */
  readonly path: string;
  readonly bytes: ArrayBuffer;
  readonly close: () => void;
}

/**
 * Creates zeroed memory that other processes can map. It is an unlinked file, so it goes away with the last process
 * that uses it, however that process ends. Until then others find it among the open files of this process. Linux only.
 */
export function createSharedMemory(size: number): SharedMemory {
  const folder = mkdtempSync(join(existsSync(RAM) ? RAM : tmpdir(), 'llm-proxy-'));
  const name = join(folder, 'shared');
  const file = openSync(name, 'wx+', 0o600);
  rmSync(folder, { recursive: true });
  ftruncateSync(file, size);
  const path = `/proc/${process.pid}/fd/${file}`;
  return { path, bytes: mapSharedMemory(path), close: () => closeSync(file) };
}

/** Maps the memory of another process into this one. */
export function mapSharedMemory(path: string): ArrayBuffer {
  // Writes through the map are visible to every process that has mapped it, and so are atomic operations.
  return Bun.mmap(path, { shared: true }).buffer;
}

/** A file system in memory. */
const RAM = '/dev/shm';
