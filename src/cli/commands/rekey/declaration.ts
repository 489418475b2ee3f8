import { SECRET_VARIABLES } from '../database-variables.ts';

export const rekeyDeclaration = {
  name: 'rekey',
  summary: 'Reseal the secrets in the database with another key',
  group: 'database',
  description: [
    'Reseals every secret in the database with SECRET_KEY, or with ADMIN_KEY if SECRET_KEY is not set. OLD_SECRET_KEY or OLD_ADMIN_KEY is the previous key. The change is all or nothing, and may be repeated.',
    'To change the key without downtime: 1. restart every gateway with the new key and the former one as OLD_SECRET_KEY, 2. run this, 3. restart them without OLD_SECRET_KEY.',
  ],
  environment: {
    ...SECRET_VARIABLES,
    OLD_SECRET_KEY: 'the key that has sealed the secrets so far; OLD_ADMIN_KEY is equivalent',
  },
  examples: [{ line: 'llm-proxy rekey', does: 'step 2 above' }],
} as const;
