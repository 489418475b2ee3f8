import { dayOf } from '../../lib/calendar.ts';
import { nearest } from '../../lib/nearest.ts';
import type { Claim, LimitKind, LimitPeriod, ScopeKind } from '../../limits/claim.ts';
import { firstInstant, isTimezone } from '../../limits/window.ts';
import type { LimitOptions } from '../compiled-limits.ts';
import type { LimitSettings } from '../read/normalise-limits.ts';
import { type Finding, formatPath, type Path } from '../read/problems.ts';
import { matcher } from './name-pattern.ts';

/** A claim with the test for the public models that it counts; undefined: all. */
export interface FilteredClaim {
  readonly claim: Claim;
  readonly fits: ((publicModel: string) => boolean) | undefined;
}

/** The scope whose requests a list of limits counts. */
export interface Scope {
  readonly scope: ScopeKind;
  /** The ids that tell it apart from others of its kind. */
  readonly ids: readonly string[];
  /** For refusals. */
  readonly name: string;
  /** For windows that name no time zone; undefined: the one of `limits_options`. */
  readonly timezone: string | undefined;
}

/** A limit of each end user of one key. */
export interface EndUserLimit {
  readonly fits: (publicModel: string) => boolean;
  readonly claimOf: (endUser: string) => Claim;
}

export interface ClaimMaker {
  /** The claims of a list, those that refuse most likely first. */
  readonly claims: (list: readonly LimitSettings[], scope: Scope) => FilteredClaim[];
  readonly endUserLimit: (limit: LimitSettings, keyId: string, timezone: string | undefined) => EndUserLimit;
  /** Finds the problems of a list whose claims are not made yet. */
  readonly check: (list: readonly LimitSettings[], timezone: string | undefined) => void;
  /** The problems that were found until now. */
  readonly findings: readonly Finding[];
}

/** Makes claims. Equal periods become one object, whose window is then looked up once. */
export function createClaimMaker(options: LimitOptions): ClaimMaker {
  const findings: Finding[] = [];
  const reported = new Set<string>();
  // A list of `per_user` is read once for each user.
  const report = (finding: Finding): void => {
    const path = formatPath(finding.path);
    if (!reported.has(path)) findings.push(finding);
    reported.add(path);
  };
  const periodOf = periodMaker(options, report);
  const limitIds = new Map<string, string>();
  const filters = new Map<readonly string[], FilteredClaim['fits']>();

  const filterOf = ({ models = ANY }: LimitSettings): FilteredClaim['fits'] => {
    const fits = filters.get(models) ?? testOf(models);
    filters.set(models, fits);
    return fits;
  };
  const claimOf = (limit: LimitSettings, owner: Owner): Claim => {
    // Thousands of keys have the same ids of limits.
    const id = limitIds.get(limit.id) ?? limit.id;
    limitIds.set(id, id);
    return newClaim(owner, limit, { id, period: periodOf(limit, owner.timezone), hold: options.hold });
  };
  // Thousands of keys have the same list.
  const sorted = new Map<readonly LimitSettings[], readonly LimitSettings[]>();
  const inOrder = (list: readonly LimitSettings[]): readonly LimitSettings[] => {
    const order = sorted.get(list) ?? list.toSorted(byTightness);
    sorted.set(list, order);
    return order;
  };

  if (!isTimezone(options.timezone)) report(unknownZone(['limits_options', 'timezone'], options.timezone));
  return {
    findings,
    claims(list, scope) {
      const owner = ownerOf(scope);
      return inOrder(list).map((limit) => ({ claim: claimOf(limit, owner), fits: filterOf(limit) }));
    },
    check(list, timezone) {
      for (const limit of list) periodOf(limit, timezone);
    },
    endUserLimit(limit, keyId, timezone) {
      const template = claimOf(limit, ownerOf({ scope: 'end_user', ids: [keyId, ''], name: '', timezone }));
      return {
        fits: filterOf(limit) ?? (() => true),
        claimOf(endUser) {
          const scopeId = scopeIdOf([keyId, endUser]);
          const counter = `end_user:${scopeId}/${limit.id}`;
          return { ...template, counter, scopeId, name: endUser };
        },
      };
    },
  };
}

type PeriodMaker = (limit: LimitSettings, inheritedZone: string | undefined) => LimitPeriod | undefined;

/** Makes the periods of limits, each once. */
function periodMaker(options: LimitOptions, report: (finding: Finding) => void): PeriodMaker {
  const periods = new Map<string, LimitPeriod>();
  const last = new Map<
    LimitSettings,
    { readonly inherited: string | undefined; readonly period: LimitPeriod }
  >();
  const zoneOf = (limit: LimitSettings, inherited: string | undefined): string => {
    if (limit.timezone !== undefined && !isTimezone(limit.timezone))
      report(unknownZone([...limit.at, 'timezone'], limit.timezone));
    const zone = limit.timezone ?? inherited ?? options.timezone;
    // A zone that is none is reported where it stands.
    return isTimezone(zone) ? zone : 'UTC';
  };
  return (limit, inherited) => {
    const { per } = limit;
    if (per === undefined) return undefined;
    const known = last.get(limit);
    if (known !== undefined && known.inherited === inherited) return known.period;
    const zone = zoneOf(limit, inherited);
    const startMs = limit.start === undefined ? undefined : momentOf(limit.start, zone);
    if (limit.start !== undefined && startMs === undefined)
      report({ path: [...limit.at, 'start'], message: START_FAULT });
    const text = `${per} ${zone} ${limit.weekStarts} ${startMs}`;
    const period = periods.get(text) ?? newPeriod(limit, zone, startMs);
    periods.set(text, period);
    last.set(limit, { inherited, period });
    return period;
  };
}

