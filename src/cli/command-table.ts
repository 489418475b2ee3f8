import type { Command, CommandGroup } from './command.ts';
import { checkCommand } from './commands/check/declaration.ts';
import { completionCommand } from './commands/completion/declaration.ts';
import { explainCommand } from './commands/explain/declaration.ts';
import { exportCommand } from './commands/export/declaration.ts';
import { helpCommand } from './commands/help/declaration.ts';
import { importCommand } from './commands/import/declaration.ts';
import { initCommand } from './commands/init/declaration.ts';
import { migrateCommand } from './commands/migrate/declaration.ts';
import { mockCommand } from './commands/mock/declaration.ts';
import { rekeyCommand } from './commands/rekey/declaration.ts';
import { schemaCommand } from './commands/schema/declaration.ts';
import { serveCommand } from './commands/serve/declaration.ts';
import { versionCommand } from './commands/version/declaration.ts';

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  serveCommand,
  mockCommand,
  initCommand,
  checkCommand,
  explainCommand,
  schemaCommand,
  migrateCommand,
  importCommand,
  exportCommand,
  rekeyCommand,
  completionCommand,
  helpCommand,
  versionCommand,
];

/** What the groups of commands are called. */
export const GROUP_TITLES: Readonly<Record<CommandGroup, string>> = {
  gateway: 'Running',
  configuration: 'Configuration',
  database: 'Configuration in a database (DB_URL)',
  program: 'This program',
};
