import { pathSegment } from '../../config/owners.ts';
import type { Dialect } from '../../store/dialect.ts';
import { QUARTER_SUMS, type QuarterSum } from '../ledger/quarter.ts';
import { placeOf, type SumRange, type SumTable } from '../ledger/sum-steps.ts';
import type { Span } from './report-period.ts';

/** The dimensions of a report besides the period. `tag:NAME` is the value of one tag. */
export type NameDimension = 'team' | 'key' | 'user' | 'end_user' | 'model' | 'provider' | `tag:${string}`;

/** Selects a part of the spending; a field that is left out does not filter. */
export interface SpendFilter {
  /** The name of a team. It selects the teams below it, too. */
  readonly team?: string | undefined;
  /** Names as they were at the time. */
  readonly key?: string | undefined;
  /** The id, which a rename does not change, instead of the name. */
  readonly keyId?: string | undefined;
  readonly user?: string | undefined;
  readonly model?: string | undefined;
  readonly provider?: string | undefined;
  /** Only known while the records of the requests are kept. */
  readonly endUser?: string | undefined;
}

/** A statement with its bound values. */
export interface Statement {
  readonly text: string;
  readonly values: readonly (string | number)[];
}

/**
 * A table from which spending is summed: the ledger's quarters, sums of them over longer steps, or the records of requests, which
 * know end users.
 */
export interface SpendTable {
  readonly name: SumTable | 'request_records';
  readonly time: string;
  readonly sums: Readonly<Record<QuarterSum, string>>;
  readonly names: Readonly<Record<Exclude<NameDimension, `tag:${string}`>, string>>;
}

const QUARTERS: SpendTable = {
  name: 'spend_quarters',
  time: 'quarter_ms',
  sums: Object.fromEntries(QUARTER_SUMS.map((column) => [column, column])) as Record<QuarterSum, string>,
  names: {
    team: 'team',
    key: 'key_name',
    user: 'user_name',
    end_user: "''",
    model: 'model',
    provider: 'provider',
  },
};

const RECORDS: SpendTable = {
  name: 'request_records',
  time: 'ended_at_ms',
  sums: {
    requests: '1',
    refused: "case when ending = 'refused' then 1 else 0 end",
    failures: "case when ending in ('complete', 'client-left') then 0 else 1 end",
    input_tokens: 'prompt_tokens',
    cached_tokens: 'cached_tokens',
    cache_write_tokens: 'cache_write_tokens',
    output_tokens: 'completion_tokens',
    reasoning_tokens: 'reasoning_tokens',
    cost: 'cost_nano',
    unpriced: 'case when cost_basis is not null and cost_nano is null then 1 else 0 end',
    estimated_cost: "case when cost_basis = 'estimated' then cost_nano end",
    lost_cost: "case when cost_basis = 'lost' then cost_nano end",
    saved: 'saved_nano',
  },
  names: {
    team: 'team',
    key: 'key_name',
    user: 'user_name',
    end_user: 'end_user',
    model: 'model',
    provider: 'provider',
  },
};

/** The table that has the data: only records have end users. */
export function tableFor(names: readonly NameDimension[], filter: SpendFilter): SpendTable {
  return names.includes('end_user') || filter.endUser !== undefined ? RECORDS : QUARTERS;
}

/** A part of a table: all rows of a span, which are added or subtracted. */
export interface SpendSource {
  readonly table: SpendTable;
  readonly sign: 1 | -1;
  /** A condition without values. */
  readonly where: string;
}

/** The rows of stored sums, which have the columns of quarters. */
export function sourceOf(range: SumRange): SpendSource {
  const { table: name, where } = placeOf(range);
  return { table: { ...QUARTERS, name }, where, sign: range.sign };
}

/** The rows of a span. */
export function sourceIn(table: SpendTable, { sinceMs, untilMs }: Span): SpendSource {
  const { time } = table;
  return { table, where: `${time} >= ${sinceMs} and ${time} < ${untilMs}`, sign: 1 };
}

/** Amounts of money come back as text, since SQLite's numbers arrive as doubles. */
const MONEY: ReadonlySet<QuarterSum> = new Set(['cost', 'estimated_cost', 'lost_cost', 'saved']);

/**
 * Adds up the sources of some parts, by the part and the names. The number of the part comes back as `part`, and the names as `n0`,
 * `n1`, …, '' or null for none.
 */
export function spendStatement(
  { names, filter }: { readonly names: readonly NameDimension[]; readonly filter: SpendFilter },
  parts: readonly (readonly SpendSource[])[],
  dialect: Dialect,
): Statement {
  const values: (string | number)[] = [];
  const bind = (value: string | number): string => `$${values.push(value)}`;
  const labels = ['part', ...names.map((_, at) => `n${at}`)];
  const rowsOf = ({ table, sign, where }: SpendSource, part: number): string => {
    const columns = [
      `${part} as part`,
      ...names.map((name, at) => `${columnOf(name, { table, dialect, bind })} as n${at}`),
      `${sign} as sign`,
      ...QUARTER_SUMS.map((column) => `${table.sums[column]} as ${column}`),
    ];
    const terms = [where, ...termsOf(filter, table, { dialect, bind })];
    return `select ${columns.join(', ')} from ${table.name} where ${terms.join(' and ')}`;
  };
  const rows = parts.flatMap((sources, part) => sources.map((source) => rowsOf(source, part)));
  const isSigned = parts.some((sources) => sources.some(({ sign }) => sign < 0));
  const sums = QUARTER_SUMS.map((column) => {
    const sum = `sum(${isSigned ? `sign * ${column}` : column})`;
    return `${MONEY.has(column) ? `cast(${sum} as text)` : sum} as ${column}`;
  });
  const text = `select ${[...labels, ...sums].join(', ')} from (${rows.join(' union all ')}) as all_rows
    group by ${labels.join(', ')} order by part`;
  return { text, values };
}

type Bind = (value: string | number) => string;

function columnOf(
  name: NameDimension,
  { table, dialect, bind }: { table: SpendTable; dialect: Dialect; bind: Bind },
): string {
  if (!isTag(name)) return table.names[name];
  const tag = bind(name.slice('tag:'.length));
  // A row without tags has '' or null, which is not JSON.
  return dialect.kind === 'postgres'
    ? `cast(nullif(tags, '') as json) ->> ${tag}::text`
    : `nullif(tags, '') ->> ${tag}`;
}

export function isTag(name: NameDimension): name is `tag:${string}` {
  return name.startsWith('tag:');
}

function termsOf(
  filter: SpendFilter,
  { names }: SpendTable,
  { dialect, bind }: { dialect: Dialect; bind: Bind },
): string[] {
  const terms: string[] = [];
  const equal = (column: string, value: string | undefined): void => {
    if (value !== undefined) terms.push(`${column} = ${bind(value)}`);
  };
  equal(names.key, filter.key);
  equal('key_id', filter.keyId);
  equal(names.user, filter.user);
  equal(names.model, filter.model);
  equal(names.provider, filter.provider);
  equal(names.end_user, filter.endUser);
  if (filter.team !== undefined) {
    const find = dialect.kind === 'postgres' ? 'strpos' : 'instr';
    // SQLite takes the values in the order in which they appear.
    const itself = bind(filter.team);
    const above = bind(`/${pathSegment(filter.team)}/`);
    terms.push(`(team = ${itself} or ${find}('/' || team_path || '/', ${above}) > 0)`);
  }
  return terms;
}
