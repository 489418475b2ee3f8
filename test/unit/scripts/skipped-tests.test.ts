import { expect, test } from 'bun:test';
import { skippedTests } from '../../../scripts/skipped-tests.ts';

test('skipped tests are counted for each file, and nothing else', () => {
  const report = `<testsuites tests="4" skipped="3"><testsuite name="a" file="a.test.ts">
    <testcase name="one" file="a.test.ts" line="3" assertions="1" />
    <testcase name="a &gt; b" file="a.test.ts" line="5" assertions="0">
      <skipped />
    </testcase>
    <testcase name="three" file="a.test.ts" line="9"><skipped /></testcase></testsuite>
    <testcase name="failed" file="b.test.ts"><failure /></testcase>
    <testcase name="four" file="b.test.ts">
      <skipped />
    </testcase></testsuites>`;
  expect(skippedTests(report)).toEqual([
    expect.stringContaining('skipped a.test.ts: 2'),
    expect.stringContaining('skipped b.test.ts: 1'),
  ]);
  expect(skippedTests('')).toEqual([]);
});
