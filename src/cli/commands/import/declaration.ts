import { FILE, oneOf } from '../../kinds.ts';
import { SECRET_VARIABLES } from '../database-variables.ts';

export const importDeclaration = {
  name: 'import',
  summary: 'Take a configuration file over into the database',
  group: 'database',
  description: [
    'Takes a configuration file over into the database that DB_URL names, in one step: what has the same name is replaced, the rest stays. The same file again changes nothing. Variables such as ${OPENAI_API_KEY} are read now.',
  ],
  positionals: {
    file: { value: 'FILE', kind: FILE, description: 'the configuration', isRequired: true },
  },
  options: {
    from: {
      value: 'PROGRAM',
      kind: oneOf('llm-proxy', 'litellm'),
      description: 'whose configuration it is; what has no counterpart here is listed',
      default: 'llm-proxy',
    },
    prune: { description: 'take out of the database what is not in the file' },
    'dry-run': { description: 'only say what would be done' },
  },
  environment: SECRET_VARIABLES,
  examples: [
    { line: 'llm-proxy import --dry-run config.yaml', does: 'what would change' },
    { line: 'llm-proxy import --from litellm litellm.yaml', does: "takes LiteLLM's configuration over" },
  ],
} as const;
