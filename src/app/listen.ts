import { rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { addressText } from '../config/compile/address.ts';
import type { Snapshot } from '../config/snapshot.ts';
import { serveInOneProcess } from './single-process.ts';
import type { CompiledConfig } from './config-source.ts';
import { compileSoon } from '../interpreted-start.ts';
import { freeAfterLoading } from './free-after-loading.ts';
import type { ListenOptions, Serving } from './serving.ts';

/** Starts listening. On failure, prints one line with the reason and returns undefined. */
export async function listen(
  config: CompiledConfig,
  options: ListenOptions = {},
): Promise<Serving | undefined> {
  await freeAfterLoading(config.snapshot);
  const serving = await openListeners(config, options);
  compileSoon();
  return serving && withAddressFile(serving, process.env['LLM_PROXY_ADDRESS_FILE']);
}

/** Writes the address to a file while the gateway listens. The image's health check reads it. */
function withAddressFile(serving: Serving, path: string | undefined): Serving {
  if (!path) return serving;
  try {
    writeFileSync(path, serving.url);
  } catch (error) {
    const text = `LLM_PROXY_ADDRESS_FILE: ${path} cannot be written: ${error instanceof Error ? error.message : ''}`;
    serving.log.say('warn', 'warning', { text });
    return serving;
  }
  const drain = async (): Promise<void> => {
    await serving.drain();
    rmSync(path, { force: true });
  };
  return { ...serving, drain };
}

async function openListeners(config: CompiledConfig, options: ListenOptions): Promise<Serving | undefined> {
  const { snapshot } = config;
  try {
    const workers = workersOf(snapshot);
    if (workers > 1 && DIVIDES_CONNECTIONS) {
      const { serveWithWorkers } = await import('./several-processes.ts');
      return await serveWithWorkers(config, workers, options);
    }
    const serving = await serveInOneProcess(config, options);
    if (workers > 1) serving.log.say('warn', 'workersAlone', { workers });
    return serving;
  } catch (error) {
    console.error(`llm-proxy: ${listenProblem(error, config)}`);
    return undefined;
  }
}

/** Whether the system distributes the connections to one port among the processes that listen on it. */
const DIVIDES_CONNECTIONS = process.platform === 'linux';

/** The number of processes to start. */
function workersOf({ workers }: Snapshot): number {
  return workers === 'auto' ? availableParallelism() : workers;
}

function listenProblem(error: unknown, { snapshot, source }: CompiledConfig): string {
  const { host, port } = snapshot.server;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const address = addressText({ host, port });
  const { overrides } = source;
  const hostSource = sourceOf('HOST', host, {
    override: overrides.host,
    settings: 'server.host or listen',
  });
  const portSource = sourceOf('PORT', port, {
    override: overrides.port,
    settings: 'server.port or listen',
  });
  switch (code) {
    case 'EADDRINUSE':
      return `${address} is in use (the port comes from ${portSource}). Stop the other program, or choose another port with --port.`;
    case 'EACCES':
      return `no permission to listen on ${address} (the port comes from ${portSource}). Choose a port above 1023 with --port.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EINVAL':
      return `${host} is not an address of this machine (it comes from ${hostSource}). Choose another one with --host.`;
    default:
      return `cannot listen on ${address} (the address comes from ${hostSource}, the port from ${portSource}): ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** The source of the address: the command line, the environment, or the configuration, in this order. */
function sourceOf(
  variable: 'HOST' | 'PORT',
  value: string | number,
  { override, settings }: { readonly override: unknown; readonly settings: string },
): string {
  if (override !== undefined) return `--${variable.toLowerCase()}`;
  for (const name of [variable, 'LLM_PROXY_CONTAINER_HOST']) {
    if (process.env[name]?.trim() === String(value)) return `${name} in the environment`;
  }
  return `${settings} of the configuration`;
}
