import { FILE, NUMBER, TEXT } from '../../kinds.ts';
import { SECRET_VARIABLES } from '../database-variables.ts';

export const limitsDeclaration = {
  name: 'limits',
  summary: 'Show the state of the limits of keys, teams and users',
  group: 'configuration',
  description: [
    'Shows every limit of the configuration and its recorded use. The use comes from the ledger: the database that DB_URL names, otherwise spend.store of a configuration file. A gateway writes use to the ledger every second. Only the running gateway knows the use of limits shorter than a day and the reservations of requests in flight; GET /admin/v1/limits shows both.',
  ],
  options: {
    scope: {
      value: 'SCOPE',
      kind: TEXT,
      description: 'only limits of this scope: global, or one such as team:search, user:alice or key:app',
    },
    over: {
      value: 'PERCENT',
      kind: NUMBER,
      description: 'only limits of which at least this percentage is used',
    },
    json: { description: 'print JSON' },
    config: {
      value: 'FILE',
      kind: FILE,
      description: 'the configuration, without DB_URL',
      otherwise: '$CONFIG_PATH, else config.yaml',
    },
  },
  environment: SECRET_VARIABLES,
  examples: [{ line: 'llm-proxy limits --over 80', does: 'the limits that are nearly used up' }],
} as const;
