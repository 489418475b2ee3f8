import { readDatabaseEnvironment } from '../../../app/database-environment.ts';
import { openLeaseStore } from '../../../app/lease-store.ts';
import { driverOf } from '../../../config/spend-settings.ts';
import { EXIT } from '../../../exit-code.ts';
import type { LeaseStore } from '../../../spend/nodes/lease-store.ts';
import { releaseNode, stateOf } from '../../../spend/nodes/release-node.ts';
import { aligned } from '../../aligned.ts';
import { UsageError, type ValuesOf } from '../../command.ts';
import { failed } from '../with-opened.ts';
import { withStore } from '../with-store.ts';
import type { nodesDeclaration } from './declaration.ts';

/** Lists the gateways that share limits, or frees the leases of one. */
export function changeNodes({ action, id }: ValuesOf<typeof nodesDeclaration>): Promise<number> {
  if (action === 'release' && id === undefined)
    throw new UsageError('release needs the id of a gateway; "llm-proxy nodes list" has them.');
  if (action === 'list' && id !== undefined) throw new UsageError('list takes no id.');
  return withStore(async (store) => {
    const environment = readDatabaseEnvironment(process.env, 'command');
    const url = environment.kind === 'wrong' ? '' : environment.url;
    if (url.startsWith('sqlite')) return failed(['gateways on SQLite share no limits.']);
    const { sharedState } = store.snapshot();
    const driver = driverOf(sharedState, true) === 'redis' ? 'redis' : 'postgres';
    const opened = await openLeaseStore(driver, { ...sharedState, deadlineMs: DEADLINE_MS }, url);
    if (typeof opened === 'string') return failed([opened]);
    try {
      return id === undefined ? await list(opened.store) : await release(opened.store, id);
    } catch (error) {
      return failed([error instanceof Error ? error.message : String(error)]);
    } finally {
      await opened.store.close();
    }
  });
}

/** No request waits for a command. */
const DEADLINE_MS = 5000;

async function list(store: LeaseStore): Promise<number> {
  const nodes = await store.nodes();
  const nowMs = await store.nowMs();
  const rows = nodes.map((node) => [
    node.node,
    stateOf(node, nowMs),
    node.version,
    new Date(node.heartbeatMs).toISOString(),
  ]);
  console.log(aligned([['ID', 'STATE', 'VERSION', 'LAST SEEN'], ...rows]).join('\n'));
  return EXIT.ok;
}

async function release(store: LeaseStore, id: string): Promise<number> {
  switch (await releaseNode(store, id)) {
    case 'unknown':
      return failed([`there is no gateway "${id}" on this database; "llm-proxy nodes list" has them.`]);
    case 'live':
      return failed([`the gateway "${id}" is running. Stop it with SIGTERM, which frees its leases.`]);
    case 'released':
      console.log(`The leases of the gateway ${id} are free.`);
      return EXIT.ok;
  }
}
