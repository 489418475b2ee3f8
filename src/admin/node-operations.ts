import { z } from 'zod';
import { claimOfCounter } from '../config/compiled-limits.ts';
import type { JsonObject } from '../store/revision.ts';
import { LeaseTable } from '../spend/nodes/lease-table.ts';
import type { LeaseStore, NodeRow } from '../spend/nodes/lease-store.ts';
import { releaseNode, stateOf } from '../spend/nodes/release-node.ts';
import { AdminProblem } from './problem.ts';
import type { Answer, Call, Operation } from './operation.ts';

const nodeSchema = z
  .object({
    id: z.string().meta({ description: 'The id of its journal.' }),
    host: z.string().nullable().meta({
      description: 'The host name of its machine; null: it started with a version that told none.',
    }),
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
  {
    tag: 'running',
    method: 'post',
    path: '/nodes/{id}/release',
    access: 'operator',
    id: 'releaseNode',
    summary: 'Free the leases of a lost gateway',
    description:
      'For a gateway that is lost for good. One that is only cut off goes on with its leases, so limits may be exceeded. A gateway that is running is refused with 409.',
    body: undefined,
    status: 204,
    answer: undefined,
    run: release,
  },
];

async function listNodes(call: Call): Promise<Answer> {
  const [nodes, { hits, joined, misses, bypassed }] = await Promise.all([
    nodesOf(call),
    call.services.running().cacheUse(),
  ]);
  const cache = { hits, joined, misses, bypassed };
  return { version: undefined, body: { nodes, leases: leasesOf(call), cache } };
}

/** undefined: no other gateway can be on this database. */
function tableOf({ services }: Call): LeaseTable | undefined {
  const database = services.spend?.database();
  return database?.dialect.kind === 'postgres' ? new LeaseTable(database) : undefined;
}

async function release(call: Call): Promise<Answer> {
  const { id } = call;
  const store = call.services.spend?.leases?.() ?? tableOf(call);
  const outcome = store === undefined ? 'unknown' : await releaseNode(store, id);
  if (outcome === 'unknown')
    throw new AdminProblem('not_found', `There is no gateway "${id}" on this database.`);
  if (outcome === 'live')
    throw new AdminProblem('in_use', `The gateway "${id}" is running. Stop it, which frees its leases.`);
  return { version: undefined, body: undefined };
}

async function nodesOf(call: Call): Promise<JsonObject[]> {
  const { spend } = call.services;
  const table = tableOf(call);
  const store = spend?.leases?.() ?? table;
  if (store === undefined) return [];
  // Redis may be away. Then the database tells at least who has registered.
  const { rows, nowMs } = await rowsOf(store).catch((error: unknown) => {
    if (table === undefined) throw error;
    return rowsOf(table);
  });
  const own = spend?.node?.();
  return rows.map((row) => ({
    id: row.node,
    host: row.host === '' ? null : row.host,
    version: row.version,
    started_at: new Date(row.startedMs).toISOString(),
    last_seen_at: new Date(row.heartbeatMs).toISOString(),
    starts: row.life,
    is_this: row.node === own,
    state: stateOf(row, nowMs),
  }));
}

async function rowsOf(store: LeaseStore): Promise<{ readonly rows: NodeRow[]; readonly nowMs: number }> {
  const rows = await store.nodes();
  return { rows, nowMs: rows.length === 0 ? 0 : await store.nowMs() };
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
