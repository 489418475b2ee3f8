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
