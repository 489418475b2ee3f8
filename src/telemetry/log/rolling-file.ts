import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { localDate } from './local-time.ts';

/** When a log file is rolled over, and how long it is kept. */
export interface RollingSettings {
  /** `logs/proxy.log` becomes `logs/proxy_2026-01-13.log` and, when that is full, `logs/proxy_2026-01-13.1.log`. */
  readonly path: string;
  readonly maxBytes: number;
  /** undefined: all are kept. */
  readonly maxFiles: number | undefined;
  /** undefined: for ever. */
  readonly maxDays: number | undefined;
}

/**
 * A log file that rolls over daily and when it is full. It is opened for each batch of lines, so a moved or deleted
 * file is created again, and several processes can write to it. Rejects if the disk does.
 */
export function createRollingFile(
  settings: () => RollingSettings,
  now: () => Date,
): (lines: Uint8Array) => Promise<void> {
  let current = '';
  let number = 0;
  return async (lines) => {
    const { path, maxBytes, ...limits } = settings();
    const day = datedPath(path, localDate(now()));
    if (day !== current) {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      number = await lastNumber(day);
      current = day;
      await removeOld({ path, ...limits }, numbered(day, number), now());
    }
    let rest = lines;
    while (rest.byteLength > 0) {
      const written = await append(numbered(day, number), rest, maxBytes);
      rest = rest.subarray(written);
      if (rest.byteLength === 0) return;
      number += 1;
      await removeOld({ path, ...limits }, numbered(day, number), now());
    }
  };
}

const ONLY_OWNER = 0o600;

/** Writes as many lines as fit into the file; an empty file takes at least one. Returns the number of bytes written. */
async function append(path: string, lines: Uint8Array, maxBytes: number): Promise<number> {
  const file = await opened(path);
  try {
    const { size } = await file.stat();
    const length = fitting(lines, maxBytes - size, size === 0);
    if (length > 0) await file.appendFile(lines.subarray(0, length));
    return length;
  } finally {
    await file.close();
  }
}

async function opened(path: string): ReturnType<typeof open> {
  try {
    return await open(path, 'a', ONLY_OWNER);
  } catch (error) {
    if (!isMissing(error)) throw error;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    return open(path, 'a', ONLY_OWNER);
  }
}

/** The size of the whole lines that fit into these bytes. */
function fitting(lines: Uint8Array, maxBytes: number, takesOne: boolean): number {
  if (lines.byteLength <= maxBytes) return lines.byteLength;
  const end = maxBytes > 0 ? lines.lastIndexOf(LF, maxBytes - 1) + 1 : 0;
  if (end > 0 || !takesOne) return end;
  return lines.indexOf(LF) + 1 || lines.byteLength;
}

const LF = 0x0a;

function datedPath(path: string, date: string): string {
  const extension = extname(path);
  return join(dirname(path), `${basename(path, extension)}_${date}${extension}`);
}

function numbered(path: string, number: number): string {
  if (number === 0) return path;
  const extension = extname(path);
  return join(dirname(path), `${basename(path, extension)}.${number}${extension}`);
}

interface LogFile {
  readonly name: string;
  readonly date: string;
  readonly number: number;
}

/** The files of `path`, the oldest first. */
async function filesOf(path: string): Promise<LogFile[]> {
  const extension = extname(path);
  const start = `${basename(path, extension)}_`;
  const names = await readdir(dirname(path)).catch(() => []);
  return names
    .flatMap((name): LogFile[] => {
      if (!name.startsWith(start) || !name.endsWith(extension)) return [];
      const middle = name.slice(start.length, name.length - extension.length);
      const [, date, number] = /^(\d{4}-\d{2}-\d{2})(?:\.(\d+))?$/.exec(middle) ?? [];
      return date === undefined ? [] : [{ name, date, number: Number(number ?? 0) }];
    })
    .sort((a, b) => a.date.localeCompare(b.date) || a.number - b.number);
}

/** The number of the last file of a day. */
async function lastNumber(day: string): Promise<number> {
  const extension = extname(day);
  const [, base = '', date = ''] = /^(.*)_(\d{4}-\d{2}-\d{2})$/.exec(basename(day, extension)) ?? [];
  const files = await filesOf(join(dirname(day), base + extension));
  return files.findLast((file) => file.date === date)?.number ?? 0;
}

const DAY_MS = 86_400_000;

/** Makes room for `next`, which counts whether it exists yet or not. */
async function removeOld(
  { path, maxFiles = Infinity, maxDays = Infinity }: Omit<RollingSettings, 'maxBytes'>,
  next: string,
  now: Date,
): Promise<void> {
  if (maxFiles === Infinity && maxDays === Infinity) return;
  const others = (await filesOf(path)).filter(({ name }) => name !== basename(next));
  const oldest = maxDays === Infinity ? '' : localDate(new Date(now.getTime() - maxDays * DAY_MS));
  const tooMany = others.length - (maxFiles - 1);
  const old = others.filter(({ date }, index) => date < oldest || index < tooMany);
  await Promise.all(old.map(({ name }) => rm(join(dirname(path), name), { force: true })));
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
