import { FILE, NUMBER, TEXT } from '../../kinds.ts';
import { SECRET_VARIABLES } from '../database-variables.ts';

export const limitsDeclaration = {
  name: 'limits',
  summary: 'Show how the limits of keys, teams and users stand',
  group: 'configuration',
  description: [
    'Shows every limit of the configuration with what was used of it, as the ledger knows it: in the database that DB_URL names, otherwise in spend.store of a configuration file. A gateway stores use every second. What limits under a day have used, and what requests under way hold, only the running gateway knows: GET /admin/v1/limits tells it.',
  ],
  options: {
    scope: {
      value: 'SCOPE',
      kind: TEXT,
      description: 'only limits of this scope: global, or as in team:search, user:alice, key:app',
    },
    over: { value: 'PERCENT', kind: NUMBER, description: 'only limits of which at least this much is used' },
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
