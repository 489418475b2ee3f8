import type { Command, CommandGroup } from './command.ts';
import { checkCommand } from './commands/check.ts';
import { completionCommand } from './commands/completion.ts';
import { explainCommand } from './commands/explain.ts';
import { exportCommand } from './commands/export.ts';
import { helpCommand } from './commands/help.ts';
import { importCommand } from './commands/import.ts';
import { initCommand } from './commands/init.ts';
import { migrateCommand } from './commands/migrate.ts';
import { mockCommand } from './commands/mock.ts';
import { rekeyCommand } from './commands/rekey.ts';
import { schemaCommand } from './commands/schema.ts';
import { serveCommand } from './commands/serve.ts';
import { versionCommand } from './commands/version.ts';

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
