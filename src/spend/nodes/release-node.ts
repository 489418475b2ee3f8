import type { LeaseStore, NodeRow } from './lease-store.ts';
import { LIVE_MS } from './node-watch.ts';

export type NodeState = 'live' | 'silent' | 'gone';

/** The state of a node by the store's clock. */
export function stateOf({ isGone, heartbeatMs }: NodeRow, nowMs: number): NodeState {
  if (isGone) return 'gone';
  return nowMs - heartbeatMs < LIVE_MS ? 'live' : 'silent';
}

/** Frees the leases of a node that is lost, because an operator says so. One that is running keeps them. */
export async function releaseNode(store: LeaseStore, id: string): Promise<'released' | 'unknown' | 'live'> {
  const row = (await store.nodes()).find(({ node }) => node === id);
  if (row === undefined) return 'unknown';
  if (stateOf(row, await store.nowMs()) === 'live') return 'live';
  await store.release(id);
  return 'released';
}
