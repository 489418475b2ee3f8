import { afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FileWatch, watchFile } from '../../../src/config/read/watch.ts';
import { until } from '../../e2e/gateway.ts';

let directory: string;
let path: string;
let seen: string[];
let watch: FileWatch;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'llm-proxy-watch-'));
  path = join(directory, 'config.yaml');
  await writeFile(path, 'one');
  seen = [];
  watch = watchFile(path, () => void seen.push('change'));
});

afterEach(async () => {
  watch.close();
  await rm(directory, { recursive: true });
});

/** The number of changes that one check finds. */
async function found(): Promise<number> {
  const before = seen.length;
  await watch.check();
  return seen.length - before;
}

test('a change is found once, without being asked for', async () => {
  await writeFile(path, 'two');
  await until(() => seen.length > 0);
  expect(seen).toHaveLength(1);
  expect(await found()).toBe(0);
});

test('changes of the same size within one tick of the file system’s clock are all found', async () => {
  for (let round = 10; round < 60; round += 1) {
    await writeFile(path, String(round));
    expect(await found()).toBe(1);
  }
});

test('a file that is touched or written with the same content has not changed', async () => {
  await writeFile(path, 'one');
  expect(await found()).toBe(0);
});

test('an editor that puts a new file in the place of the old one is noticed', async () => {
  await writeFile(join(directory, 'new'), 'two');
  await rename(path, `${path}~`);
  expect(await found()).toBe(0);
  await rename(join(directory, 'new'), path);
  expect(await found()).toBe(1);
});

test('a link above the file that is swapped, as Kubernetes does, is noticed', async () => {
  for (const [version, content] of [
    ['v1', 'old'],
    ['v2', 'new'],
  ] as const) {
    await mkdir(join(directory, version));
    await writeFile(join(directory, version, 'mounted.yaml'), content);
  }
  await symlink('v1', join(directory, '..data'));
  const mounted = join(directory, 'mounted.yaml');
  await symlink(join('..data', 'mounted.yaml'), mounted);
  watch.close();
  watch = watchFile(mounted, () => void seen.push('change'));
  expect(await found()).toBe(0);
  await symlink('v2', join(directory, '..data_tmp'));
  await rename(join(directory, '..data_tmp'), join(directory, '..data'));
  expect(await found()).toBe(1);
});

test('a file that is missing at first is reported when it comes', async () => {
  await unlink(path);
  watch.close();
  watch = watchFile(path, () => void seen.push('change'));
  expect(await found()).toBe(0);
  await writeFile(path, 'one');
  expect(await found()).toBe(1);
});

test('a file that goes and comes back the same has not changed', async () => {
  await unlink(path);
  expect(await found()).toBe(0);
  await writeFile(path, 'one');
  expect(await found()).toBe(0);
});

test('changes are dealt with one at a time, also one that comes meanwhile', async () => {
  let running = 0;
  let most = 0;
  let rounds = 0;
  watch.close();
  watch = watchFile(path, async () => {
    running += 1;
    rounds += 1;
    most = Math.max(most, running);
    await Bun.sleep(20);
    running -= 1;
  });
  await writeFile(path, 'two');
  const first = watch.check();
  await until(() => running > 0);
  await writeFile(path, 'three');
  await Promise.all([first, watch.check()]);
  expect([rounds, most]).toEqual([2, 1]);
});

test('a change that could not be dealt with is not tried again, but the next one is', async () => {
  const read: string[] = [];
  watch.close();
  watch = watchFile(path, () => {
    read.push(readFileSync(path, 'utf8'));
    throw new Error('bad file');
  });
  await writeFile(path, 'bad');
  expect(watch.check()).rejects.toThrow('bad file');
  await watch.check();
  await writeFile(path, 'worse');
  expect(watch.check()).rejects.toThrow('bad file');
  await watch.check();
  expect(read).toEqual(['bad', 'worse']);
});

test('after close nothing is reported', async () => {
  watch.close();
  await writeFile(path, 'two');
  await Bun.sleep(900);
  expect(seen).toEqual([]);
});
