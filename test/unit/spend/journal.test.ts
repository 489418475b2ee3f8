import { expect, test } from 'bun:test';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { FolderUnusable, openFolder } from '../../../src/spend/journal/folder.ts';
import { holdLife } from '../../../src/spend/journal/life-lock.ts';
import { Lives } from '../../../src/spend/journal/lives.ts';
import { decodeLine, encodeLine, type Use } from '../../../src/spend/journal/line.ts';
import { readLines } from '../../../src/spend/journal/reader.ts';
import { JournalScan } from '../../../src/spend/journal/scan.ts';
import { tidyFolder } from '../../../src/spend/journal/tidy.ts';
import type { WriterTrouble } from '../../../src/spend/journal/writer.ts';
import { AT_MS, closeLine, COUNTER, newFolder, newWriter, openLine } from '../../database/spend/lines.ts';

const NAMED = { isNamed: true, allowsNetworkDisk: false };

function logsIn(path: string): string[] {
  return readdirSync(path).filter((name) => name.endsWith('.log'));
}

function scanOf(path: string) {
  const used: number[] = [];
  const scan = new JournalScan({
    folder: path,
    onUses: (uses) => used.push(...uses.map(([, , amount]) => amount)),
    onTorn: () => undefined,
  });
  scan.scan();
  return { scan, used, sum: () => used.reduce((sum, amount) => sum + amount, 0) };
}

test('a line is read as it was written, whatever text is in it, and not with one byte changed', () => {
  const line = openLine('req_1', 5, { names: { key: 'a\n\u{1F600}\ud800', model: null } });
  const bytes = encodeLine(line);
  expect(bytes.indexOf(10)).toBe(bytes.length - 1);
  expect(decodeLine(bytes.subarray(0, -1))).toEqual(line);
  for (let at = 0; at < bytes.length - 1; at++) {
    const broken = Buffer.from(bytes.subarray(0, -1));
    broken[at] = broken[at]! ^ 1;
    expect(decodeLine(broken)).toBeUndefined();
  }
});

test('an open is in the file when the call returns; closes follow at the end of the turn, with one write', async () => {
  const folder = newFolder();
  const writer = newWriter(folder, folder.nextLife());
  writer.open(openLine('a'));
  const file = join(folder.path, logsIn(folder.path)[0]!);
  const size = statSync(file).size;
  expect(readLines(file, 0)).toHaveLength(1);
  writer.close(closeLine('a'));
  writer.close(closeLine('b'));
  expect(statSync(file).size).toBe(size);
  await new Promise((resolve) => void setImmediate(resolve));
  expect(readLines(file, 0)).toHaveLength(3);
  writer.end();
  folder.close();
});

test('a file that is cut at any byte is read up to its last whole line', () => {
  const folder = newFolder();
  const writer = newWriter(folder, folder.nextLife());
  for (let i = 0; i < 4; i++) {
    writer.open(openLine(`r${i}`));
    if (i % 2 === 0) writer.close(closeLine(`r${i}`));
  }
  writer.end();
  const file = join(folder.path, logsIn(folder.path)[0]!);
  const whole = readFileSync(file);
  const ends = readLines(file, 0).map(({ endAt }) => endAt);
  for (let at = 0; at <= whole.length; at++) {
    writeFileSync(file, whole.subarray(0, at));
    expect(readLines(file, 0).map(({ endAt }) => endAt)).toEqual(ends.filter((end) => end <= at));
  }
  folder.close();
});

test('files follow each other, and a request that outlives ten of them is named again in the newest', () => {
  const folder = newFolder();
  const writer = newWriter(folder, folder.nextLife(), { fileBytes: 1000 });
  writer.open(openLine('long'));
  writer.grow({ t: 'grow', id: 'long', atMs: 9, holds: [], holdNano: 1400 });
  for (let i = 0; i < 60; i++) {
    writer.open(openLine(`r${i}`));
    writer.close(closeLine(`r${i}`));
    writer.flush();
  }
  writer.end();
  const { scan } = scanOf(folder.path);
  const open = scan.opensIn(() => true);
  expect(open.map(({ line }) => line)).toMatchObject([{ id: 'long', atMs: 9, holdNano: 1400 }]);
  expect(open[0]!.file.number).toBeGreaterThan(10);
  expect(scan.files[0]!.opens).toBe(0);
  folder.close();
});

