import { oneOf } from '../../kinds.ts';
import { DATABASE_VARIABLES } from '../database-variables.ts';

export const migrateDeclaration = {
  name: 'migrate',
  summary: 'Change the schema of the database: up, down or version',
  group: 'database',
  description: [
    'Changes the schema of the database that DB_URL names. "up" makes all pending steps, or none if one fails. "down" takes the last step back, with its data. "version" prints the version of the schema; 0: there is none.',
  ],
  positionals: {
    action: {
      value: 'ACTION',
      kind: oneOf('up', 'down', 'version'),
      description: 'up, down or version',
      isRequired: true,
    },
  },
  environment: DATABASE_VARIABLES,
  examples: [{ line: 'llm-proxy migrate up', does: 'before a gateway that was started with --no-migrate' }],
} as const;
