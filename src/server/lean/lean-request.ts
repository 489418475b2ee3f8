import type { RequestHead } from '../../http1/request-head.ts';
import type { Signal } from '../../lib/signal.ts';

/** A request whose body is complete, or of known size. */
export interface LeanRequest {
  readonly head: RequestHead;
  readonly readBody: (key: string | undefined) => Uint8Array | Promise<Uint8Array>;
  /** The address of the connection's other end. */
  readonly peer: () => string;
  /** Aborted when the client disconnects. */
  readonly signal: Signal;
  /** Whether the system has taken the whole answer. */
  readonly isAnswered: () => boolean;
}
