/** One line for each file with skipped tests, from a JUnit report. A skipped test should not pass for a passed one. */
export function skippedTests(report: string): string[] {
  const counts = new Map<string, number>();
  for (const [, attributes = ''] of report.matchAll(/<testcase\b([^>]*)>\s*<skipped\b/g)) {
    const file = /\bfile="([^"]*)"/.exec(attributes)?.[1] ?? 'unknown';
    counts.set(file, (counts.get(file) ?? 0) + 1);
  }
  return [...counts].map(([file, count]) => `skipped ${file}: ${count}, for the reason that it says above`);
}
