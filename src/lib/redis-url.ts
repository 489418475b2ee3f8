/** Where Redis or Valkey is. */
export interface RedisAddress {
  /** The server, or several of a cluster, or with `sentinel` the sentinels. */
  readonly hosts: readonly RedisHost[];
  /** The name of the primary that the sentinels watch; undefined: there are none. */
  readonly sentinel: string | undefined;
  readonly isTls: boolean;
  /** Undefined: the default user. */
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
}

export interface RedisHost {
  readonly host: string;
  readonly port: number;
}

const SHAPE =
  /^(?:redis|valkey)(s?)(\+sentinel)?:\/\/(?:([^:@/]*)(?::([^@/]*))?@)?([^@/?#]+)((?:\/[^/?#]*){0,2})\/?$/;

/**
 * Reads `redis://USER:PASSWORD@HOST:6379/DATABASE`, with `rediss` for TLS, or with sentinels
 * `redis+sentinel://USER:PASSWORD@HOST:26379,HOST:26379/NAME/DATABASE`. Returns a sentence about what is wrong, without
 * the text itself, which may hold a password.
 */
export function parseRedisUrl(text: string): RedisAddress | string {
  const match = SHAPE.exec(text);
  if (match === null) return 'must be like redis://HOST:6379/0 or rediss://:PASSWORD@HOST:6379/0';
  const [, tls, sentinels, user, password, hostText = '', path = ''] = match;
  const isSentinel = sentinels !== undefined;
  const hosts = hostsOf(hostText, isSentinel);
  const place = placeOf(path, isSentinel);
  if (typeof hosts === 'string') return hosts;
  if (typeof place === 'string') return place;
  return {
    hosts,
    ...place,
    isTls: tls === 's',
    user: user ? decoded(user) : undefined,
    password: password === undefined ? undefined : decoded(password),
  };
}

function hostsOf(text: string, isSentinel: boolean): RedisHost[] | string {
  const all = text.split(',').map((one) => hostOf(one, isSentinel ? 26_379 : 6379));
  const hosts = all.filter((host) => host !== undefined);
  if (hosts.length < all.length) return 'names a host or port that cannot be';
  return hosts;
}

/** The path: the number of the database, after the name of the primary if there are sentinels. */
function placeOf(path: string, isSentinel: boolean): Pick<RedisAddress, 'sentinel' | 'database'> | string {
  const segments = path.split('/').slice(1);
  const name = isSentinel ? segments.shift() : undefined;
  if (isSentinel && !name) return 'must name the primary: redis+sentinel://HOST:26379/NAME';
  const database = segments[0] ? Number(segments[0]) : 0;
  if (segments.length > 1 || !Number.isInteger(database) || database < 0 || database > 1023)
    return 'must end in the number of a database, such as /0';
  return { sentinel: name && decoded(name), database };
}

function hostOf(text: string, usualPort: number): RedisHost | undefined {
  const match = /^(\[[0-9A-Fa-f:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(text);
  if (match === null) return undefined;
  const [, host = '', port = String(usualPort)] = match;
  return Number(port) > 0 && Number(port) < 65_536 ? { host, port: Number(port) } : undefined;
}

/** A password that is not percent-encoded is taken as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
