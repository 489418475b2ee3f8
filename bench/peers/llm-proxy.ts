import { join } from 'node:path';
import { PROXY_CORE, startPinned, stopProcess } from '../measure/pinned.ts';
import { answers, freePort } from './address.ts';
import { BENCH_KEY, BENCH_MODEL, type Peer, type Place } from './peer.ts';

const LAUNCHER = join(import.meta.dir, '..', '..', 'bin', 'llm-proxy');

/** The gateway with what a production has on: keys, a rate limit, metrics, a line for each request in a file. */
export const llmProxy: Peer = gateway('llm-proxy', (place) => `${FEATURES(place)}${ROUTES(place)}`);

/** The gateway without keys, limits and log; metrics are always counted. */
export const llmProxyPlain: Peer = gateway(
  'llm-proxy (plain)',
  (place) => `logging: {level: error}\n${ROUTES(place)}`,
);

/** A gateway with any configuration but for its address, which comes from the command line. */
export function gateway(name: string, config: (place: Place) => string): Peer {
  return {
    name,
    missing: async () => undefined,
    async start(place) {
      const port = freePort();
      const file = join(place.folder, 'config.yaml');
      await Bun.write(file, config(place));
      const child = startPinned(
        PROXY_CORE,
        [LAUNCHER, '--config', file, '--host', '127.0.0.1', '--port', String(port)],
        {
          cwd: place.folder,
          log: join(place.folder, 'terminal.log'),
        },
      );
      await answers(port, '/healthz');
      return { port, pid: child.pid, stop: () => stopProcess(child) };
    },
  };
}

const ROUTES = ({ upstreamPort }: Place): string => `
workers: 1
providers:
  - {name: mock, api_base: "http://127.0.0.1:${upstreamPort}/v1", api_key: sk-mock}
models:
  ${BENCH_MODEL}: {routes: [{provider: mock, model: bench-upstream}]}
`;

const FEATURES = ({ folder }: Place): string => `
master_keys:
  - name: bench
    key: ${BENCH_KEY}
    rate_limit: {requests_per_second: 1000000, burst_size: 1000000}
logging: {level: info, format: json, general_file: "${folder}/proxy.log", enable_metrics: true}
`;
