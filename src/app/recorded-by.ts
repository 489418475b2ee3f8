import type { RunningGateway } from '../admin/running/running-gateway.ts';
import type { Snapshot } from '../config/snapshot.ts';

/** Reads what a gateway on this machine recorded of its requests. The reader is loaded when it is first needed. */
export function recordedBy(snapshot: () => Snapshot): RunningGateway['recorded'] {
  return async (question) => {
    const { readRequestFile } = await import('../telemetry/log/read-request-file.ts');
    const { logging, secrets } = snapshot();
    return readRequestFile(question, logging, secrets);
  };
}
