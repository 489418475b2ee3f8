import type { AdminClient } from '../../../app/admin-client.ts';
import { readTextFile } from '../../../config/read/load.ts';
import { EXIT } from '../../../exit-code.ts';
import type { JsonObject } from '../../../store/revision.ts';
import { aligned } from '../../aligned.ts';
import { UsageError, type ValuesOf } from '../../command.ts';
import { withAdmin } from '../with-admin.ts';
import { failed } from '../with-opened.ts';
import type { spendDeclaration } from './declaration.ts';

type ParsedArguments = ValuesOf<typeof spendDeclaration>;

/** Reports from the ledger, corrects it, or compares its sums. */
export function workOnSpend(args: ParsedArguments): Promise<number> {
  requireFitting(args);
  return withAdmin(args.config, (admin) => {
    switch (args.action) {
      case 'report':
        return report(admin, args);
      case 'import':
        return importFile(admin, args);
      case 'reprice':
        return reprice(admin, args);
      case 'verify':
        return verify(admin, args);
    }
  });
}

/** The options that only some actions have. */
const OPTIONS: Readonly<Record<ParsedArguments['action'], readonly (keyof ParsedArguments)[]>> = {
  report: ['group-by', 'since', 'until', 'timezone', 'team', 'key', 'user', 'model', 'csv', 'json'],
  import: ['file', 'source', 'dry-run', 'json'],
  reprice: ['since', 'until', 'model', 'dry-run', 'json'],
  verify: ['repair', 'json'],
};

function requireFitting(args: ParsedArguments): void {
  const { action } = args;
  const own = new Set<string>([...OPTIONS[action], 'action', 'config']);
  for (const [name, value] of Object.entries(args)) {
    const isGiven = value !== undefined && value !== false;
    if (!isGiven || own.has(name)) continue;
    throw new UsageError(
      name === 'file' ? `${action} takes no file.` : `--${name} does not belong to ${action}.`,
    );
  }
  if (action === 'import' && args.file === undefined) throw new UsageError('import needs a file.');
  if (action === 'reprice' && args.since === undefined)
    throw new UsageError('reprice needs --since, such as --since 2026-11-01.');
  if (args.csv && args.json) throw new UsageError('--csv and --json are two forms; choose one.');
}

const NAMES = ['since', 'until', 'timezone', 'team', 'key', 'user', 'model'] as const;

async function report(admin: AdminClient, args: ParsedArguments): Promise<number> {
  const query = new URLSearchParams({ group_by: args['group-by'] ?? 'model' });
  for (const name of NAMES) if (args[name] !== undefined) query.set(name, args[name]);
  if (args.csv) {
    query.set('format', 'csv');
    process.stdout.write(await admin.text('GET', `/spend?${query.toString()}`));
    return EXIT.ok;
  }
  const body = await admin.call('GET', `/spend?${query.toString()}`);
  if (args.json) console.log(JSON.stringify(body, undefined, 2));
  else console.log(aligned(tableOf(body as unknown as ReportBody)).join('\n'));
  return EXIT.ok;
}

type Row = Readonly<Record<string, string | number | null>>;

interface ReportBody {
  readonly group_by: readonly string[];
  readonly spend: readonly Row[];
  readonly total: Row;
}

const SUMS = ['requests', 'input_tokens', 'output_tokens', 'cost'] as const;
const SUM_TITLES = ['REQUESTS', 'INPUT', 'OUTPUT', 'COST'];
const UNITS: ReadonlySet<string> = new Set(['hour', 'day', 'week', 'month']);

function tableOf({ group_by: groups, spend, total }: ReportBody): string[][] {
  const hasUnpriced = Number(total['unpriced_requests'] ?? 0) > 0;
  const shown = (row: Row): string[] => [
    ...SUMS.map((name) => (name === 'cost' ? `$${row[name]}` : String(row[name]))),
    ...(hasUnpriced
      ? [Number(row['unpriced_requests']) > 0 ? `${row['unpriced_requests']} without a price` : '']
      : []),
  ];
  const name = (row: Row, group: string): string => String(row[UNITS.has(group) ? 'period' : group] ?? '-');
  return [
    [...groups.map((group) => group.toUpperCase()), ...SUM_TITLES],
    ...spend.map((row) => [...groups.map((group) => name(row, group)), ...shown(row)]),
    [...groups.map((_, at) => (at === 0 ? 'Total' : '')), ...shown(total)],
  ];
}

async function importFile(admin: AdminClient, args: ParsedArguments): Promise<number> {
  const path = args.file ?? '';
  const file = await readTextFile(path);
  if (file.kind === 'unreadable') return failed([`${path} ${file.message}.`]);
  const query = new URLSearchParams({
    ...(args.source !== undefined && { source: args.source }),
    ...(args['dry-run'] && { dry_run: 'true' }),
  });
  const { text } = file;
  const type = /^\s*\{/.test(text) ? 'application/x-ndjson' : 'text/csv';
  const answer = await admin.text('POST', `/spend/import?${query.toString()}`, { text, type });
  const { inserted, known, refused } = JSON.parse(answer) as ImportAnswer;
  if (args.json) console.log(answer);
  else console.log(`${args['dry-run'] ? 'would import' : 'imported'} ${inserted}, known before ${known}`);
  for (const { line, problem } of refused) console.error(`line ${line}: ${problem}`);
  return refused.length === 0 ? EXIT.ok : EXIT.failed;
}

interface ImportAnswer {
  readonly inserted: number;
  readonly known: number;
  readonly refused: readonly { readonly line: number; readonly problem: string }[];
}

async function reprice(admin: AdminClient, args: ParsedArguments): Promise<number> {
  const { since, until, model } = args;
  const body: JsonObject = {
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
    ...(model !== undefined && { model }),
    ...(args['dry-run'] && { dry_run: true }),
  };
  const answer = await admin.call('POST', '/spend/reprice', body);
  const { rows, before, after } = answer as unknown as Record<'rows' | 'before' | 'after', string | number>;
  if (args.json) console.log(JSON.stringify(answer, undefined, 2));
  else console.log(`${rows} requests: $${before} before, $${after} after`);
  return EXIT.ok;
}

async function verify(admin: AdminClient, { repair, json }: ParsedArguments): Promise<number> {
  const verified = await admin.verify(repair);
  if (json) console.log(JSON.stringify(verified, undefined, 2));
  else {
    for (const text of verified.differences) console.log(text);
    const sums = `${verified.quarters} quarters of an hour, ${verified.counters} budgets and ${verified.sums} sums over longer times`;
    const count = verified.differences.length;
    console.log(
      count === 0 ? `${sums} agree` : `${count} differences in ${sums}${repair ? ', repaired' : ''}`,
    );
  }
  return verified.differences.length === 0 || repair ? EXIT.ok : EXIT.failed;
}
