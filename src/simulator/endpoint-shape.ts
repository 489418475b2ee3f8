import type { Answer } from './answer.ts';
import type { Dialect } from './api-error.ts';
import type { Call } from './call.ts';
import type { PathPattern } from './endpoint-path.ts';

/** An operation of the provider. Its path follows the API's root. */
export interface Endpoint extends PathPattern {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly dialect: Dialect;
  /** false if a POST may have no body. */
  readonly hasBody?: false;
  /** Whether the path itself requests a stream. */
  readonly streams?: true;
  /** Throws `Refused` for requests that the provider does not accept. */
  readonly check?: (call: Call) => void;
  /** When to run the check. `strict`: only if the simulator is in strict mode. */
  readonly checked?: 'always' | 'strict';
  readonly answer: (call: Call, models: readonly string[]) => Answer;
}
