import type { Peer } from './peer.ts';

/** No proxy at all: what load and provider take for themselves. */
export const direct: Peer = {
  name: 'direct',
  missing: () => undefined,
  version: () => '',
  launch: async () => ({}),
};
