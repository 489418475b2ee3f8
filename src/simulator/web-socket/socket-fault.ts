/** The faults of WebSockets, as `GET /mock/faults` shows them, with their defaults. */
export const SOCKET_FAULTS = [
  { name: 'ws-silence', summary: 'WebSocket: no event in place of a response', params: {} },
  { name: 'ws-cut', summary: 'WebSocket: a reset in place of a response', params: {} },
  { name: 'ws-close', summary: 'WebSocket: a close frame in place of a response', params: { code: 1011 } },
  {
    name: 'ws-huge',
    summary: 'WebSocket: one event of this size in place of a response',
    params: { mb: 20 },
  },
  { name: 'ws-refuse', summary: 'WebSocket: a handshake answered with a status', params: { status: 503 } },
] as const;

/** A fault that a WebSocket plays, by the name of the model: `mock/ws-close?code=1011`. */
export type SocketFault =
  /** The first response gets no event. */
  | { readonly name: 'ws-silence' }
  /** The connection is reset in place of the first response. */
  | { readonly name: 'ws-cut' }
  /** It is closed with this code: 1011. */
  | { readonly name: 'ws-close'; readonly code: number }
  /** An event of this size: 20 MiB. */
  | { readonly name: 'ws-huge'; readonly bytes: number }
  /** The handshake is answered with this status: 503. */
  | { readonly name: 'ws-refuse'; readonly status: number };

/** The fault that a model's name asks for; undefined: none. */
export function readSocketFault(model: string): SocketFault | undefined {
  const [name = '', query = ''] = model.slice('mock/'.length).split('?');
  const numberOf = (key: string, otherwise: number): number =>
    Number(new URLSearchParams(query).get(key) ?? otherwise);
  if (!model.startsWith('mock/')) return undefined;
  switch (name) {
    case 'ws-silence':
    case 'ws-cut':
      return { name };
    case 'ws-close':
      return { name, code: numberOf('code', 1011) };
    case 'ws-huge':
      return { name, bytes: numberOf('mb', 20) * 1024 * 1024 };
    case 'ws-refuse':
      return { name, status: numberOf('status', 503) };
    default:
      return undefined;
  }
}
