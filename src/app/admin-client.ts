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
import type { SpendServices } from '../admin/operation.ts';
import type { Snapshot } from '../config/snapshot.ts';
import { dollarsOf } from '../prices/cost.ts';
import type { Difference } from '../spend/entries/verify.ts';
import { createHookSender } from '../upstream/hook-sender.ts';
import { pricerAt } from './cost-meter.ts';
import { endUserHash } from './end-user-hash.ts';
import { version } from '../version.ts';
import { standingsFrom } from './claim-standing.ts';

/** The Admin API without a gateway, for a command of this machine. */
export interface AdminClient {
  /** Resolves with the body of the answer; `{}` if there is none. Throws `AdminRefused`. */
  readonly call: (method: string, path: string, body?: JsonObject) => Promise<JsonObject>;
  /** Resolves with the answer as text. Throws `AdminRefused`. */
  readonly text: (method: string, path: string, body?: TextBody) => Promise<string>;
  /** Compares the sums of the ledger, and enters what is missing if `repairs`. Throws `AdminRefused` without a ledger. */
  readonly verify: (repairs: boolean) => Promise<VerifiedText>;
}

export interface TextBody {
  readonly text: string;
  /** The content type. */
  readonly type: string;
}

/** The result of a comparison, with a sentence for each difference. */
export interface VerifiedText {
  readonly differences: readonly string[];
  readonly quarters: number;
  readonly sums: number;
  readonly counters: number;
}

/** A call was refused. The message has no stop at its end. */
export class AdminRefused extends Error {}

/** The Admin API over the database of the configuration. */
export async function adminOverStore(store: Store): Promise<AdminClient> {
  const { database } = store;
  return clientOf({ store, ...store.console, standing: await standingsIn(database) }, database);
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
  return clientOf({ store, configurationFile: path, standing: await standingsIn(database) }, database);
}

type ClientOptions = Omit<AdminOptions, 'adminKey' | 'version' | 'nowMs' | 'audit' | 'onBug'>;

function clientOf(options: ClientOptions, database: Database | undefined): AdminClient {
  const { store } = options;
  const adminKey = `${crypto.randomUUID()}${crypto.randomUUID()}`;
  let bug: unknown;
  const admin = createAdmin({
    ...options,
    spend: spendOf(database, () => store.snapshot()),
    adminKey,
    version,
    nowMs: Date.now,
    audit: () => undefined,
    onBug(error) {
      bug = error;
    },
  });
  const ask = async (method: string, path: string, body?: TextBody): Promise<string> => {
    const request = new Request(`http://localhost/admin/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${adminKey}`,
        ...(body !== undefined && { 'content-type': body.type }),
      },
      ...(body !== undefined && { body: body.text }),
    });
    const response = await admin(request, { address: 'the command line', isSecure: true });
    const text = await response.text();
    if (response.ok) return text;
    if (bug !== undefined) throw bug;
    throw new AdminRefused(messageOf(JSON.parse(text) as JsonObject));
  };
  return {
    async call(method, path, body) {
      const sent = body && { text: JSON.stringify(body), type: 'application/json' };
      const text = await ask(method, path, sent);
      return (text === '' ? {} : JSON.parse(text)) as JsonObject;
    },
    text: ask,
    verify: (repairs) => verified(database, { snapshot: store.snapshot(), repairs }),
  };
}

/** The ledger without a gateway: entries are in force when a gateway next looks. */
function spendOf(database: Database | undefined, snapshot: () => Snapshot): SpendServices {
  return {
    database: () => database,
    flush: () => Promise.resolve(),
    costAt: pricerAt(snapshot),
    hashEndUser: endUserHash(process.env),
    sendHook: createHookSender(),
  };
}

async function verified(
  database: Database | undefined,
  { snapshot, repairs }: { readonly snapshot: Snapshot; readonly repairs: boolean },
): Promise<VerifiedText> {
  if (database === undefined) throw new AdminRefused('there is no ledger: no gateway has made one yet');
  const { repairLedger, verifyLedger } = await import('../spend/entries/verify.ts');
  const context = { snapshot, nowMs: Date.now() };
  const { differences, ...counts } = await verifyLedger(database, context);
  if (repairs && differences.length > 0)
    await repairLedger(database, differences, { ...context, actor: 'the command line' });
  return { differences: differences.map(differenceText), ...counts };
}

function differenceText(difference: Difference): string {
  if (difference.kind === 'sum') {
    const hours = difference.stepMs / 3_600_000;
    return `the sum of ${hours === 1 ? 'an hour' : `${hours} hours`} from ${new Date(difference.fromMs).toISOString()} on is not that of its quarters`;
  }
  const { expected, found } = difference;
  const amounts = `$${dollarsOf(found)} instead of $${dollarsOf(expected)}`;
  return difference.kind === 'quarter'
    ? `${new Date(difference.quarterMs).toISOString()} key "${difference.keyId}": ${amounts}`
    : `${difference.use.claim.counter} since ${new Date(difference.use.windowMs).toISOString()}: ${amounts}`;
}

function messageOf({ error }: JsonObject): string {
  const { message } = error as { readonly message: string };
  return message;
}

/**
 * The ledger's state of limits. Without a ledger, nothing was used. Only a running gateway knows what its requests
 * hold.
 */
async function standingsIn(database: Database | undefined): Promise<AdminOptions['standing']> {
  const { windows } = (await database?.read((sql) => readLedger(sql))) ?? { windows: [] };
  const used = new Map(windows.map(({ counter, windowMs, used }) => [`${windowMs} ${counter}`, used]));
  return standingsFrom({
    counters: { standing: () => undefined, isShared: () => false },
    usedOf: (counter, windowMs) => used.get(`${windowMs} ${counter}`) ?? 0,
    clock: systemClock,
  });
}
