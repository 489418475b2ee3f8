/** A proxy that can be measured. */
export interface Peer {
  readonly name: string;
  /** Says why it can't be had on this machine, and how to get it; nothing if it can. */
  readonly missing: () => Promise<string | undefined>;
  readonly start: (place: Place) => Promise<RunningPeer>;
}

export interface Place {
  /** The provider's port on the loopback address. */
  readonly upstreamPort: number;
  /** An empty folder of its own, for configuration and logs. */
  readonly folder: string;
}

export interface RunningPeer {
  readonly port: number;
  /** The process that the work is accounted to, with its children. */
  readonly pid: number;
  readonly stop: () => Promise<void>;
}

/** The credential and the model of every request; each peer is set up for them. */
export const BENCH_KEY = 'mk-bench';
export const BENCH_MODEL = 'bench';
