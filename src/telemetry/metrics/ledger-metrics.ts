import { NumberFamily } from './metric-family.ts';

/** Metrics of the journal and the ledger, where there is one. */
export function ledgerMetrics() {
  return {
    leaseStoreUp: new NumberFamily({
      type: 'gauge',
      name: 'llm_proxy_lease_store_up',
      help: 'Whether the store grants leases of shared limits (1) or not (0).',
      merge: 'min',
    }),
    leaseRoundTrip: new NumberFamily({
      type: 'gauge',
      name: 'llm_proxy_lease_round_trip_seconds',
      help: 'Time that the last answered question for leases took.',
      merge: 'max',
    }),
    leaseWaits: new NumberFamily({
      type: 'counter',
      name: 'llm_proxy_lease_waits_total',
      help: 'Requests that asked for a lease because that of this gateway was too small.',
    }),
    nodes: new NumberFamily({
      type: 'gauge',
      name: 'llm_proxy_nodes',
      help: 'Live gateways on the same database.',
      merge: 'max',
    }),
    limitsLocal: new NumberFamily({
      type: 'gauge',
      name: 'llm_proxy_limits_local',
      help: 'Whether this gateway counts all limits for itself (1), or shares them with others on the same database (0).',
      merge: 'max',
    }),
    journalBytes: new NumberFamily({
      type: 'gauge',
      name: 'llm_proxy_journal_bytes',
      help: 'Size of the journals on disk.',
    }),
    journalUnflushed: new NumberFamily({
      type: 'gauge',
      name: 'llm_proxy_journal_unflushed',
      help: 'Bytes of the journals that are not in the database yet.',
    }),
    journalDegraded: new NumberFamily({
      type: 'gauge',
      name: 'llm_proxy_journal_degraded',
      help: 'Whether the journal cannot be written, so that a crash would lose usage (1), or not (0).',
      merge: 'max',
    }),
    journalDropped: new NumberFamily({
      type: 'counter',
      name: 'llm_proxy_journal_dropped_total',
      help: 'Lines of the journal that were lost because it could not be written for too long.',
    }),
    flushSeconds: new NumberFamily({
      type: 'gauge',
      name: 'llm_proxy_journal_flush_seconds',
      help: 'Time that the last flush of the journals into the database took.',
      merge: 'max',
    }),
  };
}
