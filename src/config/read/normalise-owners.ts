import type {
  AttributionSettings,
  AlertHook,
  SharedStateSettings,
  SpendSettings,
} from '../spend-settings.ts';
import { ALERT_EVENTS, DEFAULT_SHARED_STATE, DEFAULT_SPEND } from '../spend-settings.ts';
import { DEFAULT_LIMIT_OPTIONS, type LimitOptions } from '../compiled-limits.ts';
import type { Tags } from '../owners.ts';
import type { KeyOwnershipFile } from '../schema/owner-schema.ts';
import type { ConfigFile } from '../schema/schema.ts';
import { bytesOf, millisecondsOf } from '../schema/units.ts';
import { type LimitSettings, normaliseLimits } from './normalise-limits.ts';
import type { Finding, Path } from './problems.ts';

/** The owners of keys and the limits for everybody, in the units of the program. Names are not resolved yet. */
export interface OwnerSettings {
  readonly teams: readonly TeamSettings[];
  readonly users: readonly UserSettings[];
  /** The limits of the whole gateway. */
  readonly limits: readonly LimitSettings[];
  readonly limitOptions: LimitOptions;
  readonly spend: SpendSettings;
  readonly sharedState: SharedStateSettings;
  readonly attribution: AttributionSettings;
  readonly alerts: readonly AlertHook[];
}

export interface TeamSettings {
  readonly at: Path;
  /** The id that its use is counted by: its first name. */
  readonly id: string;
  readonly name: string;
  readonly parent: string | undefined;
  readonly timezone: string | undefined;
  /** Names or patterns; empty: all models. */
  readonly allowedModels: readonly string[];
  readonly tags: Tags;
  readonly limits: readonly LimitSettings[];
  readonly perUser: readonly LimitSettings[];
}

export interface UserSettings {
  readonly at: Path;
  /** The id that its use is counted by: its first name. */
  readonly id: string;
  readonly name: string;
  readonly email: string | undefined;
  readonly limits: readonly LimitSettings[];
}

/** The part of a key that says whose it is. */
export interface KeyOwnershipSettings {
  readonly team: string | undefined;
  readonly user: string | undefined;
  readonly expiresAtMs: number | undefined;
  readonly tags: Tags;
  readonly clientTags: readonly string[];
  readonly endUsers: 'off' | 'optional' | 'required' | undefined;
  readonly selfRotate: boolean;
  /** All of them hold. */
  readonly limitList: readonly LimitSettings[];
  readonly perEndUser: readonly LimitSettings[];
}

type Report = (finding: Finding) => void;

export function normaliseOwners(file: ConfigFile, report: Report): OwnerSettings {
  return {
    teams: normaliseTeams(file, report),
    users: (file.users ?? []).map((user, index) => ({
      at: ['users', index],
      id: user.renamed_from ?? user.name,
      name: user.name,
      email: user.email ?? undefined,
      limits: normaliseLimits(user.limits, ['users', index, 'limits'], report),
    })),
    limits: normaliseLimits(file.limits, ['limits'], report),
    limitOptions: normaliseOptions(file.limits_options),
    spend: normaliseSpend(file.spend),
    sharedState: normaliseSharedState(file.shared_state),
    attribution: {
      endUser: file.attribution?.end_user ?? 'store',
      endUsers: isNamed(file.attribution?.end_user) ? 'optional' : 'off',
    },
    alerts: (file.alerts ?? []).map(({ url, secret, events }) => ({
      url,
      secret: secret ?? undefined,
      events: events ?? ALERT_EVENTS,
    })),
  };
}

function isNamed(endUser: 'store' | 'hash' | 'off' | null | undefined): boolean {
  return endUser === 'store' || endUser === 'hash';
}

