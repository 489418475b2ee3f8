import { parseCsv } from './parse-csv.ts';

/** One line of a file of usage from another program. */
export interface ImportRow {
  /** Counts from 1. */
  readonly line: number;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly key: string | undefined;
  readonly team: string | undefined;
  readonly user: string | undefined;
  readonly model: string;
  readonly provider: string;
  readonly requests: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Nano-dollars. */
  readonly cost: number;
  /** Unique among the lines of the same source. */
  readonly externalId: string;
}

/** A line that cannot be imported. */
export interface RefusedLine {
  readonly line: number;
  /** A clause. */
  readonly problem: string;
}

/** The fields of a line. `key`, `team` or `user` has to be there. */
const FIELDS = [
  'at',
  'key',
  'team',
  'user',
  'model',
  'provider',
  'requests',
  'input_tokens',
  'output_tokens',
  'cost',
  'external_id',
] as const;
type Field = (typeof FIELDS)[number];
type Fields = Readonly<Partial<Record<Field, string>>>;

/**
 * Reads CSV with a header, or one JSON object per line. A line without `external_id` is identified by its contents; a
 * second line with the same contents counts separately.
 */
export function readImport(text: string): { readonly rows: ImportRow[]; readonly refused: RefusedLine[] } {
  const rows: ImportRow[] = [];
  const refused: RefusedLine[] = [];
  const seen = new Map<string, number>();
  for (const { line, fields, problem } of linesOf(clean(text))) {
    const row = problem ?? rowOf(fields, line, seen);
    if (typeof row === 'string') refused.push({ line, problem: row });
    else rows.push(row);
  }
  return { rows, refused };
}

/** Removes a byte order mark and everything that PostgreSQL refuses. */
function clean(text: string): string {
  return text
    .replace(/^\u{feff}/u, '')
    .replaceAll('\0', '\u{fffd}')
    .toWellFormed();
}

interface Line {
  readonly line: number;
  readonly fields: Fields;
  readonly problem?: string;
}

function linesOf(text: string): Line[] {
  return /^\s*\{/.test(text) ? jsonLines(text) : csvLines(text);
}

function jsonLines(text: string): Line[] {
  return text.split('\n').flatMap((line, index): Line[] => {
    if (line.trim() === '') return [];
    try {
      const value = JSON.parse(line) as Readonly<Record<string, unknown>>;
      const known = Object.entries(value).filter(([, one]) => one !== null);
      return [{ line: index + 1, fields: Object.fromEntries(known.map(([key, one]) => [key, String(one)])) }];
    } catch {
      return [{ line: index + 1, fields: {}, problem: 'is not JSON' }];
    }
  });
}

function csvLines(text: string): Line[] {
  const [header, ...records] = parseCsv(text);
  if (header === undefined) return [];
  const names = header.cells.map((name) => name.trim().toLowerCase());
  const unknown = names.find((name) => !FIELDS.some((field) => field === name));
  if (unknown !== undefined) {
    const problem = `has the unknown column "${unknown.slice(0, 40)}"; known are ${FIELDS.join(', ')}`;
    return [{ line: header.line, fields: {}, problem }];
  }
  return records.map(({ line, cells }) => {
    const pairs = cells.map((cell, at) => [names[at] ?? '', cell.trim()] as const);
    return { line, fields: Object.fromEntries(pairs.filter(([, cell]) => cell !== '')) };
  });
}

/** The row, or its problem. */
function rowOf(fields: Fields, line: number, seen: Map<string, number>): ImportRow | string {
  const { key, team, user } = fields;
  if (key === undefined && team === undefined && user === undefined) return 'names no key, team or user';
  const atMs = momentOf(fields.at ?? '');
  if (atMs === undefined) return 'has no time in `at`, such as 2026-11-30T12:00:00Z';
  const cost = fields.cost === undefined ? 0 : nanoOf(fields.cost);
  if (cost === undefined) return 'has a `cost` that is no number of dollars up to 9,000,000';
  const counts = ['requests', 'input_tokens', 'output_tokens'] as const;
  const [requests, inputTokens, outputTokens] = counts.map((name) => countOf(fields[name]));
  if (requests === undefined || inputTokens === undefined || outputTokens === undefined)
    return `has a count in ${counts.join(', ')} that is no whole number`;
  const { model = '', provider = '' } = fields;
  const externalId = fields.external_id?.slice(0, 200) ?? idOf(fields, seen);
  const names = { key, team, user, model: model.slice(0, 256), provider: provider.slice(0, 256) };
  return { line, atMs, ...names, requests, inputTokens, outputTokens, cost, externalId };
}

function idOf(fields: Fields, seen: Map<string, number>): string {
  const text = JSON.stringify(FIELDS.map((field) => fields[field] ?? null));
  const hash = new Bun.CryptoHasher('sha256').update(text).digest('hex').slice(0, 32);
  const number = (seen.get(hash) ?? 0) + 1;
  seen.set(hash, number);
  return `${hash}-${number}`;
}

/** A date or time in ISO 8601, or a number of seconds or milliseconds since 1970. */
function momentOf(text: string): number | undefined {
  if (/^\d{9,13}(?:\.\d+)?$/.test(text)) {
    const number = Number(text);
    return Math.round(number < 1e11 ? number * 1000 : number);
  }
  if (!/^\d{4}-\d\d-\d\d(?:[T ].*)?$/.test(text)) return undefined;
  const time = /(?:[Zz]|[+-]\d\d:?\d\d)$/.test(text) || text.length === 10 ? text : `${text}Z`;
  const ms = Date.parse(time);
  return Number.isFinite(ms) && ms > 0 ? ms : undefined;
}

function countOf(text: string | undefined): number | undefined {
  if (text === undefined) return 0;
  const count = Number(text);
  return Number.isSafeInteger(count) && count >= 0 && count <= 1e15 ? count : undefined;
}

const MOST_DOLLARS = 9_000_000;

/** Dollars as nano-dollars, rounded half up; undefined: it is no amount of money. Credits are negative. */
export function nanoOf(dollars: string): number | undefined {
  const number = Number(dollars);
  if (dollars.trim() === '' || !Number.isFinite(number) || Math.abs(number) > MOST_DOLLARS) return undefined;
  const [, sign = '', whole = '0', fraction = ''] = /^([+-]?)(\d*)(?:\.(\d*))?$/.exec(dollars.trim()) ?? [];
  if (whole === '' && fraction === '') return undefined;
  if (!/^[+-]?\d*(?:\.\d*)?$/.test(dollars.trim())) return Math.round(number * 1e9);
  const digits = BigInt(`${whole || '0'}${fraction.padEnd(9, '0').slice(0, 9)}`);
  const nano = Number(digits) + (Number(fraction[9] ?? 0) >= 5 ? 1 : 0);
  return sign === '-' ? -nano : nano;
}
