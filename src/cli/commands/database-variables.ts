/** The environment variables of the database commands. */
export const DATABASE_VARIABLES = {
  DB_URL: 'the database: postgres://user:password@host:5432/name, or sqlite://FILE',
  DB_URL_FILE: 'a file that contains it; likewise ADMIN_KEY_FILE and SECRET_KEY_FILE',
} as const;

/** Further variables of commands that seal or open secrets. */
export const SECRET_VARIABLES = {
  ...DATABASE_VARIABLES,
  ADMIN_KEY: 'the key of the Admin API; also seals secrets if SECRET_KEY is not set',
  SECRET_KEY: 'seals the secrets in the database',
} as const;
