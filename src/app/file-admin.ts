import { createAdmin } from '../admin/admin.ts';
import { FileStore, type FileStoreOptions, type Loaded } from '../admin/file-store.ts';
import { findWeakness } from '../lib/key-strength.ts';
import { adminTablesInMemory } from '../store/admin-tables.ts';
import { type LastUse, lastUseIn, NO_LAST_USE } from '../store/last-use.ts';
import { type RequestRecords, requestRecords } from '../store/records/request-record-table.ts';
import { RecentRecords } from '../store/records/recent-records.ts';
import { recordOf } from '../store/records/request-record.ts';
import { version } from '../version.ts';
import { logAudit } from './audit-log.ts';
import { readSecretVariables } from './secret-variables.ts';
import { spendServices } from './spend-services.ts';
import type { Database } from '../store/database.ts';
import type { SpendSide } from './spend-side.ts';
import type { Sharing } from './sharing.ts';
import type { AdminSide, Serving } from './serving.ts';

export interface FileAdminOptions extends Omit<FileStoreOptions, 'requests' | 'admin'> {
  readonly spend: SpendSide;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The configuration that requests are served with. */
  readonly inForce: () => Loaded;
  /** undefined until the gateway listens. */
  readonly serving: () => Serving | undefined;
  /** undefined: limits are not shared with other gateways. */
  readonly sharing: () => Sharing | undefined;
}

/** The Admin API of a gateway whose configuration is a file. */
export interface FileAdmin {
  /** undefined: no usable ADMIN_KEY is set, so there is no Admin API. */
  readonly side: AdminSide | undefined;
  /** Why a configured key is not accepted, one sentence each. */
  readonly warnings: readonly string[];
}

/** Opens the Admin API over a configuration file if `ADMIN_KEY` is set. It reads, and changes no configuration. */
export function openFileAdmin(options: FileAdminOptions): FileAdmin {
  const variables = readSecretVariables(options.env);
  if (variables.kind === 'wrong') return closed(variables.message.replace(/\.$/, ''));
  const adminKey = variables.env['ADMIN_KEY'] ?? '';
  if (adminKey === '') return { side: undefined, warnings: [] };
  const weakness = findWeakness(adminKey);
  return weakness === undefined
    ? { side: sideOf(adminKey, options), warnings: [] }
    : closed(`ADMIN_KEY ${weakness}`);
}

const DAY_MS = 86_400_000;

function closed(why: string): FileAdmin {
  return { side: undefined, warnings: [`${why}. The Admin API is not served.`] };
}

function sideOf(
  adminKey: string,
  { path, reload, inForce, serving, sharing, spend }: FileAdminOptions,
): AdminSide {
  const recent = new RecentRecords();
  const { requests, lastUse } = whatIsKept(() => spend.spend?.database, recent);
  const admin = { ...adminTablesInMemory(Date.now), lastUse };
  const endpoint = createAdmin({
    store: new FileStore({ path, requests, admin, reload }, inForce),
    adminKey,
    version,
    configurationFile: path,
    running: () => serving()?.running,
    spend: {
      ...spendServices(() => spend.spend?.database, { spend, snapshot: () => inForce().snapshot }),
      leases: () => sharing()?.leases(),
      leaseHealth: () => sharing()?.state()?.store,
      node: () => sharing()?.node,
    },
    nowMs: Date.now,
    standing: (claim) => serving()?.standing(claim),
    audit(entry) {
      const log = serving()?.log;
      if (log !== undefined) logAudit(entry, log);
    },
    onBug: (error) => serving()?.emit({ type: 'bug', requestId: undefined, error }),
  });
  return {
    endpoint,
    close: endpoint.close,
    record(event) {
      if (event.type === 'request-ended') recent.add(recordOf(event, Date.now()));
    },
    // Workers forward their records at once, so the retention only has to be above 0.
    retentionMs: DAY_MS,
    records: () => ({ waiting: 0, dropped: 0 }),
    insert: (records) => recent.insert(records),
  };
}

/** Reads from the ledger's database where there is one, and from memory where there is none. */
function whatIsKept(
  database: () => Database | undefined,
  recent: RecentRecords,
): Pick<FileStoreOptions, 'requests'> & { readonly lastUse: LastUse } {
  let known: { readonly requests: RequestRecords; readonly lastUse: LastUse } | undefined;
  const kept = () => {
    const opened = database();
    if (opened === undefined) return { requests: recent, lastUse: NO_LAST_USE };
    known ??= { requests: requestRecords(opened), lastUse: lastUseIn(opened, Date.now) };
    return known;
  };
  return {
    requests: {
      search: (page) => kept().requests.search(page),
      find: (requestId) => kept().requests.find(requestId),
      series: (query) => kept().requests.series(query),
      sum: (filter, dimensions) => kept().requests.sum(filter, dimensions),
    },
    lastUse: { of: (keyIds) => kept().lastUse.of(keyIds) },
  };
}
