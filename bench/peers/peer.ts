import type { Subprocess } from 'bun';

/** A proxy that can be measured. */
export interface Peer {
  readonly name: string;
  /** The reason why it is not available on this machine, and how to install it. Undefined if it is available. */
  readonly missing: () => string | undefined;
  /** Its version in one line, as it prints it. */
  readonly version: () => string;
  /** Starts it, without waiting until it answers. */
  readonly launch: (place: Place) => Promise<Launched>;
}

export interface Place {
  /** The provider's port on the loopback address. */
  readonly upstreamPort: number;
  /** A port for the proxy. */
  readonly port: number;
  /** An empty folder of its own, for configuration and logs. */
  readonly folder: string;
}

export interface Launched {
  /** The process that the work is accounted to, with its children. Undefined without a proxy. */
  readonly child?: Subprocess;
  /** Headers that each request needs besides the key. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A proxy that answers. */
export interface RunningPeer {
  readonly name: string;
  readonly port: number;
  readonly pid: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** From its start to the first answer with 200, in milliseconds. */
  readonly startMs: number;
  readonly stop: () => Promise<void>;
}