test('an open request is found as its last line says, in whichever file that is, and closed ones are not', () => {
  const folder = newFolder();
  const writer = newWriter(folder, folder.nextLife(), { fileBytes: 1 });
  const { scan } = scanOf(folder.path);
  const ids = ['req_00000000000a', 'req_00000000000b', 'req_00000000000c', 'other'];
  for (const id of ids) writer.open(openLine(id));
  for (const amount of [900, 1300]) {
    for (const id of [ids[1]!, ids[3]!]) {
      const holds: Use[] = [[COUNTER, AT_MS, amount]];
      writer.grow({ t: 'grow', id, atMs: AT_MS + amount, holds, holdNano: amount });
      scan.scan();
    }
  }
  writer.close(closeLine(ids[2]!));
  writer.flush();
  scan.scan();
  const found = scan.opensIn(() => true);
  expect(found.map(({ line: { id, holdNano, atMs, names } }) => [id, holdNano, atMs, names.model])).toEqual([
    [ids[0], 700, AT_MS + 1, 'fast'],
    [ids[1], 1300, AT_MS + 1300, 'fast'],
    [ids[3], 1300, AT_MS + 1300, 'fast'],
  ]);
  const first = found[0]!.file;
  expect(scan.opensIn((file) => file === first).map(({ line }) => line.id)).toEqual([ids[0]!]);
  expect(scan.opensIn((file) => file !== first)).toHaveLength(2);
  expect(scan.opensIn(() => false)).toEqual([]);
  writer.end();
  folder.close();
});

test('the file of the last line of an open request stays, also where an older one opened it', () => {
  const folder = newFolder();
  const writer = newWriter(folder, folder.nextLife(), { fileBytes: 1 });
  writer.open(openLine('req_00000000000a'));
  for (const holdNano of [900, 1300])
    writer.grow({ t: 'grow', id: 'req_00000000000a', atMs: AT_MS, holds: [], holdNano });
  writer.open(openLine('req_00000000000b'));
  writer.close(closeLine('req_00000000000b'));
  writer.flush();
  const { scan } = scanOf(folder.path);
  for (const file of scan.files) file.ackedAt = file.scannedAt;
  expect(scan.files.map(({ opens }) => opens)).toEqual([1, 0, 1, 0, 0]);
  tidyFolder(scan, { folder: folder.path, maxBytes: 2 ** 30, nowMs: AT_MS, isAlive: () => false });
  expect(scan.opensIn(() => true).map(({ line }) => line.holdNano)).toEqual([1300]);
  writer.close(closeLine('req_00000000000a'));
  writer.end();
  scan.scan();
  expect(scan.files.map(({ opens }) => opens)).toEqual(scan.files.map(() => 0));
  folder.close();
});

test('a request whose file somebody has deleted is not found, and the others are', () => {
  const folder = newFolder();
  const writer = newWriter(folder, folder.nextLife(), { fileBytes: 1 });
  for (const id of ['a', 'b']) writer.open(openLine(id));
  const { scan } = scanOf(folder.path);
  rmSync(scan.files[0]!.path);
  expect(scan.opensIn(() => true).map(({ line }) => line.id)).toEqual(['b']);
  writer.end();
  folder.close();
});

test('a disk that takes nothing leaves lines in memory, and gets each once when it does again', async () => {
  const folder = newFolder();
  const troubles: WriterTrouble[] = [];
  const writer = newWriter(folder, folder.nextLife(), { onTrouble: (trouble) => troubles.push(trouble) });
  writer.open(openLine('a'));
  const gone = newWriter({ ...folder, path: join(folder.path, 'later') }, 77, {
    onTrouble: (trouble) => troubles.push(trouble),
  });
  gone.open(openLine('b'));
  gone.close(closeLine('b'));
  expect(gone.isDegraded).toBe(true);
  expect(troubles.map(({ type }) => type)).toEqual(['held']);
  mkdirSync(join(folder.path, 'later'));
  while (gone.isDegraded) await Bun.sleep(20);
  gone.end();
  writer.end();
  expect(troubles.map(({ type }) => type)).toEqual(['held', 'written']);
  expect(scanOf(join(folder.path, 'later')).sum()).toBe(500);
  folder.close();
});

