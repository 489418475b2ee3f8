import type { Peer } from './peer.ts';

/** No proxy at all: the cost of load and provider alone. */
export const direct: Peer = {
  name: 'direct',
  missing: () => undefined,
  version: () => '',
  launch: async () => ({}),
};
