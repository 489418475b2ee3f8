import { closeSync, constants, fdatasync, fdatasyncSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileName } from './file-name.ts';
import { folderBytes } from './folder-bytes.ts';
import type { BriefClose } from './brief-close.ts';
import { type ListNeighbour, leaveList } from '../../lib/neighbour-list.ts';
import {
  type CloseLine,
  type DropLine,
  encodeLines,
  type GrowLine,
  type OpenLine,
  type WrittenHolds,
} from './line.ts';
import { OpenByFile } from './open-by-file.ts';

export interface WriterOptions {
  /** The folder's path. */
  readonly folder: string;
  readonly node: string;
  readonly worker: number;
  /** Unique in the folder: no earlier process has written under this number. */
  readonly life: number;
  /** How often written lines are forced to disk; 0: each line. */
  readonly fsyncMs: number;
  /** The most bytes that all journals of the folder may take. */
  readonly maxBytes: number;
  readonly onTrouble: (trouble: WriterTrouble) => void;
  /** The size at which the next file begins. */
  readonly fileBytes?: number;
  /** Whether `open` and `grow` wait for `flush`, which has to be called before the request is sent on. */
  readonly isJoined?: boolean;
}

/**
 * `held`: the journal cannot be written, so lines wait in memory; reported once until they are `written`. `dropped`:
 * too many lines waited. `unsynced`: the system could not force written lines to disk.
 */
export type WriterTrouble =
  | { readonly type: 'held'; readonly reason: string }
  | { readonly type: 'written' }
  | { readonly type: 'unsynced'; readonly reason: string }
  | { readonly type: 'dropped'; readonly count: number };

const FILE_BYTES = 8 * 1024 * 1024;
/** A request that is open for more than this many files is written again, so that the old files can be deleted. */
const CARRIED_AFTER_FILES = 10;

/** The line of a request in flight, as it is now. */
export type LineOf<Request> = (request: Request) => WrittenHolds<OpenLine>;
/** Lines that wait in memory while the journal cannot be written: about 20 MB. */
const MOST_WAITING = 50_000;
const RETRY_MS = 1000;
/** Enough for the lines of most turns of the event loop, three bytes a character. */
const BUFFER_BYTES = 256 * 1024;
/** How often dropped lines are reported. */
const TELL_MS = 60_000;

/**
 * Appends lines to the journal of one process. `open` and `grow` are written when the call returns, or by the `flush`
 * before anything is sent, so they survive a kill of the process. `close` follows at the end of the event loop's turn at
 * the latest, with one write for all lines that wait.
 * While the disk is full, lines wait in memory, up to a bound.
 */
export class JournalWriter<Request extends ListNeighbour = never> {
  readonly #options: WriterOptions;
  readonly #fileBytes: number;
  readonly #lineOf: LineOf<Request>;
  /** The requests in flight. */
  readonly #opens = new OpenByFile<Request>();
  /** Lines as JSON. */
  readonly #waiting: string[] = [];
  readonly #bytes = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  #turn: ReturnType<typeof setImmediate> | undefined;
  #retry: Timer | undefined;
  #syncing: Timer | undefined;
  #fd: number | undefined;
  #file = 0;
  #size = 0;
  #isDirty = false;
  #isHeld = false;
  #dropped = 0;
  #generation = 0;
  #toldAtMs = -Infinity;

  /** `lineOf` is called when a request is opened, and again if it stays open for very long. */
  constructor(options: WriterOptions, lineOf: LineOf<Request>) {
    this.#options = options;
    this.#lineOf = lineOf;
    this.#fileBytes = options.fileBytes ?? FILE_BYTES;
  }

  /** Whether lines wait in memory because the disk does not accept them. A process that is killed now loses them. */
  get isDegraded(): boolean {
    return this.#isHeld;
  }

  /** Lines lost since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Changes before a line that may not be behind all earlier ones in their file: they are in another one, or were lost. */
  get generation(): number {
    return this.#generation;
  }

  open(request: Request): void {
    this.#opens.add(request, this.#file);
    this.#push(JSON.stringify(this.#lineOf(request)));
    this.#begun();
  }

  grow(line: WrittenHolds<GrowLine>): void {
    this.#push(JSON.stringify(line));
    this.#begun();
  }

  /** `request`: the one that has ended; undefined: it was not opened here. */
  close(line: CloseLine | BriefClose | DropLine, request?: Request): void {
    if (request !== undefined) leaveList(request);
    this.#push(JSON.stringify(line));
    this.#turn ??= setImmediate(this.#endTurn);
  }

  #begun(): void {
    if (this.#options.isJoined === true) this.#turn ??= setImmediate(this.#endTurn);
    else this.flush();
  }

