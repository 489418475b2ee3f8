import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { measurementsOf } from './report.ts';
import type { Results } from './results.ts';

/** The file with the last complete run. */
const LATEST = join(import.meta.dir, '..', 'results', 'latest.json');

const PAGE = join(import.meta.dir, '..', '..', 'docs', 'performance.md');
const BEGIN = '<!-- results: written by bench/run -->';
const END = '<!-- end of the results -->';

/** The text of `docs/performance.md`: written by hand, but for the report on the last whole run between two marks. Without one it stays as it is. */
export function performancePage(): string {
  const page = readFileSync(PAGE, 'utf8');
  if (!existsSync(LATEST)) return page;
  const results = JSON.parse(readFileSync(LATEST, 'utf8')) as Results;
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin === -1 || end === -1) throw new Error('docs/performance.md has no place for the results');
  return `${page.slice(0, begin)}${BEGIN}\n\n${measurementsOf(results)}\n\n${page.slice(end)}`;
}
