import { randomBytes } from 'node:crypto';
import type { Admin } from '../admin/admin.ts';
import { DEMO_FAULTS, type DemoControls, type DemoFault } from '../admin/running/demo-controls.ts';
import type { Overrides } from '../config/read/overrides.ts';
import type { ConfigFile } from '../config/schema/schema.ts';
import type { AdminEndpoint } from '../server/admin-port.ts';
import type { Simulator } from '../simulator/simulator.ts';
import type { RequestRecords } from '../store/records/request-record-table.ts';
import type { Store } from '../store/store.ts';
import { createHookSender } from '../upstream/hook-sender.ts';
import { version } from '../version.ts';
import { logAudit } from './audit-log.ts';
import type { DemoClient } from './demo-traffic.ts';
import { pricerAt } from './cost-meter.ts';
import { recordsWithSums } from './records-with-sums.ts';
import { recordRequests } from './request-records.ts';
import type { AdminSide, Serving } from './serving.ts';

export interface DemoAdminOptions {
  readonly file: ConfigFile;
  readonly overrides: Overrides;
  readonly simulators: ReadonlyMap<string, Simulator>;
  /** undefined until the gateway listens. */
  readonly serving: () => Serving | undefined;
  readonly client: () => DemoClient | undefined;
}

interface Opened {
  readonly admin: Admin;
  readonly store: Store;
  /** Stores requests, and adds up what they cost. */
  readonly records: Pick<RequestRecords, 'insert'>;
}

const DAY_MS = 86_400_000;
const COOLDOWN_SECONDS = 5;

/**
 * The Admin API of the demo, over a database in memory. It opens with the first recorded request or the first visit to
 * the console, so that it does not slow down the start.
 */
export class DemoAdmin {
  readonly side: AdminSide;
  readonly #options: DemoAdminOptions;
  readonly #faults = new Map<string, DemoFault>();
  readonly #recording: ReturnType<typeof recordRequests>;
  #opening: Promise<Opened> | undefined;
  #opened: Opened | undefined;
  #inForce: Promise<void> | undefined;
  #isVisited = false;

  constructor(options: DemoAdminOptions) {
    this.#options = options;
    const insert: AdminSide['insert'] = async (records) => (await this.#open()).records.insert(records);
    this.#recording = recordRequests({
      records: { insert, prune: async () => false },
      retentionMs: DAY_MS,
      log: () => options.serving()?.log,
    });
    this.side = {
      endpoint: this.#answer,
      close: () => this.#opened?.admin.close(),
      record: this.#recording.listen,
      records: this.#recording.counts,
      retentionMs: DAY_MS,
      insert,
    };
  }

  async close(): Promise<void> {
    await this.#recording.close();
    await this.#opened?.store.close();
  }

  readonly #answer: AdminEndpoint = async (request, client) => {
    const { admin } = await this.#open();
    // The console shows activity as soon as it is opened.
    if (!this.#isVisited) this.#options.client()?.setTraffic({ isOn: true, requestsPerSecond: 3 });
    this.#isVisited = true;
    const response = await admin(request, client);
    await this.#inForce;
    return response;
  };

  #open(): Promise<Opened> {
    this.#opening ??= this.#openNow();
    return this.#opening;
  }

  async #openNow(): Promise<Opened> {
    const { file, overrides, serving } = this.#options;
    const [{ openStore }, { createKeyring }, { planImport }, { createAdmin }] = await Promise.all([
      import('../store/store.ts'),
      import('../store/keyring.ts'),
      import('../migrate/import-file.ts'),
      import('../admin/admin.ts'),
    ]);
    const adminKey = randomBytes(32).toString('hex');
    const store = await openStore({
      url: 'sqlite::memory:',
      keyring: createKeyring({ current: adminKey, former: [] }),
      env: process.env,
      overrides,
      now: () => new Date(),
      migrates: true,
      lastGoodPath: undefined,
      onEvent: (event) => {
        if (event.type !== 'changed' || this.#opened === undefined) return;
        const { snapshot, revision } = event;
        const now = snapshot.loadedAt;
        const source = { kind: 'revision', revision, version: snapshot.version, now, overrides } as const;
        this.#inForce = serving()?.swap({ snapshot, source });
      },
    });
    const context = { actor: 'demo', action: 'import the demo' };
    await store.change(
      ({ resources }, now) => planImport(file, resources, { now, prunes: false }).resources,
      context,
    );
    const admin = createAdmin({
      store,
      ...store.console,
      adminKey,
      version,
      isDemo: true,
      demo: this.#controls(store),
      running: () => serving()?.running,
      nowMs: Date.now,
      standing: (claim) => serving()?.standing(claim),
      spend: {
        database: () => store.database,
        // Records are added up when they are stored.
        flush: () => Promise.resolve(),
        costAt: pricerAt(() => store.snapshot()),
        hashEndUser: undefined,
        sendHook: createHookSender(),
      },
      audit(entry) {
        const log = serving()?.log;
        if (log !== undefined) logAudit(entry, log);
      },
      onBug: (error) => serving()?.emit({ type: 'bug', requestId: undefined, error }),
    });
    this.#opened = { admin, store, records: recordsWithSums(store.database) };
    return this.#opened;
  }

  #controls(store: Store): DemoControls {
    const { client, simulators } = this.#options;
    return {
      traffic: () => client()?.traffic() ?? { isOn: false, requestsPerSecond: 3 },
      setTraffic: (traffic) => client()?.setTraffic(traffic),
      providers: () => [...simulators.keys()].map((name) => ({ name, fault: this.#faults.get(name) })),
      breakProvider: async (name, fault) => {
        if (fault === undefined) this.#faults.delete(name);
        else this.#faults.set(name, fault);
        simulators.get(name)?.breakWith(fault && DEMO_FAULTS[fault].simulated);
        await this.#setCooldown(store, this.#faults.size > 0 ? COOLDOWN_SECONDS : 0);
      },
    };
  }

  /** Nothing cools down in the demo until a provider is broken, so that `demo-unreliable` always shows a failure. */
  async #setCooldown(store: Store, seconds: number): Promise<void> {
    const { withResource } = await import('../store/revision.ts');
    const target = { kind: 'settings', id: 'fallback' } as const;
    const value = { cooldown_seconds: seconds };
    const known = (await store.read()).resources.settings.get('fallback')?.fields['value'];
    if (JSON.stringify(known) === JSON.stringify(value)) return;
    const action = seconds === 0 ? 'mend the demo' : 'break a provider of the demo';
    await store.change(({ resources }, now) => withResource(resources, target, { value }, now), {
      actor: 'demo',
      action,
    });
    await this.#inForce;
  }
}
