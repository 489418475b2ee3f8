/** One line for each file in which tests were skipped, read from a report in JUnit's form: a test that was not run should not pass for one that held. */
export function skippedTests(report: string): string[] {
  const counts = new Map<string, number>();
  for (const [, attributes = ''] of report.matchAll(/<testcase\b([^>]*)>\s*<skipped\b/g)) {
    const file = /\bfile="([^"]*)"/.exec(attributes)?.[1] ?? 'unknown';
    counts.set(file, (counts.get(file) ?? 0) + 1);
  }
  return [...counts].map(([file, count]) => `skipped ${file}: ${count}, for the reason that it says above`);
}
