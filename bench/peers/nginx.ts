import { join } from 'node:path';
import { PROXY_CORE, startPinned } from '../measure/pinned.ts';
import type { Peer, Place } from './peer.ts';
import { findProgram, firstLine } from './program.ts';

/** nginx as a plain proxy. It only passes bytes on, so it marks the limit. */
export const nginx = server('nginx', '');

/** The same without the temporary file into which nginx copies large request bodies by default. */
export const nginxUnbuffered = server('nginx (unbuffered)', 'proxy_request_buffering off;');

function server(name: string, setting: string): Peer {
  return {
    name,
    missing: () => (findProgram('nginx') === undefined ? 'not installed: bench/install tools' : undefined),
    version: () => firstLine([findProgram('nginx') ?? '', '-v']).replace('nginx version: ', ''),
    async launch(place) {
      const file = join(place.folder, 'nginx.conf');
      await Bun.write(file, config(place, setting));
      const command = [findProgram('nginx') ?? '', '-c', file, '-e', join(place.folder, 'error.log')];
      return { child: startPinned(PROXY_CORE, command) };
    },
  };
}

const config = ({ port, upstreamPort, folder }: Place, setting: string): string => `
daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events { worker_connections 8192; }
http {
  access_log off;
  client_max_body_size 64m;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  keepalive_requests 1000000000;
  upstream provider {
    server 127.0.0.1:${upstreamPort};
    keepalive 4096;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://provider;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_read_timeout 1h;
      ${setting}
    }
  }
}
`;
