import { command } from './command.ts';
import { serveDeclaration } from './commands/serve/declaration.ts';
import { workerDeclaration } from './commands/worker/declaration.ts';

export const serve = command(serveDeclaration, async () => (await import('./commands/serve/serve.ts')).serve);

/** `llm-proxy worker`, which no help lists. */
export const worker = command(
  workerDeclaration,
  async () => (await import('../app/worker.ts')).serveAsWorker,
);