function normaliseTeams(file: ConfigFile, report: Report): TeamSettings[] {
  return (file.teams ?? []).map((team, index) => {
    const at = ['teams', index];
    return {
      at,
      id: team.renamed_from ?? team.name,
      name: team.name,
      parent: team.parent ?? undefined,
      timezone: team.timezone ?? undefined,
      allowedModels: team.allowed_models ?? [],
      tags: team.tags ?? {},
      limits: normaliseLimits(team.limits, [...at, 'limits'], report),
      perUser: normaliseLimits(team.per_user, [...at, 'per_user'], report),
    };
  });
}

function normaliseOptions(file: ConfigFile['limits_options']): LimitOptions {
  return {
    timezone: file?.timezone ?? DEFAULT_LIMIT_OPTIONS.timezone,
    hold: file?.hold ?? DEFAULT_LIMIT_OPTIONS.hold,
    budgetStatus: file?.budget_status ?? DEFAULT_LIMIT_OPTIONS.budgetStatus,
    graceAfterExpiryMs: millisecondsOf(file?.grace_after_expiry ?? 0),
    refundFailed: file?.refund_failed ?? false,
    showTeamLimits: file?.show_team_limits ?? false,
  };
}

function normaliseSpend(file: ConfigFile['spend']): SpendSettings {
  const folder = file?.journal ?? undefined;
  return {
    store: file?.store ?? DEFAULT_SPEND.store,
    journal: folder === 'memory' ? undefined : (folder ?? DEFAULT_SPEND.journal),
    isJournalNamed: folder !== undefined && folder !== 'memory',
    fsyncMs: typeof file?.fsync === 'number' ? millisecondsOf(file.fsync) : DEFAULT_SPEND.fsyncMs,
    onFull: file?.on_full ?? DEFAULT_SPEND.onFull,
    maxJournalBytes:
      typeof file?.journal_max_mb === 'number' ? bytesOf(file.journal_max_mb) : DEFAULT_SPEND.maxJournalBytes,
    allowNetworkDisk: file?.journal_allow_network ?? false,
  };
}

function normaliseSharedState(file: ConfigFile['shared_state']): SharedStateSettings {
  if (file === undefined || file === null) return DEFAULT_SHARED_STATE;
  return {
    driver: file.driver ?? DEFAULT_SHARED_STATE.driver,
    url: file.url ?? undefined,
    caFile: file.ca_file ?? undefined,
    namespace: file.namespace ?? undefined,
    deadlineMs: file.deadline_ms ?? DEFAULT_SHARED_STATE.deadlineMs,
    leasePercent: file.lease_percent ?? DEFAULT_SHARED_STATE.leasePercent,
    money: file.money ?? DEFAULT_SHARED_STATE.money,
    forget: file.forget ?? DEFAULT_SHARED_STATE.forget,
    isExact: file.exact ?? DEFAULT_SHARED_STATE.isExact,
  };
}

/**
 * Reads whose key it is. `at` is the path of the key. `read` has the lists of limits that were read before: one object
 * that many keys have is read once.
 */
export function normaliseKeyOwnership(
  key: KeyOwnershipFile,
  at: Path,
  { report, read }: { readonly report: Report; readonly read: ReadLimits },
): KeyOwnershipSettings {
  const limitsAt = (name: 'limits' | 'per_end_user'): readonly LimitSettings[] => {
    const list = key[name];
    if (!list) return NONE;
    const limits = read.get(list) ?? normaliseLimits(list, [...at, name], report);
    read.set(list, limits);
    return limits;
  };
  return {
    team: key.team ?? undefined,
    user: key.user ?? undefined,
    expiresAtMs: typeof key.expires_at === 'string' ? Date.parse(key.expires_at) : undefined,
    tags: key.tags ?? NO_TAGS,
    clientTags: key.client_tags ?? NONE,
    endUsers: key.end_users ?? undefined,
    selfRotate: key.self_rotate ?? false,
    limitList: limitsAt('limits'),
    perEndUser: limitsAt('per_end_user'),
  };
}

/** Lists of limits by the object that they were read from. */
export type ReadLimits = Map<object, readonly LimitSettings[]>;

const NO_TAGS: Tags = {};
const NONE: readonly never[] = [];
