import { type Claim, isBucketPeriod, type LimitKind, type WindowPeriod } from '../limits/claim.ts';
import type { Owners } from './owners.ts';

/**
 * A limit in plain words: `key "app": $50 a month (UTC, from the 1st), counted by this machine, kept in
 * .llm-proxy/spend.db`. `keeping` is a clause that says where use is kept.
 */
export function describeClaim(claim: Claim, owners: Owners, keeping: string): string {
  return `${describeScope(claim, owners)}: ${describeAmount(claim)}${describeKeeping(claim, keeping)}`;
}

/** The owner of a limit, as the configuration says it: `key "app"`, `each user of team "search"`, `the gateway`. */
export function describeScope({ scope, scopeId, name }: Claim, { teams }: Owners): string {
  switch (scope) {
    case 'global':
      return 'the gateway';
    case 'team_user': {
      const team = decodeURIComponent(scopeId.split(':')[0] ?? '');
      return `each user of team "${teams.get(team)?.name ?? team}"`;
    }
    case 'end_user':
      return 'each end user';
    case 'team':
    case 'user':
    case 'key':
      return `${scope} "${name}"`;
  }
}

/** Describes the amount that may be used, and its period: `$50 a month (UTC, from the 1st)`. */
export function describeAmount(claim: Claim): string {
  const { kind, amount, hold, isSoft, countsCached, models } = claim;
  const notes = [
    ...(models === undefined ? [] : [`for ${models.join(', ')} only`]),
    ...(countsCached ? [] : ['cached tokens not counted']),
    ...(hold === 'maximum' && kind !== 'requests' && kind !== 'concurrent'
      ? ['never passed (hold: maximum)']
      : []),
    ...(isSoft ? ['only warns'] : []),
  ];
  return [`${amountWords(kind, amount)}${periodWords(claim)}`, ...notes].join(', ');
}

const UNITS: Readonly<Record<LimitKind, readonly [one: string, many: string]>> = {
  cost: ['', ''],
  tokens: ['token', 'tokens'],
  input_tokens: ['input token', 'input tokens'],
  output_tokens: ['output token', 'output tokens'],
  requests: ['request', 'requests'],
  concurrent: ['request under way at a time', 'requests under way at a time'],
};

function amountWords(kind: LimitKind, amount: number): string {
  if (kind === 'cost') return dollars(amount);
  const [one, many] = UNITS[kind];
  return `${grouped(amount)} ${amount === 1 ? one : many}`;
}

/** An amount without its unit: `100,000`, `$0.5`. */
function plainAmount(kind: LimitKind, amount: number): string {
  return kind === 'cost' ? dollars(amount) : grouped(amount);
}

/** Nano-dollars as dollars: `$50`, `$0.50`, `$0.0025`. */
function dollars(nano: number): string {
  const fraction = String(nano % 1e9)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return `$${grouped(Math.floor(nano / 1e9))}${fraction === '' ? '' : `.${fraction.padEnd(2, '0')}`}`;
}

function grouped(amount: number): string {
  return amount.toLocaleString('en-US');
}

function periodWords({ kind, amount, period, burst = amount }: Claim): string {
  if (period === undefined) return '';
  if (!isBucketPeriod(period)) return windowWords(period);
  const article = period.unit === 'hour' ? 'an' : 'a';
  if (amount === 0) return ` ${article} ${period.unit}`;
  const most = plainAmount(kind, amount + burst);
  return ` ${article} ${period.unit}; up to ${most} in the ${period.unit} after a pause (burst)`;
}

function windowWords(period: WindowPeriod): string {
  switch (period.unit) {
    case 'day':
      return ` a day (${period.timezone})`;
    case 'week':
      return ` a week (${period.timezone}, from ${capital(period.weekStarts)})`;
    case 'month':
      return ` a month (${period.timezone}, from the 1st)`;
    case 'total':
      return period.startMs === undefined ? ' in total' : ` in total (from ${isoText(period.startMs)})`;
  }
}

/** A moment in UTC as ISO 8601, without milliseconds if there are none. */
export function isoText(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('.000Z', 'Z');
}

function capital(word: string): string {
  return `${word.charAt(0).toUpperCase()}${word.slice(1)}`;
}

/**
 * Describes who counts the limit and where its use is kept. The text begins with a comma. It is empty if there is
 * nothing to say.
 */
export function describeKeeping({ period }: Claim, keeping: string): string {
  if (period === undefined) return ', counted by this machine';
  return isBucketPeriod(period) ? '' : `, counted by this machine, ${keeping}`;
}