test('a name that is taken is passed over: nothing is written into what somebody has put there', async () => {
  const folder = newFolder();
  const life = folder.nextLife();
  symlinkSync('/dev/full', join(folder.path, `${folder.node}-1-${life}.1.log`));
  const writer = newWriter(folder, life);
  writer.open(openLine('a'));
  expect(writer.isDegraded).toBe(true);
  while (writer.isDegraded) await Bun.sleep(20);
  rmSync(join(folder.path, `${folder.node}-1-${life}.1.log`));
  expect(scanOf(folder.path).scan.opensIn(() => true)).toHaveLength(1);
  writer.end();
  folder.close();
});

test('more than journal_max_mb is a full disk', () => {
  const folder = newFolder();
  const troubles: WriterTrouble[] = [];
  const writer = newWriter(folder, folder.nextLife(), {
    maxBytes: 5000,
    fileBytes: 1000,
    onTrouble: (trouble) => troubles.push(trouble),
  });
  for (let i = 0; i < 60; i++) writer.open(openLine(`r${i}`));
  expect(troubles).toMatchObject([{ type: 'held', reason: expect.stringContaining('journal_max_mb') }]);
  writer.end();
  folder.close();
});

test('a folder has one process at a time, and its id and its numbers stay', () => {
  const first = newFolder();
  const { path, node } = first;
  const life = first.nextLife();
  expect(() => openFolder({ path, ...NAMED })).toThrow('another llm-proxy is using it');
  first.close();
  const second = openFolder({ path, ...NAMED });
  expect(second.node).toBe(node);
  expect(second.nextLife()).toBeGreaterThan(life);
  second.close();
});

test('the lock of a process that died without a journal is removed at the next start, and that of a living one stays', () => {
  const folder = newFolder();
  const { path, node } = folder;
  const lockOf = (life: number): string => `${node}-${life}.alive`;
  const [dead, living] = [folder.nextLife(), folder.nextLife()];
  writeFileSync(join(path, lockOf(dead)), '');
  const release = holdLife({ folder: path, node, life: living });
  expect(new Lives(folder).first).toBeGreaterThan(living);
  const locks = readdirSync(path).filter((name) => name.endsWith('.alive'));
  expect(locks).toEqual([lockOf(living)]);
  release();
  folder.close();
});

test('a second process takes a numbered folder where the configuration names none', () => {
  const first = newFolder({ isNamed: false });
  const second = openFolder({ path: first.path, isNamed: false, allowsNetworkDisk: false });
  expect(second.path).toBe(join(first.path, '2'));
  expect(second.node).not.toBe(first.node);
  second.close();
  first.close();
});

test('folder and files are for their owner only, and links are refused', () => {
  const folder = newFolder();
  const writer = newWriter(folder, folder.nextLife());
  writer.open(openLine('a'));
  expect(statSync(folder.path).mode & 0o777).toBe(0o700);
  for (const name of readdirSync(folder.path)) {
    if (name.endsWith('.log') || name === 'lock.db')
      expect(statSync(join(folder.path, name)).mode & 0o777).toBe(0o600);
  }
  writer.end();
  folder.close();
  const link = join(dirname(folder.path), `${crypto.randomUUID()}-link`);
  symlinkSync(folder.path, link);
  expect(() => openFolder({ path: link, ...NAMED })).toThrow(FolderUnusable);
  rmSync(link);
});

test('a folder that cannot be written says where and why', () => {
  const file = join(newFolder().path, 'a-file');
  writeFileSync(file, '');
  expect(() => openFolder({ path: join(file, 'journal'), ...NAMED })).toThrow(
    /a-file\/journal: a part of the path/,
  );
  expect(() => openFolder({ path: '/proc/journal', ...NAMED })).toThrow(FolderUnusable);
});
