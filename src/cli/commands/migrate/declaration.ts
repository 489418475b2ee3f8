import { oneOf } from '../../kinds.ts';
import { DATABASE_VARIABLES } from '../database-variables.ts';

export const migrateDeclaration = {
  name: 'migrate',
  summary: 'Change the schema of the database: up, down or version',
  group: 'database',
  description: [
    'Changes the schema of the database that DB_URL names. "up" applies all pending steps, or none if one fails. "down" reverts the last step after asking, so that a program that does not know the step can run again; its data is kept and reused by the next "up", unless --drop deletes it. "version" prints the version of the schema; 0: there is none.',
  ],
  positionals: {
    action: {
      value: 'ACTION',
      kind: oneOf('up', 'down', 'version'),
      description: 'up, down or version',
      isRequired: true,
    },
  },
  options: {
    yes: { description: 'with down: do not ask' },
    drop: { description: 'with down: delete the tables of the step with their data' },
    force: { description: 'with down --drop: delete corrections of the ledger, too' },
  },
  environment: DATABASE_VARIABLES,
  examples: [{ line: 'llm-proxy migrate up', does: 'before a gateway that was started with --no-migrate' }],
} as const;
