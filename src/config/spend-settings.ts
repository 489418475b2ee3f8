import type { EndUsers } from './owners.ts';

/** `spend`: where use is counted. */
export interface SpendSettings {
  /** `sqlite://` and a path, for file mode; in database mode the database counts. */
  readonly store: string;
  /** The folder of the journal; undefined: none, and a restart forgets. */
  readonly journal: string | undefined;
  /** Whether the configuration names the folder, so that a second process must not take another one. */
  readonly isJournalNamed: boolean;
  /** How often the journal is forced to disk; 0: each line. */
  readonly fsyncMs: number;
  /** The treatment of requests while the journal cannot be written. */
  readonly onFull: 'serve' | 'refuse';
  readonly maxJournalBytes: number;
  /** Whether the folder may be on a network disk. */
  readonly allowNetworkDisk: boolean;
}

export const DEFAULT_SPEND: SpendSettings = {
  store: 'sqlite://.llm-proxy/spend.db',
  journal: '.llm-proxy/journal',
  isJournalNamed: false,
  fsyncMs: 1000,
  onFull: 'serve',
  maxJournalBytes: 1024 * 1024 * 1024,
  allowNetworkDisk: false,
};

/** `attribution`: what is stored about the people behind requests. */
export interface AttributionSettings {
  /** `hash`: a keyed hash, which tells people apart but names none. */
  readonly endUser: 'store' | 'hash' | 'off';
  /** The rule for keys that say nothing, and for requests without a key. */
  readonly endUsers: EndUsers;
}

export const ALERT_EVENTS = [
  'limit.threshold',
  'limit.exceeded',
  'key.expires_soon',
  'price.unknown',
] as const;
export type AlertEvent = (typeof ALERT_EVENTS)[number];

/** One entry of `alerts`: an address that is told of events. */
export interface AlertHook {
  /** http or https. */
  readonly url: string;
  /** Signs what is sent; undefined: nothing is signed. */
  readonly secret: string | undefined;
  readonly events: readonly AlertEvent[];
}

/** `shared_state`: how several machines agree. */
export interface SharedStateSettings {
  /** `none`: every machine counts for itself. `auto`: `postgres` if the configuration is in PostgreSQL, else `none`. */
  readonly driver: 'auto' | 'none' | 'postgres' | 'redis';
  /** The address of Redis or Valkey; only with `redis`. */
  readonly url: string | undefined;
  /** A file with the authorities that may sign the certificate of Redis; undefined: those of the system. */
  readonly caFile: string | undefined;
  /** Distinguishes this installation from others on the same Redis; undefined: the id of its database. */
  readonly namespace: string | undefined;
  /** How long a request waits for the store. */
  readonly deadlineMs: number;
  /** The most of a limit that a machine takes at once, besides its reserve. */
  readonly leasePercent: number;
  /**
   * The leases that a machine uses for limits of a day or longer while the store does not answer. `share`: its leases and its
   * reserve. `closed`: its leases, and it keeps no reserve. `open`: all that it needs.
   */
  readonly money: 'share' | 'closed' | 'open';
  /** The fate of a lost machine's leases. `release`: others may take them. `spent`: they count as spent. */
  readonly forget: 'release' | 'spent';
  /** Whether each request asks the store. */
  readonly isExact: boolean;
}

export const DEFAULT_SHARED_STATE: SharedStateSettings = {
  driver: 'auto',
  url: undefined,
  caFile: undefined,
  namespace: undefined,
  deadlineMs: 50,
  leasePercent: 2,
  money: 'share',
  forget: 'release',
  isExact: false,
};

/** The driver that `auto` stands for, where the configuration is in PostgreSQL or elsewhere. */
export function driverOf(
  { driver }: Pick<SharedStateSettings, 'driver'>,
  isInPostgres: boolean,
): Exclude<SharedStateSettings['driver'], 'auto'> {
  if (driver !== 'auto') return driver;
  return isInPostgres ? 'postgres' : 'none';
}
