import type { Usage } from '../protocols/protocol.ts';
import type { Call } from './call.ts';
import { endpointOf } from './endpoint.ts';
import type { RefusalCode } from './errors.ts';
import type { Ending } from './events.ts';
import type { Execution } from './execute.ts';
import type { Gateway } from './ports.ts';

/** A request whose attempts are made, on its way to the client. */
export interface Run {
  readonly call: Call;
  readonly execution: Execution;
  readonly gateway: Gateway;
  readonly firstByteAtMs: number;
  isSettled: boolean;
}

/** How a request ended. */
export interface Settlement {
  readonly ending: Ending;
  readonly status: number;
  readonly usage?: Usage | undefined;
  readonly code?: RefusalCode;
}

/** Closes the account of a request and reports it. The first word counts: a stream may learn of its end twice. */
export function settle(run: Run, { ending, status, usage, code }: Settlement): void {
  if (run.isSettled) return;
  run.isSettled = true;
  const { call, execution, gateway } = run;
  gateway.emit({
    type: 'request-ended',
    requestId: call.id,
    ending,
    method: call.request.method,
    endpoint: endpointOf(call.request.path),
    model: call.plan.model.name,
    provider: execution.history.at(-1)?.route.provider,
    keyName: call.key?.name,
    status,
    code,
    history: execution.history,
    usage,
    startedAtMs: call.startedAtMs,
    firstByteAtMs: run.firstByteAtMs,
    endedAtMs: gateway.clock.nowMs(),
  });
}
