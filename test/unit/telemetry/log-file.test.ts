import { afterEach, beforeEach, expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRollingFile, type RollingSettings } from '../../../src/telemetry/log/rolling-file.ts';

let folder = '';
let today = new Date(2026, 0, 13, 9, 41, 5);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-proxy-log-'));
  today = new Date(2026, 0, 13, 9, 41, 5);
});
afterEach(() => rm(folder, { recursive: true }));

const DAY_MS = 86_400_000;

function roll(more: Partial<RollingSettings> = {}): (text: string) => Promise<void> {
  const settings = {
    path: join(folder, 'logs/proxy.log'),
    maxBytes: 1e6,
    maxFiles: undefined,
    maxDays: undefined,
  };
  const write = createRollingFile(
    () => ({ ...settings, ...more }),
    () => today,
  );
  return (text) => write(Buffer.from(text));
}

const files = async (): Promise<string[]> => (await readdir(join(folder, 'logs'))).sort();
const text = (name: string): Promise<string> => readFile(join(folder, 'logs', name), 'utf8');

test('a line is written into a file with the date in its name, which nobody else can read', async () => {
  await roll()('one\n');
  expect(await files()).toEqual(['proxy_2026-01-13.log']);
  const { mode } = await stat(join(folder, 'logs/proxy_2026-01-13.log'));
  expect(mode & 0o777).toBe(0o600);
});

test('the next day has a file of its own', async () => {
  const write = roll();
  await write('one\n');
  today = new Date(2026, 0, 14, 0, 0, 1);
  await write('two\n');
  expect(await files()).toEqual(['proxy_2026-01-13.log', 'proxy_2026-01-14.log']);
  expect(await text('proxy_2026-01-14.log')).toBe('two\n');
});

test('a full file is continued in a numbered one, and no line is cut', async () => {
  const write = roll({ maxBytes: 10 });
  await write('aaaa\nbbbb\ncccc\n');
  await write('dddd\n');
  await write('a line longer than the limit\neeee\n');
  const names = await files();
  expect(names).toEqual([
    'proxy_2026-01-13.1.log',
    'proxy_2026-01-13.2.log',
    'proxy_2026-01-13.3.log',
    'proxy_2026-01-13.log',
  ]);
  expect(await text('proxy_2026-01-13.log')).toBe('aaaa\nbbbb\n');
  expect(await text('proxy_2026-01-13.1.log')).toBe('cccc\ndddd\n');
  expect(await text('proxy_2026-01-13.2.log')).toBe('a line longer than the limit\n');
  expect(await text('proxy_2026-01-13.3.log')).toBe('eeee\n');
});

test('the limit counts bytes and not characters', async () => {
  const write = roll({ maxBytes: 8 });
  await write('日志\n');
  await write('日志\n');
  expect(await files()).toHaveLength(2);
});

test('a program that starts again goes on in the last file of the day', async () => {
  await roll({ maxBytes: 10 })('aaaa\nbbbb\ncccc\n');
  await roll({ maxBytes: 10 })('dddd\n');
  expect(await text('proxy_2026-01-13.1.log')).toBe('cccc\ndddd\n');
});

test('only so many files are kept, the one in use among them', async () => {
  const write = roll({ maxFiles: 3 });
  for (let day = 0; day < 6; day++) {
    await write('line\n');
    today = new Date(today.getTime() + DAY_MS);
  }
  expect(await files()).toEqual(['proxy_2026-01-16.log', 'proxy_2026-01-17.log', 'proxy_2026-01-18.log']);
});

test('with one file kept a restart does not lose it', async () => {
  await roll({ maxFiles: 1 })('one\n');
  await roll({ maxFiles: 1 })('two\n');
  expect(await text('proxy_2026-01-13.log')).toBe('one\ntwo\n');
});

test('numbered files go by their number and not by their letters', async () => {
  const write = roll({ maxBytes: 5, maxFiles: 2 });
  for (let line = 0; line < 12; line++) await write('aaaa\n');
  expect(await files()).toEqual(['proxy_2026-01-13.10.log', 'proxy_2026-01-13.11.log']);
});

test('files are kept for so many days, and nothing else is touched', async () => {
  const write = roll({ maxDays: 2 });
  await write('old\n');
  await writeFile(join(folder, 'logs/other_2020-01-01.log'), 'x');
  await writeFile(join(folder, 'logs/proxy_notes.log'), 'x');
  today = new Date(today.getTime() + 3 * DAY_MS);
  await write('new\n');
  expect(await files()).toEqual(['other_2020-01-01.log', 'proxy_2026-01-16.log', 'proxy_notes.log']);
});

test('a file that was moved away, or a directory that was removed, is made again', async () => {
  const write = roll();
  await write('one\n');
  await rename(join(folder, 'logs/proxy_2026-01-13.log'), join(folder, 'kept.log'));
  await write('two\n');
  expect(await text('proxy_2026-01-13.log')).toBe('two\n');
  await rm(join(folder, 'logs'), { recursive: true });
  await write('three\n');
  expect(await text('proxy_2026-01-13.log')).toBe('three\n');
});

test('a path that cannot be a file is an error', async () => {
  await writeFile(join(folder, 'file'), '');
  await expect(roll({ path: join(folder, 'file/proxy.log') })('line\n')).rejects.toThrow('EEXIST');
});

test.skipIf(!existsSync('/dev/full'))('a disk that is full is an error', async () => {
  await symlink('/dev/full', join(folder, 'proxy_2026-01-13.log'));
  await expect(roll({ path: join(folder, 'proxy.log') })('line\n')).rejects.toThrow('ENOSPC');
});
