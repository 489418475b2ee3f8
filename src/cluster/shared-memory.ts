import { closeSync, existsSync, ftruncateSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Memory that this process made and others may map. */
export interface SharedMemory {
  /** Where processes of the same user find it, for as long as this one lives. */
  readonly path: string;
  readonly bytes: ArrayBuffer;
  readonly close: () => void;
}

/**
 * Makes memory full of zeros that other processes can map. It is a file that has no name any more, and so is gone with
 * the last process that uses it, however that ends; until then it is found among the open files of this one. Linux only.
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
  // What is written through the map is seen by all who have mapped it, as atomic operations are.
  return Bun.mmap(path, { shared: true }).buffer;
}

/** A file system that is never written to a disk. */
const RAM = '/dev/shm';
