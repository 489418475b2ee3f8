import type { Fields } from './fields.ts';
/** Header fields that belong to one connection and not to the message (RFC 9110 §7.6.1), by lower-case name. */
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

/** Further fields that the message's own `Connection` header declares hop-by-hop. Takes linear time. */
export function namedByConnection(headers: Fields): ReadonlySet<string> {
  const connection = headers.get('connection');
  if (connection === null || connection === 'keep-alive' || connection === 'close') return NONE;
  const names = new Set<string>();
  for (const option of connection.split(',')) {
    const name = option.trim().toLowerCase();
    if (name !== '' && name !== 'keep-alive' && name !== 'close') names.add(name);
  }
  return names;
}

const NONE: ReadonlySet<string> = new Set();
