import { oneOf, TEXT } from '../../kinds.ts';
import { SECRET_VARIABLES } from '../database-variables.ts';

export const nodesDeclaration = {
  name: 'nodes',
  summary: 'List the gateways that share limits, and free the leases of a lost one',
  group: 'database',
  description: [
    'Lists the gateways on the database that DB_URL names, by the id of their journal. "release" frees the leases of one of them. Use it for a gateway that is lost for good: one that is only cut off goes on with its leases, so limits may be exceeded. Leases of a gateway that is back, or was stopped with SIGTERM, are free without it.',
  ],
  positionals: {
    action: {
      value: 'ACTION',
      kind: oneOf('list', 'release'),
      description: 'list or release',
      isRequired: true,
    },
    id: { value: 'ID', kind: TEXT, description: 'with release: the id of the gateway' },
  },
  environment: SECRET_VARIABLES,
  examples: [
    { line: 'llm-proxy nodes list', does: 'every gateway with its state' },
    {
      line: 'llm-proxy nodes release 5f0c9a4e-7a35-4d7e-9a52-0c7f4d1e8b21',
      does: 'the leases of a lost gateway are free at once',
    },
  ],
} as const;
