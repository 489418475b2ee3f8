import { FILE, NUMBER, oneOf, TEXT } from '../../kinds.ts';
import { SECRET_VARIABLES } from '../database-variables.ts';

export const keysDeclaration = {
  name: 'keys',
  summary: 'List, create and rotate master keys',
  group: 'configuration',
  description: [
    'Lists the master keys, or changes one, by the operations of the Admin API: on the database that DB_URL names, otherwise on a configuration file, which can only be listed. Running gateways follow within a second.',
    '"create" and "rotate" print the new secret on standard output, and nothing else. It is shown this once. After a rotation the former secret stays valid for a day, or for --grace seconds; --revoke-previous ends that time early and makes no new secret.',
  ],
  positionals: {
    action: {
      value: 'ACTION',
      kind: oneOf('list', 'create', 'rotate', 'disable', 'enable', 'delete'),
      description: 'list, create, rotate, disable, enable or delete',
      isRequired: true,
    },
    id: { value: 'ID', kind: TEXT, description: 'the id of the key; with create, left out: a random one' },
  },
  options: {
    name: { value: 'NAME', kind: TEXT, description: 'with create: its name in metrics and logs' },
    team: { value: 'ID', kind: TEXT, description: 'with create: the team that it belongs to' },
    user: { value: 'ID', kind: TEXT, description: 'with create: the user that it belongs to' },
    expires: {
      value: 'TIME',
      kind: TEXT,
      description: 'with create: when it expires, such as 2027-03-31T00:00:00Z',
    },
    model: {
      value: 'MODEL',
      kind: TEXT,
      description: 'with create: a model that it may use, or a pattern with *; may be repeated',
      repeats: true,
    },
    grace: {
      value: 'SECONDS',
      kind: NUMBER,
      description: 'with rotate: how long the former secret stays valid',
    },
    'revoke-previous': { description: 'with rotate: only end the time of the former secret' },
    reason: { value: 'TEXT', kind: TEXT, description: 'with disable: why, for people' },
    json: { description: 'with list: print JSON' },
    config: {
      value: 'FILE',
      kind: FILE,
      description: 'the configuration, without DB_URL',
      otherwise: '$CONFIG_PATH, else config.yaml',
    },
  },
  environment: SECRET_VARIABLES,
  examples: [
    { line: 'llm-proxy keys list', does: 'every key with its status, team and last use' },
    { line: 'KEY=$(llm-proxy keys create app --team search)', does: 'a new key, in a variable' },
    {
      line: 'llm-proxy keys rotate app --grace 3600',
      does: 'a new secret; the former one is valid for an hour',
    },
  ],
} as const;
