import { join } from 'node:path';
import { PROXY_CORE, startPinned, stopProcess } from '../measure/pinned.ts';
import { answers, freePort } from './address.ts';
import type { Peer } from './peer.ts';

/** nginx as a plain proxy: the limit, since it does nothing but pass bytes on. */
export const nginx: Peer = {
  name: 'nginx',
  missing: async () =>
    program() === null ? 'nginx is not installed: apt-get install nginx-light' : undefined,
  async start({ upstreamPort, folder }) {
    const port = freePort();
    const file = join(folder, 'nginx.conf');
    await Bun.write(file, config(port, upstreamPort, folder));
    const child = startPinned(
      PROXY_CORE,
      [program() ?? 'nginx', '-c', file, '-e', join(folder, 'error.log')],
      {
        cwd: folder,
      },
    );
    await answers(port, '/');
    return { port, pid: child.pid, stop: () => stopProcess(child) };
  },
};

const program = (): string | null => Bun.which('nginx', { PATH: `${process.env['PATH']}:/usr/sbin` });

const config = (port: number, upstreamPort: number, folder: string): string => `
daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 1;
worker_rlimit_nofile 65536;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events { worker_connections 16384; }
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
    }
  }
}
`;
