import { isLoopback } from '../compile/address.ts';
import { withCloudEnvironment } from './cloud-environment.ts';
import type { Environment } from './environment.ts';
import { type Overrides, parseLevel, parsePort, parseWorkers } from './overrides.ts';
import type { Settings } from './settings.ts';

/** Applies the command line and the environment to the settings. `faults` are variables with invalid values. */
export function applyOverrides(
  settings: Settings,
  overrides: Overrides,
  env: Environment,
): { readonly settings: Settings; readonly faults: readonly VariableFault[] } {
  const faults: VariableFault[] = [];
  const read = <T>(name: string, parse: (text: string) => T | undefined, allowed: string): T | undefined => {
    const text = env[name]?.trim();
    if (text === undefined || text === '') return undefined;
    const value = parse(text);
    if (value === undefined)
      faults.push({ name, message: `must be ${allowed}`, found: JSON.stringify(text) });
    return value;
  };
  const isPlatform = isPlatformName(env['HOST'] ?? '');
  const host = overrides.host ?? (isPlatform ? undefined : read('HOST', (text) => text, 'an address'));
  const port = overrides.port ?? read('PORT', parsePort, 'a port from 0 to 65535');
  const workers =
    overrides.workers ?? read('LLM_PROXY_WORKERS', parseWorkers, 'a whole number from 1 to 256, or auto');
  const delayMs = read('LLM_PROXY_DRAIN_DELAY', parseSeconds, 'a number of seconds from 0 to 2000000');
  const level = overrides.logLevel ?? read('LOG_LEVEL', parseLevel, 'debug, info, warn or error');
  return {
    settings: {
      ...settings,
      listen: { host: host ?? reachableHost(settings.listen.host, env), port: port ?? settings.listen.port },
      server: { ...settings.server, drainDelayMs: settings.server.drainDelayMs ?? delayMs },
      providers: settings.providers.map((provider) => withCloudEnvironment(provider, env)),
      workers: workers ?? settings.workers,
      logging: {
        ...settings.logging,
        level: level ?? settings.logging.level,
        language: settings.logging.language ?? languageOf(env),
      },
      warnings: [
        ...settings.warnings,
        ...(isPlatform && overrides.host === undefined
          ? [`HOST is ${env['HOST']}, which is a platform rather than an address, and is ignored.`]
          : []),
        ...WITHOUT_FILE.filter((name) => env[`${name}_FILE`]).map(
          (name) => `${name}_FILE is set but not read: only secrets may be in a file. Set ${name}.`,
        ),
      ],
    },
    faults,
  };
}

/** Variables of ours that are not secrets. A user who sets `PORT_FILE` expects the file to be read. */
const WITHOUT_FILE = [
  'HOST',
  'PORT',
  'LOG_LEVEL',
  'CONFIG_PATH',
  'REQUEST_RETENTION_DAYS',
  'LLM_PROXY_WORKERS',
  'LLM_PROXY_DRAIN_DELAY',
];

/** Conda and similar tools export HOST with a compiler's target platform, such as `x86_64-conda-linux-gnu`. */
function isPlatformName(host: string): boolean {
  return /^[a-z][a-z0-9_]+-[a-z0-9_]+-(?:linux|darwin|windows|mingw|freebsd)[a-z0-9.-]*$/.test(host.trim());
}

/**
 * The address to listen on. A container's loopback address is unreachable from outside, and `0.0.0.0` excludes IPv6, so
 * the image sets LLM_PROXY_CONTAINER_HOST to replace both.
 */
function reachableHost(host: string, env: Environment): string {
  const everywhere = env['LLM_PROXY_CONTAINER_HOST'];
  return everywhere && (isLoopback(host) || host === '0.0.0.0') ? everywhere : host;
}

/** An environment variable with an invalid value. */
export interface VariableFault {
  readonly name: string;
  readonly message: string;
  readonly found: string;
}

/** Parses seconds as milliseconds. Returns undefined for anything that is not a number of seconds. */
function parseSeconds(text: string): number | undefined {
  return /^\d{1,7}(?:\.\d{1,9})?$/.test(text) && Number(text) <= 2_000_000 ? Number(text) * 1000 : undefined;
}

/** POSIX: LC_ALL takes precedence over LC_MESSAGES, and that over LANG. */
function languageOf(env: Environment): 'en' | 'zh' {
  const locale = env['LC_ALL'] || env['LC_MESSAGES'] || env['LANG'] || '';
  return /^zh/i.test(locale) ? 'zh' : 'en';
}