  readonly #endTurn = (): void => {
    this.#turn = undefined;
    this.flush();
  };

  /** Writes the waiting lines. */
  readonly flush = (): void => {
    if (this.#waiting.length > 0 && this.#retry === undefined) this.#write();
  };

  /** Writes the waiting lines, with a second try if the disk was full, and syncs them to disk. */
  end(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    if (this.#turn !== undefined) clearImmediate(this.#turn);
    this.#turn = undefined;
    this.flush();
    clearTimeout(this.#retry);
    if (this.#waiting.length > 0) this.#drop(this.#waiting.splice(0).length);
    this.#leaveFile();
  }

  #push(line: string): void {
    if (this.#waiting.length < MOST_WAITING) this.#waiting.push(line);
    else this.#drop(1);
  }

  #drop(count: number): void {
    this.#dropped += count;
    this.#generation += 1;
    const nowMs = performance.now();
    if (nowMs - this.#toldAtMs < TELL_MS) return;
    this.#toldAtMs = nowMs;
    this.#options.onTrouble({ type: 'dropped', count: this.#dropped });
  }

  #write(): void {
    try {
      const fd = this.#fd ?? this.#beginFile();
      this.#append(fd, this.#waiting);
      this.#fd = fd;
      if (this.#options.fsyncMs === 0) fdatasyncSync(fd);
      else this.#planSync();
    } catch (error) {
      return this.#hold(error);
    }
    if (this.#isHeld) this.#options.onTrouble({ type: 'written' });
    this.#isHeld = false;
    if (this.#size >= this.#fileBytes) this.#leaveFile();
  }

  /** Writes all lines and empties the list; on failure, removes only the lines that were written whole. */
  #append(fd: number, lines: string[]): void {
    const bytes = encodeLines(lines, this.#bytes);
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(fd, bytes, written);
    } catch (error) {
      // A partial line is ignored by readers. The whole lines before it must not be written twice.
      const whole = bytes.subarray(0, written).lastIndexOf(NEWLINE) + 1;
      lines.splice(0, countNewlines(bytes.subarray(0, whole)));
      try {
        ftruncateSync(fd, this.#size + whole);
      } catch {
        // The disk fails. Readers ignore the text after the last newline.
      }
      throw error;
    }
    this.#size += bytes.length;
    this.#isDirty = true;
    lines.length = 0;
  }

  #beginFile(): number {
    const { folder, node, worker, life, maxBytes } = this.#options;
    if (folderBytes(folder) > maxBytes) throw new Error('the journals have reached journal_max_mb');
    this.#file += 1;
    const path = join(folder, fileName({ node, worker, life, number: this.#file }));
    const { O_CREAT, O_EXCL, O_APPEND, O_WRONLY, O_NOFOLLOW } = constants;
    const fd = openSync(path, O_CREAT | O_EXCL | O_APPEND | O_WRONLY | O_NOFOLLOW, 0o600);
    this.#size = 0;
    try {
      this.#append(fd, this.#carried());
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    return fd;
  }

  /** Lines for the new file about requests that only old files name. */
  #carried(): string[] {
    const carried = this.#opens.moveUpTo(this.#file - CARRIED_AFTER_FILES, this.#file);
    return carried.map((request) => JSON.stringify(this.#lineOf(request)));
  }

  /** After a failed write, the next line begins a new file, so that nothing follows a partial line. */
  #hold(error: unknown): void {
    this.#leaveFile();
    if (!this.#isHeld) this.#options.onTrouble({ type: 'held', reason: reasonOf(error) });
    this.#isHeld = true;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.flush();
    }, RETRY_MS);
    this.#retry.unref();
  }

  #leaveFile(): void {
    const fd = this.#fd;
    this.#fd = undefined;
    this.#generation += 1;
    clearTimeout(this.#syncing);
    this.#syncing = undefined;
    if (fd === undefined) return;
    try {
      if (this.#isDirty) fdatasyncSync(fd);
    } catch {
      // A power failure may lose the end of the file. Until then the file can be read.
    }
    this.#isDirty = false;
    closeSync(fd);
  }

  #planSync(): void {
    this.#syncing ??= setTimeout(() => {
      this.#syncing = undefined;
      const fd = this.#fd;
      if (fd === undefined || !this.#isDirty) return;
      this.#isDirty = false;
      // In another thread: it may take 100 ms.
      fdatasync(fd, (error) => {
        if (error === null || this.#fd !== fd) return;
        this.#leaveFile();
        this.#options.onTrouble({ type: 'unsynced', reason: reasonOf(error) });
      });
    }, this.#options.fsyncMs);
    this.#syncing.unref();
  }
}

const NEWLINE = 0x0a;

function countNewlines(bytes: Buffer): number {
  let count = 0;
  for (const byte of bytes) if (byte === NEWLINE) count += 1;
  return count;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on the disk',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EIO: 'the disk reports an error',
};

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return REASONS[code] ?? (error instanceof Error ? error.message : String(error));
}
