import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LastGoodOptions, lastGoodFile } from '../../../src/store/last-good.ts';
import { mapKinds } from '../../../src/store/resource-kinds.ts';
import type { Revision } from '../../../src/store/revision.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-proxy-last-good-'));
});
afterAll(() => rm(folder, { recursive: true }));

function revision(version: number): Revision {
  const resources = mapKinds(() => new Map());
  return { version, changedAt: '2026-11-30T08:00:00.000Z', hadKeys: false, identity: 'a', resources };
}

/** Opens a file whose revisions take a while to seal. */
function openFile(name: string, sealMs: number) {
  const sealed: string[] = [];
  const keyring: LastGoodOptions['keyring'] = {
    keyId: 'k',
    seal: (text: string) => {
      sealed.push(text);
      Bun.sleepSync(sealMs);
      return text;
    },
    open: (text: string) => text,
  };
  const onFailure = (error: unknown): never => {
    throw error;
  };
  const fileAt = (path: string) => lastGoodFile({ path, place: 'p', keyring, onFailure });
  const path = join(folder, name);
  return { sealed, file: fileAt(path), kept: fileAt(`${path}.kept`) };
}

test('the revision that is kept is the one before, even if it was not written yet', async () => {
  const { file, kept } = openFile('early', 0);
  file.write(revision(1));
  file.write(revision(2));
  file.keep();
  file.write(revision(3));
  await file.settled();
  expect([(await kept.read())?.version, (await file.read())?.version]).toEqual([2, 3]);
});

test('after a slow write, later ones wait, and only the last of them is written', async () => {
  const { sealed, file, kept } = openFile('slow', 120);
  file.write(revision(1));
  await file.settled();
  file.write(revision(2));
  await file.settled();
  expect((await file.read())?.version).toBe(2);
  file.write(revision(3));
  await Bun.sleep(50);
  file.write(revision(4));
  await Bun.sleep(50);
  expect(sealed).toHaveLength(2);
  // Neither its copy nor the end of the program waits for the rest.
  file.keep();
  file.write(revision(5));
  await file.settled();
  expect([(await kept.read())?.version, (await file.read())?.version]).toEqual([4, 5]);
  expect(sealed).toHaveLength(4);
});
