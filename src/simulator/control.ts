import { type Answer, errorAnswer, jsonAnswer } from './answer.ts';
import type { AttemptLog, AttemptRecord } from './attempt-log.ts';
import { COMMON_PARAMS, FAULTS } from './fault-table.ts';
import { SOCKET_FAULTS } from './web-socket/socket-fault.ts';
import type { FaultMemory } from './fault-memory.ts';

/** The state that the control endpoints show. */
export interface ControlSubject {
  readonly log: AttemptLog;
  readonly memory: FaultMemory;
}

const SHAPE = { dialect: 'openai' } as const;

/** GET and DELETE /mock/attempts, GET /mock/faults; undefined for any other path. */
export function answerControl(
  method: string,
  path: string,
  { log, memory }: ControlSubject,
): Answer | undefined {
  switch (`${method} ${path}`) {
    case 'GET /mock/attempts':
      return jsonAnswer({ attempts: log.records().map(withoutBody) }, SHAPE);
    case 'DELETE /mock/attempts':
      log.reset();
      memory.reset();
      return jsonAnswer({ attempts: [] }, SHAPE);
    case 'GET /mock/faults':
      return jsonAnswer(
        {
          params: COMMON_PARAMS,
          faults: [...FAULTS, ...SOCKET_FAULTS].map(({ name, summary, params }) => ({
            name,
            summary,
            params,
          })),
        },
        SHAPE,
      );
    default:
      if (!path.startsWith('/mock/')) return undefined;
      return errorAnswer(
        {
          status: 404,
          type: 'invalid_request_error',
          code: 'unknown_url',
          message: `${method} ${path} does not exist. Available: GET and DELETE /mock/attempts, and GET /mock/faults.`,
        },
        'openai',
      );
  }
}

/** The record without its body. JSON omits undefined members. */
function withoutBody(record: AttemptRecord): unknown {
  return { ...record, body: undefined };
}
