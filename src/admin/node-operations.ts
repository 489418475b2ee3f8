import { z } from 'zod';
import { claimOfCounter } from '../config/compiled-limits.ts';
import type { JsonObject } from '../store/revision.ts';
import { LeaseTable } from '../spend/nodes/lease-table.ts';
import type { Answer, Call, Operation } from './operation.ts';

const nodeSchema = z
  .object({
    id: z.string().meta({ description: 'The id of its journal.' }),
    version: z.string(),
    started_at: z.string(),
    last_seen_at: z.string().meta({ description: "By the store's clock; ISO 8601, UTC." }),
    starts: z.int().meta({ description: 'How often it has started.' }),
    is_this: z.boolean().meta({ description: 'Whether it is the gateway that answers.' }),
    state: z.enum(['live', 'silent', 'gone']).meta({
      description:
        '`silent`: without a sign of life for 5 seconds; `gone`: it has left, or its leases were freed after 10 minutes of silence.',
    }),
  })
  .meta({ id: 'Node' });

const COUNT = z.int().min(0);

const leasesSchema = z
  .object({
    is_up: z.boolean().meta({ description: 'Whether the store of leases answers.' }),
    round_trip_ms: z.number().min(0),
    waits: COUNT.meta({ description: 'Requests that asked for a lease, since the start.' }),
    claims: z.array(z.object({ counter: z.string(), amount: z.number() })).meta({
      description:
        'The amounts that this gateway has leased, in dollars, tokens or requests. Only the 100 largest.',
    }),
  })
  .meta({ id: 'LeaseHealth' });

const cacheSchema = z
  .object({ hits: COUNT, joined: COUNT, misses: COUNT, bypassed: COUNT })
  .meta({ id: 'CacheUse' });

/** Operations on the gateways that share limits. */
export const nodeOperations: readonly Operation[] = [
  {
    tag: 'running',
    method: 'get',
    path: '/nodes',
    id: 'listNodes',
    summary: 'Gateways on this database',
    description:
      'Every gateway with limits on this database (none with SQLite), the leases of this gateway, and what its response cache did since its start.',
    body: undefined,
    status: 200,
    answer: z.object({
      nodes: z.array(nodeSchema),
      leases: leasesSchema.nullable().meta({ description: 'null: this gateway counts limits for itself.' }),
      cache: cacheSchema,
    }),
    run: listNodes,
  },
];

const LIVE_MS = 5000;

async function listNodes(call: Call): Promise<Answer> {
  const [nodes, { hits, joined, misses, bypassed }] = await Promise.all([
    nodesOf(call),
    call.services.running().cacheUse(),
  ]);
  const cache = { hits, joined, misses, bypassed };
  return { version: undefined, body: { nodes, leases: leasesOf(call), cache } };
}

async function nodesOf({ services }: Call): Promise<JsonObject[]> {
  const database = services.spend?.database();
  if (database === undefined || database.dialect.kind !== 'postgres') return [];
  const store = services.spend?.leases?.() ?? new LeaseTable(database);
  const rows = await store.nodes();
  const nowMs = rows.length === 0 ? 0 : await store.nowMs();
  const own = services.spend?.node?.();
  return rows.map(({ node, version, startedMs, heartbeatMs, life, isGone }) => ({
    id: node,
    version,
    started_at: new Date(startedMs).toISOString(),
    last_seen_at: new Date(heartbeatMs).toISOString(),
    starts: life,
    is_this: node === own,
    state: isGone ? 'gone' : nowMs - heartbeatMs < LIVE_MS ? 'live' : 'silent',
  }));
}

const MOST_CLAIMS = 100;

function leasesOf({ services, store }: Call): JsonObject | null {
  const health = services.spend?.leaseHealth?.();
  if (health === undefined) return null;
  const claims = [];
  for (const [counter, amount] of health.claims()) if (amount > 0) claims.push({ counter, amount });
  claims.sort((one, other) => other.amount - one.amount).splice(MOST_CLAIMS);
  const { limits } = store.snapshot();
  return {
    is_up: health.isUp,
    round_trip_ms: health.roundTripMs,
    waits: health.waits,
    claims: claims.map(({ counter, amount }) => ({
      counter,
      amount: claimOfCounter(counter, limits)?.kind === 'cost' ? amount / 1e9 : amount,
    })),
  };
}
