/** The faults of WebSockets, as `GET /mock/faults` shows them, with their defaults. */
export const SOCKET_FAULTS = [
  { name: 'ws-silence', summary: 'WebSocket: no event in place of a response', params: {} },
  { name: 'ws-stall', summary: 'WebSocket: the first events of a response, and no more', params: {} },
  { name: 'ws-cut', summary: 'WebSocket: a reset in place of a response', params: {} },
  { name: 'ws-close', summary: 'WebSocket: a close frame in place of a response', params: { code: 1011 } },
  {
    name: 'ws-huge',
    summary: 'WebSocket: one event of this size in place of a response',
    params: { mb: 20 },
  },
  {
    name: 'ws-refuse',
    summary: 'WebSocket: an error status in place of the handshake',
    params: { status: 503 },
  },
] as const;

/** A WebSocket fault, selected by the model name: `mock/ws-close?code=1011`. */
export type SocketFault =
  /** The first response gets no events. */
  | { readonly name: 'ws-silence' }
  /** The first response begins and does not end. */
  | { readonly name: 'ws-stall' }
  /** Resets the connection instead of sending the first response. */
  | { readonly name: 'ws-cut' }
  /** Closes the connection with this code. Default: 1011. */
  | { readonly name: 'ws-close'; readonly code: number }
  /** Sends an event of this size. Default: 20 MiB. */
  | { readonly name: 'ws-huge'; readonly bytes: number }
  /** Answers the handshake with this status. Default: 503. */
  | { readonly name: 'ws-refuse'; readonly status: number };

/** The fault that a model name selects; undefined: none. */
export function readSocketFault(model: string): SocketFault | undefined {
  const [name = '', query = ''] = model.slice('mock/'.length).split('?');
  const numberOf = (key: string, otherwise: number): number =>
    Number(new URLSearchParams(query).get(key) ?? otherwise);
  if (!model.startsWith('mock/')) return undefined;
  switch (name) {
    case 'ws-silence':
    case 'ws-stall':
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
