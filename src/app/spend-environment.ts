type Environment = Readonly<Record<string, string | undefined>>;

/** The retention and the location of the ledger. */
export interface SpendEnvironment {
  /** Relative paths are below it. */
  readonly dataFolder: string;
  /** 0: no rows of requests are written. */
  readonly recordsMs: number;
  readonly quartersMs: number;
}

/** Days without a setting: those of request records, and more than a year for the sums that reports are made of. */
const DAYS = { REQUEST_RETENTION_DAYS: '30', SPEND_RETENTION_DAYS: '400' };

/**
 * Reads `LLM_PROXY_DATA_DIR` (default: the working directory), `REQUEST_RETENTION_DAYS` and `SPEND_RETENTION_DAYS`. An
 * invalid number of days counts as left out; `findDaysProblem` reports it.
 */
export function readSpendEnvironment(env: Environment): SpendEnvironment {
  return {
    dataFolder: env['LLM_PROXY_DATA_DIR'] || '.',
    recordsMs: daysIn(env, 'REQUEST_RETENTION_DAYS'),
    quartersMs: daysIn(env, 'SPEND_RETENTION_DAYS'),
  };
}

function daysIn(env: Environment, name: keyof typeof DAYS): number {
  return parseDays(env[name] || DAYS[name]) ?? parseDays(DAYS[name]) ?? 0;
}

/** The message about an invalid number of days. */
export function findDaysProblem(env: Environment): string | undefined {
  for (const [name, days] of Object.entries(DAYS)) {
    if (parseDays(env[name] || days) === undefined)
      return `${name} must be a number of days from 0 to 36500.`;
  }
  return undefined;
}

const DAY_MS = 86_400_000;

/** Parses days, possibly fractional, as milliseconds. */
function parseDays(text: string): number | undefined {
  const days = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Infinity;
  return days <= 36_500 ? days * DAY_MS : undefined;
}
