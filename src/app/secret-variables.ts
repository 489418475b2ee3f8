import { readSecretFile } from '../config/read/secret-file.ts';

/** Variables that `NAME_FILE` can replace by the name of a file, as with secrets of Docker and Kubernetes. */
const WITH_FILE = ['DB_URL', 'ADMIN_KEY', 'SECRET_KEY', 'OLD_ADMIN_KEY', 'OLD_SECRET_KEY'] as const;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * An environment that includes the contents of the files; `wrong` is one line that names the faulty variable and quotes
 * no secret.
 */
export type SecretVariables =
  | { readonly kind: 'read'; readonly env: Environment }
  | { readonly kind: 'wrong'; readonly message: string };

/** Reads the files that `DB_URL_FILE`, `ADMIN_KEY_FILE` and the like name. */
export function readSecretVariables(env: Environment): SecretVariables {
  const read: Record<string, string> = {};
  for (const name of WITH_FILE) {
    const path = env[`${name}_FILE`];
    if (!path) continue;
    if (env[name]) return wrong(`${name} and ${name}_FILE are both set; keep one of them.`);
    const file = readSecretFile(path);
    if (file.kind === 'problem') return wrong(`${name}_FILE: ${file.message}.`);
    if (file.text === '') return wrong(`${name}_FILE: the file ${path} is empty.`);
    read[name] = file.text;
  }
  return { kind: 'read', env: { ...env, ...read } };
}

/** Whether the environment names a database, in a variable or in a file. */
export function namesDatabase(env: Environment): boolean {
  return Boolean(env['DB_URL'] || env['DB_URL_FILE']);
}

function wrong(message: string): SecretVariables {
  return { kind: 'wrong', message };
}
