import { join } from 'node:path';
import { PROXY_CORE, startPinned } from '../measure/pinned.ts';
import type { Peer, Place } from './peer.ts';
import { findProgram, firstLine } from './program.ts';

/** HAProxy as a plain proxy with one thread. Without `http-no-delay`, the kernel keeps each event for up to 200 ms. */
export const haproxy: Peer = {
  name: 'haproxy',
  missing: () => (findProgram('haproxy') === undefined ? 'not installed: bench/install tools' : undefined),
  version: () => /version (\S+)/.exec(firstLine([findProgram('haproxy') ?? '', '-v']))?.[1] ?? '',
  async launch(place) {
    const file = join(place.folder, 'haproxy.cfg');
    await Bun.write(file, config(place));
    const log = join(place.folder, 'haproxy.log');
    return { child: startPinned(PROXY_CORE, [findProgram('haproxy') ?? '', '-db', '-f', file], { log }) };
  },
};

const config = ({ port, upstreamPort }: Place): string => `
global
  nbthread 1
  maxconn 8192
defaults
  mode http
  option http-no-delay
  timeout connect 10s
  timeout client 1h
  timeout server 1h
frontend clients
  bind 127.0.0.1:${port}
  default_backend provider
backend provider
  http-reuse always
  server mock 127.0.0.1:${upstreamPort}
`;
