import { mkdirSync, readdirSync, renameSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { byAge, type JournalFileName, parseFileName } from './file-name.ts';
import { folderBytes, KEPT, namesIn } from './folder-bytes.ts';
import type { CloseLine, DropLine, JournalLine, OpenLine, Use } from './line.ts';
import { LIFE_ENDING } from './life-lock.ts';
import { PositionTable } from './position-table.ts';
import { readLines, readLinesAt } from './reader.ts';

/** A journal file, as far as it has been read. */
export interface ScannedFile extends JournalFileName {
  readonly path: string;
  /** The position up to which it has been read. */
  scannedAt: number;
  /** The position up to which it is in the database. */
  ackedAt: number;
  /** The number of its lines that tell the holds of requests which are still open. */
  opens: number;
  /** Its number among the files that have not been kept. */
  readonly slot: number;
  /**
   * Files that open requests which this file closes. They have to be deleted first, or the requests would look lost.
   */
  readonly closes: Set<ScannedFile>;
}

/** A request that was opened and not closed. */
export interface OpenRequest {
  readonly line: OpenLine;
  readonly file: ScannedFile;
}

export interface ScanOptions {
  readonly folder: string;
  /** Called with each close that is read after a file's `ackedAt`: its uses are not in the database yet. */
  readonly onUses: (uses: readonly Use[], file: ScannedFile) => void;
  /** Called when a line with a wrong checksum is skipped. */
  readonly onTorn: (file: string) => void;
}

/** The contents of a folder's journals, kept current by `scan`. Several processes write them; one reads. */
export class JournalScan {
  readonly #options: ScanOptions;
  readonly #files = new Map<string, ScannedFile>();
  /** The files by their slots. */
  readonly #slots: (ScannedFile | undefined)[] = [];
  /** The lines that tell the holds of open requests: the first one, and the last one if they have grown. */
  readonly #opened = new PositionTable();
  readonly #grown = new PositionTable();

  constructor(options: ScanOptions) {
    this.#options = options;
  }

  /** The oldest first. */
  get files(): ScannedFile[] {
    return [...this.#files.values()].sort(byAge);
  }

  /** The open requests whose file fits, the oldest first. Their lines are read anew: few are ever asked for. */
  opensIn(fits: (file: ScannedFile) => boolean): OpenRequest[] {
    const files = this.files.filter((file) => file.opens > 0 && fits(file));
    if (files.length === 0) return [];
    const places = new Map(files.map((file): [ScannedFile, number[]] => [file, []]));
    for (const { file: slot, at } of this.#opened.all()) {
      const file = this.#slots[slot];
      if (file !== undefined) places.get(file)?.push(at);
    }
    return [...places].flatMap(([file, ats]) =>
      readLinesAt(
        file.path,
        ats.sort((a, b) => a - b),
      ).flatMap((line) => (line?.t === 'open' ? [{ line: this.#asGrown(line), file }] : [])),
    );
  }

  /** Reads the new lines. `ackedOf` returns how much of a new file is already in the database. */
  scan(ackedOf: (name: string) => number = () => 0): void {
    for (const name of namesIn(this.#options.folder)) {
      const parsed = parseFileName(name);
      if (parsed !== undefined && !this.#files.has(name)) this.#add(parsed, ackedOf(name));
    }
    for (const file of this.files) this.#read(file);
  }

  /** Whether a file without a writer is completely stored, and no request needs it any more. */
  isSpent(file: ScannedFile): boolean {
    const isStored = file.ackedAt >= file.scannedAt && file.opens === 0;
    return isStored && [...file.closes].every(({ name }) => !this.#files.has(name));
  }

  /** Moves a file to the kept ones. */
  keep(file: ScannedFile): void {
    const folder = join(this.#options.folder, KEPT);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    // A torn line at its end will not be read again.
    truncateSync(file.path, file.scannedAt);
    renameSync(file.path, join(folder, file.name));
    this.#files.delete(file.name);
    this.#slots[file.slot] = undefined;
  }

  /** Restores the kept files, since the database is older than they are. */
  takeBack(): void {
    for (const { path, name } of keptFiles(this.#options.folder)) {
      renameSync(path, join(this.#options.folder, name));
    }
  }

  /** Calls `onUses` again for each close that is not in the database. */
  recount(ackedOf: (name: string) => number): void {
    for (const file of this.#files.values()) {
      file.ackedAt = ackedOf(file.name);
      for (const { line, endAt } of readLines(file.path, file.ackedAt)) {
        if (endAt <= file.scannedAt && line?.t === 'close') this.#options.onUses(line.uses, file);
      }
    }
  }

  #add(parsed: JournalFileName, ackedAt: number): void {
    const path = join(this.#options.folder, parsed.name);
    const free = this.#slots.indexOf(undefined);
    const slot = free < 0 ? this.#slots.length : free;
    const file = { ...parsed, path, scannedAt: 0, ackedAt, opens: 0, slot, closes: new Set<ScannedFile>() };
    this.#files.set(parsed.name, file);
    this.#slots[slot] = file;
  }

  #read(file: ScannedFile): void {
    const size = statSync(file.path, { throwIfNoEntry: false })?.size ?? 0;
    if (size <= file.scannedAt) return;
    for (const { line, endAt } of readLines(file.path, file.scannedAt)) {
      const at = file.scannedAt;
      file.scannedAt = endAt;
      if (line === undefined) this.#options.onTorn(file.name);
      else this.#take(line, file, at);
    }
  }

  /** Takes a line that begins at a position. The part of the file that was read includes it. */
  #take(line: JournalLine, file: ScannedFile, at: number): void {
    switch (line.t) {
      case 'open':
        this.#forget(line.id);
        return this.#note(this.#opened, line.id, file, at);
      case 'grow':
        if (!this.#opened.has(line.id)) return;
        this.#drop(this.#grown, line.id);
        return this.#note(this.#grown, line.id, file, at);
      case 'drop':
      case 'close':
        this.#close(line, file);
    }
  }

  #close(line: CloseLine | DropLine, file: ScannedFile): void {
    const opener = this.#forget(line.id);
    if (opener !== undefined && opener !== file) file.closes.add(opener);
    if (line.t === 'close' && file.scannedAt > file.ackedAt) this.#options.onUses(line.uses, file);
  }

  #note(table: PositionTable, id: string, file: ScannedFile, at: number): void {
    table.set(id, { file: file.slot, at });
    file.opens += 1;
  }

  /** Forgets a request; returns the file that opened it. */
  #forget(id: string): ScannedFile | undefined {
    this.#drop(this.#grown, id);
    return this.#drop(this.#opened, id);
  }

  #drop(table: PositionTable, id: string): ScannedFile | undefined {
    const known = table.take(id);
    if (known === undefined) return undefined;
    const file = this.#slots[known.file];
    if (file !== undefined) file.opens -= 1;
    return file;
  }

  /** An open request as its last line says. */
  #asGrown(line: OpenLine): OpenLine {
    const known = this.#grown.get(line.id);
    const file = known && this.#slots[known.file];
    if (known === undefined || file === undefined) return line;
    const [last] = readLinesAt(file.path, [known.at]);
    if (last?.t !== 'grow') return line;
    const { holds, holdNano = line.holdNano, atMs } = last;
    return { ...line, holds, holdNano, atMs };
  }
}

/** A kept file, by age. */
export interface KeptFile extends JournalFileName {
  readonly path: string;
  readonly bytes: number;
  readonly modifiedMs: number;
}

/** The kept files of a folder, the oldest first. */
export function keptFiles(folder: string): KeptFile[] {
  const kept = join(folder, KEPT);
  return namesIn(kept)
    .flatMap((name) => {
      const parsed = parseFileName(name);
      const stat = statSync(join(kept, name), { throwIfNoEntry: false });
      if (parsed === undefined || stat === undefined) return [];
      return [{ ...parsed, path: join(kept, name), bytes: stat.size, modifiedMs: stat.mtimeMs }];
    })
    .sort(byAge);
}

const KEPT_MS = 7 * 86_400_000;

/** Deletes kept files that are too old, or that exceed half of `maxBytes`. Returns their names. */
export function pruneKept(folder: string, maxBytes: number, nowMs: number): string[] {
  let bytes = folderBytes(folder);
  const deleted: string[] = [];
  for (const file of keptFiles(folder)) {
    if (bytes <= maxBytes / 2 && nowMs - file.modifiedMs < KEPT_MS) continue;
    rmSync(file.path, { force: true });
    bytes -= file.bytes;
    deleted.push(file.name);
  }
  return deleted;
}

/** Moves the journals of an unlocked folder to another one, where they are read. */
export function adoptJournals(from: string, to: string): void {
  for (const name of readdirSync(from)) {
    if (parseFileName(name) !== undefined || name.endsWith(LIFE_ENDING))
      renameSync(join(from, name), join(to, name));
  }
}
