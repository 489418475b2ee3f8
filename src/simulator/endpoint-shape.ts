import type { Answer } from './answer.ts';
import type { Dialect } from './api-error.ts';
import type { Call } from './call.ts';
import type { PathPattern } from './endpoint-path.ts';

/** One thing that the provider can be asked. Its path is the end of one, behind the API's root. */
export interface Endpoint extends PathPattern {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly dialect: Dialect;
  /** Whether a POST may come without a body. */
  readonly hasBody?: false;
  /** Whether the path itself asks for a stream. */
  readonly streams?: true;
  /** Throws `Refused` for what the provider does not take. */
  readonly check?: (call: Call) => void;
  /** When it is checked; `strict`: only where the simulator was started so. */
  readonly checked?: 'always' | 'strict';
  readonly answer: (call: Call, models: readonly string[]) => Answer;
}
