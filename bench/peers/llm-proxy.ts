import { join } from 'node:path';
import { BENCH_KEY, BENCH_MODEL } from '../load/request.ts';
import { PROXY_CORE, startPinned } from '../measure/pinned.ts';
import type { Peer, Place } from './peer.ts';
import { firstLine } from './program.ts';

const ROOT = join(import.meta.dir, '..', '..');
const CHECKOUT = join(ROOT, 'bin', 'llm-proxy');
const BINARY = join(ROOT, 'dist', `llm-proxy-linux-${process.arch === 'arm64' ? 'arm64' : 'amd64'}`);

/** The gateway with the features of a production setup: keys, a rate limit, metrics, and a log line for each request. */
export const llmProxy = gateway('llm-proxy', (place) => `${features(place)}${routes(place, 1)}`);

/** The gateway without keys, limits and log. Metrics cannot be turned off. */
export const llmProxyPlain = gateway(
  'llm-proxy (plain)',
  (place) => `logging: {level: error}\n${routes(place, 1)}`,
);

/** As `llmProxy` and `llmProxyPlain`, with Bun's server alone. */
export const llmProxyRuntime = gateway(
  'llm-proxy (runtime)',
  (place) => `${RUNTIME}${features(place)}${routes(place, 1)}`,
);
export const llmProxyRuntimePlain = gateway(
  'llm-proxy (runtime plain)',
  (place) => `${RUNTIME}logging: {level: error}\n${routes(place, 1)}`,
);

/** As `llmProxy`, on both cores. */
export const llmProxyOnTwoCores = gateway(
  'llm-proxy (two cores)',
  (place) => `${features(place)}${routes(place, 1)}`,
  { cores: '0,1' },
);

/** As `llmProxy`, with two workers, on both cores. */
export const llmProxyTwoWorkers = twoWorkers('llm-proxy (2 workers)');

/** The same, for a work that gives each of the workers the load of one. */
export const llmProxyTwoLoads = twoWorkers('llm-proxy (2 workers, 2 loads)');

/** As `llmProxy`, from the binary that is built without an installation. */
export const llmProxyBinary = gateway(
  'llm-proxy (binary)',
  (place) => `${features(place)}${routes(place, 1)}`,
  { program: BINARY },
);

function twoWorkers(name: string): Peer {
  return gateway(name, (place) => `${features(place)}${routes(place, 2)}`, { cores: '0,1' });
}

interface Start {
  readonly cores?: string;
  readonly program?: string;
}

/** A gateway with any configuration but for its address, which comes from the command line. */
export function gateway(
  name: string,
  config: (place: Place) => string,
  { cores = PROXY_CORE, program = CHECKOUT }: Start = {},
): Peer {
  return {
    name,
    missing: () => (Bun.which(program) === null ? 'not built: the binary is expected in dist/' : undefined),
    version: () => firstLine([program, '--version']),
    async launch(place) {
      const file = join(place.folder, 'config.yaml');
      await Bun.write(file, config(place));
      const address = ['--host', '127.0.0.1', '--port', String(place.port)];
      // The lines go to one place: a second file would cost a tenth of a small request.
      const output = { log: join(place.folder, 'terminal.log'), isQuiet: true };
      // Lets a run be slowed down or profiled on purpose without a change of the program.
      const flags = process.env['LLM_PROXY_BUN_FLAGS'];
      const env = flags === undefined ? {} : { LLM_PROXY_BUN_FLAGS: flags };
      const command = [program, '--config', file, ...address];
      return { child: startPinned(cores, command, { cwd: place.folder, ...output, env }) };
    },
  };
}

const RUNTIME = 'server: {engine: runtime}\n';

const routes = ({ upstreamPort }: Place, workers: number): string => `
workers: ${workers}
providers:
  - {name: mock, api_base: "http://127.0.0.1:${upstreamPort}/v1", api_key: sk-mock}
models:
  ${BENCH_MODEL}: {routes: [{provider: mock, model: bench-upstream}]}
`;

const features = ({ folder }: Place): string => `
master_keys:
  - name: bench
    key: ${BENCH_KEY}
    rate_limit: {requests_per_second: 1000000, burst_size: 1000000}
logging: {level: info, format: json, general_file: "${folder}/proxy.log", enable_metrics: true}
`;
