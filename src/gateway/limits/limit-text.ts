import type { Claim, LimitPeriod } from '../../limits/claim.ts';

/** The owner of a limit as refusals name it: `key "app"`, `team "search"`, or `gateway`. */
export function ownerText({ scope, scopeId, name }: Claim): string {
  switch (scope) {
    case 'global':
      return 'gateway';
    case 'team_user':
      return isKeyInTeam(scopeId) ? `key "${name}"` : `user "${name}"`;
    case 'end_user':
      return `end user "${name}"`;
    case 'team':
    case 'user':
    case 'key':
      return `${scope} "${name}"`;
  }
}

/** A key without a user counts as a user of its team: `TEAM:key:KEY`. */
function isKeyInTeam(scopeId: string): boolean {
  return scopeId.split(':').length === 3;
}

/** An amount in the unit of the limit: `$37.61`, `100,000 tokens`. */
export function amountText({ kind }: Claim, amount: number): string {
  return kind === 'cost' ? `$${shortDollars(amount)}` : `${wholeText(amount)} ${UNITS[kind]}`;
}

const UNITS = {
  tokens: 'tokens',
  input_tokens: 'input tokens',
  output_tokens: 'output tokens',
  requests: 'requests',
  concurrent: 'requests',
} as const;

/** Dollars with two to nine decimals, as many as needed: `37.61`, `0.0012345`. */
export function shortDollars(nano: number): string {
  const whole = Math.floor(Math.max(0, nano) / NANO);
  const part = Math.round(Math.max(0, nano) - whole * NANO);
  // The leading one keeps the zeros after it.
  const digits = String(NANO + part);
  let end = digits.length;
  while (end > LEAST_DIGITS && digits.charCodeAt(end - 1) === ZERO) end -= 1;
  return `${whole}.${digits.slice(1, end)}`;
}

/** Nano-dollars in a dollar. */
const NANO = 1e9;
/** The leading one and two decimals. */
const LEAST_DIGITS = 3;
const ZERO = 0x30;

function wholeText(amount: number): string {
  return Math.round(amount).toLocaleString('en-US');
}

/** `a minute`, `a month`, `in total`. */
export function periodText(period: LimitPeriod | undefined): string {
  switch (period?.unit) {
    case undefined:
      return 'at a time';
    case 'hour':
      return 'an hour';
    case 'total':
      return 'in total';
    case 'second':
    case 'minute':
    case 'day':
    case 'week':
    case 'month':
      return `a ${period.unit}`;
  }
}

/** The window of a budget within a sentence: `this month`, `an hour`. */
export function windowText(period: LimitPeriod | undefined): string {
  switch (period?.unit) {
    case 'day':
      return 'today';
    case 'week':
    case 'month':
      return `this ${period.unit}`;
    case undefined:
    case 'second':
    case 'minute':
    case 'hour':
    case 'total':
      return periodText(period);
  }
}
