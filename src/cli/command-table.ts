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
import { spendDeclaration } from './commands/spend/declaration.ts';
import { versionDeclaration } from './commands/version/declaration.ts';
import { serve } from './serve-commands.ts';

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
  command(completionDeclaration, async () =>
    ofAll((await import('./commands/completion/completion.ts')).printCompletion),
  ),
  command(helpDeclaration, async () => ofAll((await import('./commands/help/help.ts')).help)),
  command(versionDeclaration, async () => (await import('./commands/version/print-version.ts')).printVersion),
];

/** The work of a command that takes all commands. */
function ofAll<V>(
  work: (values: V, commands: readonly Command[]) => Promise<number>,
): (values: V, all: () => Promise<readonly Command[]>) => Promise<number> {
  return async (values, all) => work(values, await all());
}