/** A scope as its claims name it. */
interface Owner extends Pick<Claim, 'scope' | 'scopeId' | 'name'> {
  /** The beginning of the names of the counters of its claims. */
  readonly prefix: string;
  readonly timezone: string | undefined;
}

function ownerOf({ scope, ids, name, timezone }: Scope): Owner {
  const scopeId = scopeIdOf(ids);
  return { scope, scopeId, name, timezone, prefix: scopeId === '' ? scope : `${scope}:${scopeId}` };
}

type Resolved = Pick<Claim, 'period' | 'hold'> & { readonly id: string };

function newClaim(owner: Owner, limit: LimitSettings, { id, period, hold }: Resolved): Claim {
  const { scope, scopeId, name } = owner;
  const { kind, amount, per } = limit;
  const isBucket = per === 'second' || per === 'minute' || per === 'hour';
  return {
    counter: `${owner.prefix}/${id}`,
    scope,
    scopeId,
    name,
    limitId: id,
    kind,
    amount,
    period,
    burst: isBucket ? (limit.burst ?? amount) : undefined,
    hold: limit.hold ?? hold,
    isSoft: limit.isSoft,
    alertAt: limit.alertAt,
    countsCached: limit.countsCached,
    models: limit.models,
  };
}

function newPeriod(
  { per = 'total', weekStarts }: LimitSettings,
  timezone: string,
  startMs: number | undefined,
): LimitPeriod {
  switch (per) {
    case 'second':
    case 'minute':
    case 'hour':
      return { unit: per };
    case 'day':
    case 'month':
      return { unit: per, timezone };
    case 'week':
      return { unit: per, timezone, weekStarts };
    case 'total':
      return { unit: per, startMs };
  }
}

/** The `scopeId` of claims. Ids may contain what separates them. */
export function scopeIdOf(ids: readonly string[]): string {
  return ids.map((id) => id.replaceAll(/[%:/]/g, (found) => SEPARATORS[found] ?? found)).join(':');
}

/** The id behind one part of a `scopeId`. */
export function idIn(part: string): string {
  return part.replaceAll(/%(?:25|3A|2F)/g, decodeURIComponent);
}

const SEPARATORS: Readonly<Record<string, string>> = { '%': '%25', ':': '%3A', '/': '%2F' };

const ANY: readonly string[] = ['*'];

function testOf(models: readonly string[]): FilteredClaim['fits'] {
  if (models.includes('*')) return undefined;
  const tests = models.map(matcher);
  if (tests.length === 1) return tests[0];
  return (name) => tests.some((fits) => fits(name));
}

const KIND_ORDER: readonly LimitKind[] = [
  'concurrent',
  'requests',
  'tokens',
  'input_tokens',
  'output_tokens',
  'cost',
];
const PERIOD_ORDER = [undefined, 'second', 'minute', 'hour', 'day', 'week', 'month', 'total'] as const;

/** Orders limits: first those that are cheapest to know, then by the shortest period, then by the smallest amount. */
function byTightness(a: LimitSettings, b: LimitSettings): number {
  return (
    KIND_ORDER.indexOf(a.kind) - KIND_ORDER.indexOf(b.kind) ||
    PERIOD_ORDER.indexOf(a.per) - PERIOD_ORDER.indexOf(b.per) ||
    a.amount - b.amount
  );
}

const START_FAULT =
  'must be a day such as "2026-12-01", or a time with its zone such as "2026-12-01T08:00:00Z"';

/** A day begins in the zone of the limit. undefined: the text is neither a day nor a moment. */
function momentOf(text: string, timezone: string): number | undefined {
  const [, year, month, date] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? [];
  if (year !== undefined) {
    const day = dayOf({ year: Number(year), month: Number(month), date: Number(date) });
    const isReal = new Date(day * 86_400_000).toISOString().startsWith(text);
    return isReal ? firstInstant(timezone, day) : undefined;
  }
  if (!/^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d.*(?:[Zz]|[+-]\d\d:\d\d)$/.test(text)) return undefined;
  const moment = Date.parse(text);
  return Number.isFinite(moment) ? moment : undefined;
}

/** The finding for a zone that does not exist. */
export function unknownZone(path: Path, name: string): Finding {
  const suggestion = nearest(name, Intl.supportedValuesOf('timeZone'));
  return {
    path,
    message: `"${name}" is not a time zone; write its name in the IANA database, such as Europe/Berlin`,
    ...(suggestion !== undefined && { suggestion }),
  };
}
