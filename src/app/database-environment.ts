import { createHash } from 'node:crypto';
import { findWeakness } from '../lib/key-strength.ts';
import { RevisionRefused } from '../store/change.ts';
import { NotAdopted } from '../store/adoption.ts';
import { StoreUnavailable } from '../store/database.ts';
import { findingText } from '../store/finding-text.ts';
import { createKeyring, type Keyring, SealBroken } from '../store/keyring.ts';
import { readSecretVariables } from './secret-variables.ts';
import { findDaysProblem, readSpendEnvironment } from './spend-environment.ts';
import { SchemaMismatch } from '../store/migrate.ts';

/** The environment's settings for the database; `wrong` is one line that says what is missing. */
export type DatabaseEnvironment =
  | {
      readonly kind: 'database';
      readonly url: string;
      readonly adminKey: string;
      readonly keyring: Keyring;
      /** undefined: the last configuration is not kept on disk. */
      readonly lastGoodPath: string | undefined;
      /** How long request records are kept; 0: none are written. */
      readonly retentionMs: number;
    }
  | { readonly kind: 'wrong'; readonly message: string };

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads `DB_URL`, `ADMIN_KEY`, `SECRET_KEY` (default: the admin key), `SNAPSHOT_FILE` and `REQUEST_RETENTION_DAYS`.
 * `OLD_SECRET_KEY` and `OLD_ADMIN_KEY` hold former keys, which still open what they sealed. Each URL or key may be in a
 * file that `NAME_FILE` names. A command needs one of the two keys; a gateway needs `ADMIN_KEY`, because it serves the
 * Admin API.
 */
export function readDatabaseEnvironment(
  environment: Environment,
  user: 'command' | 'gateway',
): DatabaseEnvironment {
  const variables = readSecretVariables(environment);
  if (variables.kind === 'wrong') return variables;
  const { env } = variables;
  const url = env['DB_URL'];
  const [adminKey, secretKey] = [env['ADMIN_KEY'] ?? '', env['SECRET_KEY'] ?? ''];
  if (!url) {
    return wrong(
      'DB_URL is not set. It names the database, such as postgres://user:password@host:5432/llm_proxy.',
    );
  }
  if (adminKey === '' && (user === 'gateway' || secretKey === '')) {
    return wrong(`DB_URL is set, so ADMIN_KEY must be too: ${WHY_ADMIN_KEY[user]}.`);
  }
  for (const [name, key] of Object.entries({ ADMIN_KEY: adminKey, SECRET_KEY: secretKey })) {
    const weakness = key === '' ? undefined : findWeakness(key);
    if (weakness !== undefined) return wrong(`${name} ${weakness}.`);
  }
  const daysProblem = findDaysProblem(env);
  if (daysProblem !== undefined) return wrong(daysProblem);
  const former = [env['OLD_SECRET_KEY'], env['OLD_ADMIN_KEY']].flatMap((key) => key || []);
  return {
    kind: 'database',
    url,
    adminKey,
    keyring: createKeyring({ current: secretKey || adminKey, former }),
    lastGoodPath: lastGoodPath(env['SNAPSHOT_FILE'], url),
    retentionMs: readSpendEnvironment(env).recordsMs,
  };
}

const WHY_ADMIN_KEY = {
  gateway: 'it opens the Admin API',
  command: 'it seals the credentials of the providers, unless SECRET_KEY does',
};

function wrong(message: string): DatabaseEnvironment {
  return { kind: 'wrong', message };
}

/** One file per database, so that two gateways in one folder do not share a copy. */
function lastGoodPath(setting: string | undefined, url: string): string | undefined {
  if (setting === 'off' || url.includes(':memory:')) return undefined;
  const { host, pathname } = URL.parse(url) ?? { host: '', pathname: url };
  const name = createHash('sha256').update(`${host}${pathname}`).digest('hex').slice(0, 8);
  return setting || `.llm-proxy/last-good-${name}`;
}

/** Explains in lines for the terminal why the database could not be used; undefined: the error is a bug. */
export function explainStoreError(error: unknown): string[] | undefined {
  if (error instanceof RevisionRefused) {
    return ['the configuration in the database is not valid:', ...error.findings.map(findingText)];
  }
  const isKnown =
    error instanceof StoreUnavailable ||
    error instanceof NotAdopted ||
    error instanceof SchemaMismatch ||
    error instanceof SealBroken;
  return isKnown ? [error.message] : undefined;
}
