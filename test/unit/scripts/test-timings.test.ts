import { expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { slowFiles, writeTimings } from '../../../scripts/test-timings.ts';

test('the slow files of a report are listed, slowest first', () => {
  const report = `<testsuites time="99">
    <testsuite name="test/a.test.ts" file="test/a.test.ts" tests="2" time="3.4" hostname="vm">
      <testsuite name="a part" file="test/a.test.ts" line="3" time="3.1" hostname="vm"></testsuite></testsuite>
    <testsuite name="test/b.test.ts" file="test/b.test.ts" tests="2" time="0.9"></testsuite>
    <testsuite name="test/c.test.ts" file="test/c.test.ts" tests="2" time="20.6"></testsuite></testsuites>`;
  expect(Object.entries(slowFiles(report))).toEqual([
    ['test/c.test.ts', 21],
    ['test/a.test.ts', 3],
  ]);
});

test('every test file has a time, and every time a test file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-timings-'));
  await writeTimings(join(folder, 'timings.json'));
  const { files } = (await Bun.file(join(folder, 'timings.json')).json()) as {
    files: Record<string, number>;
  };
  await rm(folder, { recursive: true });
  expect(files).toContainKey('test/unit/scripts/test-timings.test.ts');
  const listed = (await Bun.file('test/timings.json').json()) as Record<string, number>;
  expect(Object.keys(listed).filter((file) => !existsSync(file))).toEqual([]);
  expect(Math.min(...Object.values(files))).toBeGreaterThan(0);
});
