import { join } from 'node:path';
import { BENCH_KEY, BENCH_MODEL } from '../load/request.ts';
import { PROXY_CORE, startPinned } from '../measure/pinned.ts';
import type { Peer, Place } from './peer.ts';
import { firstLine } from './program.ts';

/** The observability that is on for a gateway. Metrics always are. */
export interface Watching {
  /** The settings under `logging`, in YAML's short form. */
  readonly logging?: (place: Place) => string;
  /** OpenTelemetry's variables. */
  readonly traces?: Readonly<Record<string, string>>;
  /** Whether each request leaves a row in a database, which is SQLite. */
  readonly records?: boolean;
}

const PROGRAM = join(import.meta.dir, '..', '..', 'bin', 'llm-proxy');

/** The gateway with a key and a limit, observed in this way. */
export function observedGateway(name: string, { logging, traces = {}, records = false }: Watching): Peer {
  return {
    name,
    missing: () => undefined,
    version: () => firstLine([PROGRAM, '--version']),
    async launch(place) {
      const { folder, port } = place;
      const file = join(folder, 'config.yaml');
      await Bun.write(file, config(place, logging?.(place) ?? 'level: error'));
      const database = records ? databaseOf(folder, file) : {};
      const env = { ...traces, ...database, LLM_PROXY_BUN_FLAGS: process.env['LLM_PROXY_BUN_FLAGS'] ?? '' };
      const where = records ? [] : ['--config', file];
      const command = [PROGRAM, ...where, '--host', '127.0.0.1', '--port', String(port)];
      return {
        child: startPinned(PROXY_CORE, command, { cwd: folder, log: join(folder, 'terminal.log'), env }),
      };
    },
  };
}

const config = ({ upstreamPort }: Place, logging: string): string => `
providers:
  - {name: mock, api_base: "http://127.0.0.1:${upstreamPort}/v1", api_key: sk-mock}
models:
  ${BENCH_MODEL}: {routes: [{provider: mock, model: bench-upstream}]}
master_keys:
  - {name: bench, key: ${BENCH_KEY}, rate_limit: {requests_per_second: 1000000, burst_size: 1000000}}
logging: {${logging}}
`;

/** Writes the configuration into a new database and returns the settings that a gateway needs to find it. */
function databaseOf(folder: string, file: string): Record<string, string> {
  const env = { DB_URL: `sqlite://${folder}/proxy.db`, ADMIN_KEY: 'only-for-this-bench-0123456789abcdef' };
  const { exitCode, stderr } = Bun.spawnSync([PROGRAM, 'import', file], {
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '', ...env },
  });
  if (exitCode !== 0) throw new Error(`the configuration was not imported: ${stderr.toString()}`);
  return env;
}
