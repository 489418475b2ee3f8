import { FILE, oneOf } from '../../kinds.ts';
import { SECRET_VARIABLES } from '../database-variables.ts';

export const importDeclaration = {
  name: 'import',
  summary: 'Import a configuration file into the database',
  group: 'database',
  description: [
    'Imports a configuration file into the database that DB_URL names, in one step. Entries of the same name are replaced, the others stay. Importing the same file again changes nothing. Variables such as ${OPENAI_API_KEY} are expanded at import.',
  ],
  positionals: {
    file: { value: 'FILE', kind: FILE, description: 'the configuration', isRequired: true },
  },
  options: {
    from: {
      value: 'PROGRAM',
      kind: oneOf('llm-proxy', 'litellm'),
      description: 'the program that the file is for; settings without a counterpart are listed',
      default: 'llm-proxy',
    },
    'with-spend': {
      description: 'with litellm: import the recorded use of its budgets, each once',
    },
    prune: { description: 'delete everything from the database that is not in the file' },
    'dry-run': { description: 'only show what would change' },
  },
  environment: SECRET_VARIABLES,
  examples: [
    { line: 'llm-proxy import --dry-run config.yaml', does: 'what would change' },
    { line: 'llm-proxy import --from litellm litellm.yaml', does: 'imports a configuration of LiteLLM' },
  ],
} as const;
