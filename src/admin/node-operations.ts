import { z } from 'zod';
import { LeaseTable } from '../spend/nodes/lease-table.ts';
import type { Answer, Call, Operation } from './operation.ts';

const nodeSchema = z
  .object({
    id: z.string().meta({ description: 'The id of its journal.' }),
    version: z.string(),
    started_at: z.string(),
    last_seen_at: z.string().meta({ description: "By the store's clock; ISO 8601, UTC." }),
    starts: z.int().meta({ description: 'How often it has started.' }),
    state: z.enum(['live', 'silent', 'gone']).meta({
      description:
        '`silent`: without a sign of life for 5 seconds; `gone`: it has left, or its leases were freed after 10 minutes of silence.',
    }),
  })
  .meta({ id: 'Node' });

/** Operations on the gateways that share limits. */
export const nodeOperations: readonly Operation[] = [
  {
    tag: 'running',
    method: 'get',
    path: '/nodes',
    id: 'listNodes',
    summary: 'Gateways on this database',
    description: 'Every gateway with limits on this database. Empty with SQLite.',
    body: undefined,
    status: 200,
    answer: z.object({ nodes: z.array(nodeSchema) }),
    run: listNodes,
  },
];

const LIVE_MS = 5000;

async function listNodes({ services }: Call): Promise<Answer> {
  const database = services.spend?.database();
  if (database === undefined || database.dialect.kind !== 'postgres')
    return { version: undefined, body: { nodes: [] } };
  const store = services.spend?.leases?.() ?? new LeaseTable(database);
  const rows = await store.nodes();
  const nowMs = rows.length === 0 ? 0 : await store.nowMs();
  const nodes = rows.map(({ node, version, startedMs, heartbeatMs, life, isGone }) => ({
    id: node,
    version,
    started_at: new Date(startedMs).toISOString(),
    last_seen_at: new Date(heartbeatMs).toISOString(),
    starts: life,
    state: isGone ? 'gone' : nowMs - heartbeatMs < LIVE_MS ? 'live' : 'silent',
  }));
  return { version: undefined, body: { nodes } };
}
