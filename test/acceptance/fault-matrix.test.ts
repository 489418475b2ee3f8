import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { faultTable, playFaults, playReports, reportTable } from './fault-matrix.ts';

const DOCUMENT = join(import.meta.dir, '..', '..', 'docs', 'failure-contract.md');
const REPORTS = /(<!-- reports: begin -->\n)[\s\S]*(\n<!-- reports: end -->)/;
const BLOCK = /(<!-- faults: begin -->\n)[\s\S]*(\n<!-- faults: end -->)/;

/** UPDATE=1 writes the table. Without it, the existing table must match the gateway's behaviour. */
test('the matrix of faults in docs/failure-contract.md is what the gateway really does', async () => {
  const rows = await playFaults();
  const reports = await playReports();
  const document = await Bun.file(DOCUMENT).text();
  const current = document
    .replace(BLOCK, (_, begin: string, end: string) => `${begin}${faultTable(rows)}${end}`)
    .replace(REPORTS, (_, begin: string, end: string) => `${begin}${reportTable(reports)}${end}`);
  if (process.env['UPDATE'] === '1') await Bun.write(DOCUMENT, current);
  else expect(current.split('\n').filter((line) => !document.includes(line))).toEqual([]);

  const broken = rows.filter(({ withRoute }) => withRoute.includes('broken connection'));
  expect(broken.every(({ attempt }) => attempt === 'answered, then broke off')).toBe(true);
  expect(rows.filter(({ withRoute }) => withRoute === '200 with an error')).toEqual([]);
}, 300_000);
