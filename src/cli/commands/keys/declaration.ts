import { FILE, NUMBER, oneOf, TEXT } from '../../kinds.ts';
import { SECRET_VARIABLES } from '../database-variables.ts';

export const keysDeclaration = {
  name: 'keys',
  summary: 'List, create and rotate master keys',
  group: 'configuration',
  description: [
    'Lists the master keys or changes one of them, with the operations of the Admin API. It uses the database that DB_URL names. Without DB_URL it can only list the keys of a configuration file. Running gateways follow within a second.',
    '"create" and "rotate" print only the new secret to standard output. The secret is shown only once. After a rotation the former secret stays valid for a day, or for --grace seconds. --revoke-previous revokes the former secret at once and creates no new one.',
  ],
  positionals: {
    action: {
      value: 'ACTION',
      kind: oneOf('list', 'create', 'rotate', 'disable', 'enable', 'delete'),
      description: 'list, create, rotate, disable, enable or delete',
      isRequired: true,
    },
    id: {
      value: 'ID',
      kind: TEXT,
      description: 'the id of the key; with create, the default is a random id',
    },
  },
  options: {
    name: { value: 'NAME', kind: TEXT, description: 'with create: the name in metrics and logs' },
    team: { value: 'ID', kind: TEXT, description: 'with create: the team of the key' },
    user: { value: 'ID', kind: TEXT, description: 'with create: the user of the key' },
    expires: {
      value: 'TIME',
      kind: TEXT,
      description: 'with create: when it expires, such as 2027-03-31T00:00:00Z',
    },
    model: {
      value: 'MODEL',
      kind: TEXT,
      description: 'with create: a model that the key may use, or a pattern with *; may be repeated',
      repeats: true,
    },
    grace: {
      value: 'SECONDS',
      kind: NUMBER,
      description: 'with rotate: how long the former secret stays valid',
    },
    'revoke-previous': { description: 'with rotate: revoke the former secret and keep the current one' },
    reason: { value: 'TEXT', kind: TEXT, description: 'with disable: the reason, for information only' },
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
