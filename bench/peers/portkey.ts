import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROXY_CORE, startPinned } from '../measure/pinned.ts';
import type { Peer } from './peer.ts';

const PACKAGE = join(import.meta.dir, '..', 'node_modules', '@portkey-ai', 'gateway');

/** Portkey's gateway from npm, on Node.js as its documents start it. The provider comes with each request, as a header. */
export const portkey: Peer = {
  name: 'portkey',
  missing: () => (existsSync(PACKAGE) ? undefined : 'not installed: bench/install portkey'),
  version: () => JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')).version,
  async launch({ port, upstreamPort, folder }) {
    const command = ['node', join(PACKAGE, 'build', 'start-server.js'), `--port=${port}`, '--headless'];
    const child = startPinned(PROXY_CORE, command, {
      cwd: folder,
      log: join(folder, 'terminal.log'),
      env: { NODE_ENV: 'production' },
    });
    const headers = {
      'x-portkey-provider': 'openai',
      'x-portkey-custom-host': `http://127.0.0.1:${upstreamPort}/v1`,
    };
    return { child, headers };
  },
};
