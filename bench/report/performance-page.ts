import { join } from 'node:path';
import { reportOf } from './report.ts';
import type { Results } from './results.ts';

const PAGE = join(import.meta.dir, '..', '..', 'docs', 'performance.md');
const BEGIN = '<!-- results: written by bench/run -->';
const END = '<!-- end of the results -->';

/** Puts the report into `docs/performance.md`, in the place that is marked for it. */
export async function writePerformancePage(results: Results): Promise<void> {
  const page = await Bun.file(PAGE).text();
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin === -1 || end === -1) throw new Error(`${PAGE} has no place for the results`);
  const report = `${BEGIN}\n\n${reportOf(results)}\n\n`;
  await Bun.write(PAGE, page.slice(0, begin) + report + page.slice(end));
}
