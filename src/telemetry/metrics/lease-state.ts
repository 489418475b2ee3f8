/** How this gateway and others share limits. */
export interface LeaseState {
  /** Live gateways on the same database. */
  readonly nodes: number;
  /** The store of leases; undefined: this gateway counts for itself. */
  readonly store?: LeaseStoreState;
}

/** How the process that takes leases stands with the store. */
export interface LeaseStoreState {
  readonly isUp: boolean;
  readonly roundTripMs: number;
  /** Requests that asked for a lease, since the start. */
  readonly waits: number;
  /** The claims of this gateway, by the name of the counter. */
  readonly claims: () => ReadonlyMap<string, number>;
}
