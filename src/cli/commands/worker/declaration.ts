import { command } from '../../command.ts';
import { WORKER } from '../../../app/worker-command.ts';

const workerDeclaration = {
  name: WORKER,
  summary: 'Serve as one of several processes',
  group: 'gateway',
  description: [
    'One of the processes that serve together. "serve" starts it, and nobody else; see --workers.',
  ],
  examples: [],
} as const;

/** `llm-proxy worker`, which no help names. */
export const workerEntry = command(
  workerDeclaration,
  async () => (await import('../../../app/worker.ts')).serveAsWorker,
);
