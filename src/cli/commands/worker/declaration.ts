import type { WORKER } from '../../../app/worker-command.ts';

export const workerDeclaration = {
  name: 'worker' satisfies typeof WORKER,
  summary: 'Serve as one of several processes',
  group: 'gateway',
  description: ['One of the processes that serve together. Only "serve" starts it; see --workers.'],
  examples: [],
} as const;
