import { SECRET_VARIABLES } from '../database-variables.ts';

export const rekeyDeclaration = {
  name: 'rekey',
  summary: 'Seal the secrets in the database with another key',
  group: 'database',
  description: [
    'Seals every secret in the database anew under SECRET_KEY (or ADMIN_KEY, where that is not set). What sealed them until now is OLD_SECRET_KEY or OLD_ADMIN_KEY. All or nothing; it may be repeated.',
    'To change the key without a pause: 1. restart every gateway with the new key and the former one as OLD_SECRET_KEY, 2. run this, 3. restart them without OLD_SECRET_KEY.',
  ],
  environment: {
    ...SECRET_VARIABLES,
    OLD_SECRET_KEY: 'what sealed the secrets until now; OLD_ADMIN_KEY is the same',
  },
  examples: [{ line: 'llm-proxy rekey', does: 'step 2 of the above' }],
} as const;
