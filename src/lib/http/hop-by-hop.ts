/** Header fields that concern one connection and not the message (RFC 9110 §7.6.1), by lower-case name. */
export const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** The further fields that a message's own `Connection` declares to be for this connection only. */
export function namedByConnection(headers: Headers): ReadonlySet<string> {
  const connection = headers.get('connection');
  if (connection === null || connection === 'keep-alive' || /^\s*(?:keep-alive|close)?\s*$/i.test(connection))
    return NONE;
  return new Set(connection.split(',').map((name) => name.trim().toLowerCase()));
}

const NONE: ReadonlySet<string> = new Set();
