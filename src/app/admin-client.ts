import { createAdmin } from '../admin/admin.ts';
import type { AdminOptions } from '../admin/admin-options.ts';
import { FileStore, type Loaded } from '../admin/file-store.ts';
import { systemClock } from '../lib/system-clock.ts';
import { readLedger } from '../spend/ledger/read-ledger.ts';
import { adminTablesInMemory } from '../store/admin-tables.ts';
import type { Database } from '../store/database.ts';
import { RecentRecords } from '../store/records/recent-records.ts';
import type { JsonObject } from '../store/revision.ts';
import type { Store } from '../store/store.ts';
import { version } from '../version.ts';
import { standingsFrom } from './claim-standing.ts';

/** The Admin API without a gateway, for a command of this machine. */
export interface AdminClient {
  /** Resolves with the body of the answer; `{}` if there is none. Throws `AdminRefused`. */
  readonly call: (method: string, path: string, body?: JsonObject) => Promise<JsonObject>;
}

/** A call was refused. The message has no stop at its end. */
export class AdminRefused extends Error {}

/** The Admin API over the database of the configuration. */
export async function adminOverStore(store: Store): Promise<AdminClient> {
  return clientOf({ store, ...store.console, standing: await standingsIn(store.database) });
}

/** The Admin API over a configuration file, which it only reads. `database` is that of the ledger. */
export async function adminOverFile(
  path: string,
  loaded: Loaded,
  database: Database | undefined,
): Promise<AdminClient> {
  const store = new FileStore(
    {
      path,
      requests: new RecentRecords(),
      admin: adminTablesInMemory(Date.now),
      reload: () => Promise.resolve([]),
    },
    () => loaded,
  );
  return clientOf({ store, configurationFile: path, standing: await standingsIn(database) });
}

type ClientOptions = Omit<AdminOptions, 'adminKey' | 'version' | 'nowMs' | 'audit' | 'onBug'>;

function clientOf(options: ClientOptions): AdminClient {
  const adminKey = `${crypto.randomUUID()}${crypto.randomUUID()}`;
  let bug: unknown;
  const admin = createAdmin({
    ...options,
    adminKey,
    version,
    nowMs: Date.now,
    audit: () => undefined,
    onBug(error) {
      bug = error;
    },
  });
  return {
    async call(method, path, body) {
      const request = new Request(`http://localhost/admin/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${adminKey}` },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const response = await admin(request, { address: 'the command line', isSecure: true });
      const text = await response.text();
      const answer = (text === '' ? {} : JSON.parse(text)) as JsonObject;
      if (response.ok) return answer;
      if (bug !== undefined) throw bug;
      throw new AdminRefused(messageOf(answer));
    },
  };
}

function messageOf({ error }: JsonObject): string {
  const { message } = error as { readonly message: string };
  return message;
}

/** What the ledger knows of limits; without a ledger nothing was used. What requests of a running gateway hold, only that gateway knows. */
async function standingsIn(database: Database | undefined): Promise<AdminOptions['standing']> {
  const { windows } = (await database?.read(readLedger)) ?? { windows: [] };
  const used = new Map(windows.map(({ counter, windowMs, used }) => [`${windowMs} ${counter}`, used]));
  return standingsFrom({
    counters: { standing: () => undefined },
    usedOf: (counter, windowMs) => used.get(`${windowMs} ${counter}`) ?? 0,
    clock: systemClock,
  });
}
