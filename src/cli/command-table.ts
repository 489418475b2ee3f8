import { type Command, command } from './command.ts';
import { checkDeclaration } from './commands/check/declaration.ts';
import { completionDeclaration } from './commands/completion/declaration.ts';
import { explainDeclaration } from './commands/explain/declaration.ts';
import { exportDeclaration } from './commands/export/declaration.ts';
import { helpDeclaration } from './commands/help/declaration.ts';
import { importDeclaration } from './commands/import/declaration.ts';
import { initDeclaration } from './commands/init/declaration.ts';
import { migrateDeclaration } from './commands/migrate/declaration.ts';
import { keysDeclaration } from './commands/keys/declaration.ts';
import { limitsDeclaration } from './commands/limits/declaration.ts';
import { mockDeclaration } from './commands/mock/declaration.ts';
import { nodesDeclaration } from './commands/nodes/declaration.ts';
import { pricesDeclaration } from './commands/prices/declaration.ts';
import { rekeyDeclaration } from './commands/rekey/declaration.ts';
import { schemaDeclaration } from './commands/schema/declaration.ts';
import { serveDeclaration } from './commands/serve/declaration.ts';
import { spendDeclaration } from './commands/spend/declaration.ts';
import { versionDeclaration } from './commands/version/declaration.ts';
import { workerDeclaration } from './commands/worker/declaration.ts';

const serve = command(serveDeclaration, async () => (await import('./commands/serve/serve.ts')).serve);
const help = command(helpDeclaration, async () => (await import('./commands/help/help.ts')).help);
/** `llm-proxy worker`, which no help lists. */
const worker = command(workerDeclaration, async () => (await import('../app/worker.ts')).serveAsWorker);

/** All commands in the order of the help. The code of a command is loaded when the command runs. */
export const COMMANDS: readonly Command[] = [
  serve,
  command(mockDeclaration, async () => (await import('./commands/mock/mock.ts')).mock),
  command(initDeclaration, async () => (await import('./commands/init/init.ts')).init),
  command(checkDeclaration, async () => (await import('./commands/check/check.ts')).check),
  command(explainDeclaration, async () => (await import('./commands/explain/explain.ts')).explainModel),
  command(pricesDeclaration, async () => (await import('./commands/prices/prices.ts')).showPrices),
  command(keysDeclaration, async () => (await import('./commands/keys/keys.ts')).changeKeys),
  command(limitsDeclaration, async () => (await import('./commands/limits/limits.ts')).showLimits),
  command(spendDeclaration, async () => (await import('./commands/spend/spend.ts')).workOnSpend),
  command(schemaDeclaration, async () => (await import('./commands/schema/schema.ts')).printSchema),
  command(migrateDeclaration, async () => (await import('./commands/migrate/migrate.ts')).migrate),
  command(importDeclaration, async () => (await import('./commands/import/import.ts')).importFile),
  command(exportDeclaration, async () => (await import('./commands/export/export.ts')).exportToFile),
  command(nodesDeclaration, async () => (await import('./commands/nodes/nodes.ts')).changeNodes),
  command(rekeyDeclaration, async () => (await import('./commands/rekey/rekey.ts')).rekeySecrets),
  command(
    completionDeclaration,
    async () => (await import('./commands/completion/completion.ts')).printCompletion,
  ),
  help,
  command(versionDeclaration, async () => (await import('./commands/version/print-version.ts')).printVersion),
];

/** The command of this name, `serve` if there is none; undefined: no command has this name. */
export function findCommand(name: string): Command | undefined {
  if (name === '') return serve;
  return [...COMMANDS, worker].find((candidate) => candidate.name === name);
}
