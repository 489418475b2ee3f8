import type { ClientAnswer } from '../../gateway/client-answer.ts';
import type { RecentRequestHeads } from '../../http1/last-request-head.ts';
import type { InnerServer } from './handed-over.ts';
import type { BodyRoom } from './large-body.ts';
import type { LeanRequest } from './lean-request.ts';
import type { OpenStreams } from './open-streams.ts';

/** The server's side of a connection. */
export interface LeanHost<Connection> extends InnerServer {
  /** Never rejects. */
  readonly answer: (request: LeanRequest) => Promise<ClientAnswer>;
  /** Larger bodies are handed over, to be refused. */
  readonly maxBodyBytes: () => number;
  readonly recentHeads: RecentRequestHeads;
  readonly bodyRoom: () => BodyRoom;
  readonly streams: OpenStreams;
  /** Whether connections are to close after their answers. */
  readonly isDraining: () => boolean;
  readonly onBug: (error: Error) => void;
  readonly onClose: (connection: Connection) => void;
}
