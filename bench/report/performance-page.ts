import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { reportOf } from './report.ts';
import type { Results } from './results.ts';

/** Where a whole run is kept. */
export const LATEST = join(import.meta.dir, '..', 'results', 'latest.json');

const PAGE = join(import.meta.dir, '..', '..', 'docs', 'performance.md');
const BEGIN = '<!-- results: written by bench/run -->';
const END = '<!-- end of the results -->';

/** The text of `docs/performance.md`: written by hand, but for the report on the last whole run between two marks. */
export function performancePage(): string {
  const results = JSON.parse(readFileSync(LATEST, 'utf8')) as Results;
  const page = readFileSync(PAGE, 'utf8');
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin === -1 || end === -1) throw new Error('docs/performance.md has no place for the results');
  return `${page.slice(0, begin)}${BEGIN}\n\n${reportOf(results)}\n\n${page.slice(end)}`;
}
