import { SECRET_VARIABLES } from '../database-variables.ts';

export const exportDeclaration = {
  name: 'export',
  summary: 'Write the configuration in the database as a configuration file',
  group: 'database',
  description: [
    'Writes the configuration in the database that DB_URL names as a configuration file, to standard output. It contains the credentials of the providers. Master keys are written as hashes, and keep working.',
  ],
  options: {
    'without-secrets': { description: 'write credentials as variables such as ${OPENAI_API_KEY}' },
  },
  environment: SECRET_VARIABLES,
  examples: [
    { line: 'llm-proxy export --without-secrets > config.yaml', does: 'a file to keep or to share' },
  ],
} as const;
