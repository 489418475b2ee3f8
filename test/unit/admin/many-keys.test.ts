import { expect, test } from 'bun:test';
import { readText } from '../../../src/admin/text/read-text.ts';
import { exportFile } from '../../../src/migrate/export-file.ts';
import { planImport } from '../../../src/migrate/import-file.ts';
import { mapKinds } from '../../../src/store/resource-kinds.ts';
import type { Resources, Revision } from '../../../src/store/revision.ts';

const NOTHING: Resources = mapKinds(() => new Map());
const NOW = '2026-03-01T12:00:00Z';

function textOf(keys: number): string {
  const entry = (at: number): string => `  - name: key-${at}\n    key: sk-of-many-${at}-0123456789\n`;
  return `providers:\n  - name: p\n    api_base: https://a.test\nmaster_keys:\n${Array.from({ length: keys }, (_, at) => entry(at)).join('')}`;
}

const revisionWith = (resources: Resources): Revision => ({
  version: 1,
  changedAt: NOW,
  hadKeys: true,
  resources,
});

function imported(text: string): Revision {
  const { file, problems } = readText(text, revisionWith(NOTHING), undefined);
  if (file === undefined) throw new Error(problems[0]?.message);
  return revisionWith(planImport(file, NOTHING, { now: NOW, prunes: false }).resources);
}

/** The CPU time of the best of three runs, in microseconds. */
function best(work: () => unknown): number {
  const run = (): number => {
    const start = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(start);
    return user + system;
  };
  return Math.min(run(), run(), run());
}

test.each<readonly [string, (text: string, revision: Revision) => unknown]>([
  ['exporting', (_, revision) => exportFile(revision, { withSecrets: false })],
  ['reading', (text, revision) => readText(text, revision, undefined)],
])('%s many keys takes a time that grows with their number', (_, work) => {
  const [few, many] = [1_000, 16_000].map((keys) => {
    const text = textOf(keys);
    const revision = imported(text);
    return best(() => work(text, revision));
  });
  // Quadratic growth would be a factor of 256.
  expect((many ?? NaN) / Math.max(1, few ?? NaN)).toBeLessThan(50);
});
