import { existsSync } from 'node:fs';

/**
 * The database that `DB_URL` names. `wrong` is one line about what is wrong; it quotes nothing, since the URL may
 * contain a password.
 */
export type DatabaseUrl =
  | {
      readonly kind: 'postgres';
      /** For the driver. */
      readonly url: string;
      /** For people: without user, password and parameters. */
      readonly place: string;
      /** A PEM file of trusted authorities; undefined: the system's. */
      readonly caFile: string | undefined;
    }
  | { readonly kind: 'sqlite'; readonly file: string }
  | { readonly kind: 'memory' }
  | { readonly kind: 'wrong'; readonly message: string };

/** The values of `sslmode` that the driver accepts, the same as libpq's. */
const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'];

/** Parses `postgres://…`, `postgresql://…`, `sqlite://FILE` or `sqlite::memory:`. */
export function parseDatabaseUrl(text: string): DatabaseUrl {
  if (text.startsWith('sqlite:')) return parseSqlite(text);
  if (/^postgres(?:ql)?:\/\//.test(text)) return parsePostgres(text);
  return wrong('must begin with postgres://, postgresql:// or sqlite://');
}

function wrong(message: string): DatabaseUrl {
  return { kind: 'wrong', message: `DB_URL ${message}` };
}

function parsePostgres(text: string): DatabaseUrl {
  if (!isDecodable(text)) return wrong('has a % that begins no escape; write a % in a password as %25');
  const url = URL.parse(text);
  if (url === null) return wrong('is not a valid URL; escape special characters in it');
  const mode = url.searchParams.get('sslmode') ?? url.searchParams.get('ssl-mode');
  if (mode !== null && !SSL_MODES.includes(mode))
    return wrong(`has an unknown sslmode; it is one of ${SSL_MODES.join(', ')}`);
  const caFile = url.searchParams.get('sslrootcert') ?? undefined;
  if (caFile !== undefined && !existsSync(caFile))
    return wrong('names a file of authorities (sslrootcert) that is not there');
  const place = `${url.protocol}//${url.host}${url.pathname}`;
  // The driver would send it to the server as a session setting.
  if (caFile !== undefined) url.searchParams.delete('sslrootcert');
  return { kind: 'postgres', url: caFile === undefined ? text : url.href, place, caFile };
}

function parseSqlite(text: string): DatabaseUrl {
  if (text.includes(':memory:')) return { kind: 'memory' };
  const named = text.replace(/^sqlite:(?:\/\/)?/, '');
  // A file of exactly that name may date from before escapes were supported.
  const file = existsSync(named) || !isDecodable(named) ? named : decodeURIComponent(named);
  if (/^(?:$|[?#])/.test(file) || file.endsWith('/'))
    return wrong('names no file; write it like sqlite://proxy.db or sqlite:///var/lib/llm-proxy/proxy.db');
  return { kind: 'sqlite', file };
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
