import type { Environment } from './environment.ts';
import type { Settings } from './settings.ts';
import type { LoggingSettings } from '../snapshot.ts';

/** What the command line sets; it comes before the environment, and that before the file. */
export interface Overrides {
  readonly host?: string;
  readonly port?: number;
  readonly workers?: number | 'auto';
  readonly logLevel?: LoggingSettings['level'];
}

/** The settings under the command line and the environment. `faults`: variables with a value that can't be meant. */
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
  const host = overrides.host ?? read('HOST', (text) => text, 'an address');
  const port = overrides.port ?? read('PORT', parsePort, 'a port from 0 to 65535');
  const workers =
    overrides.workers ?? read('LLM_PROXY_WORKERS', parseWorkers, 'a whole number from 1 to 256, or auto');
  const delayMs = read('LLM_PROXY_DRAIN_DELAY', parseSeconds, 'a number of seconds from 0 to 2000000');
  const level = overrides.logLevel ?? read('LOG_LEVEL', parseLevel, 'debug, info, warn or error');
  return {
    settings: {
      ...settings,
      listen: { host: host ?? settings.listen.host, port: port ?? settings.listen.port },
      server: { ...settings.server, drainDelayMs: settings.server.drainDelayMs ?? delayMs },
      workers: workers ?? settings.workers,
      logging: {
        ...settings.logging,
        level: level ?? settings.logging.level,
        language: settings.logging.language ?? languageOf(env),
      },
    },
    faults,
  };
}

/** A variable of the environment that has to be set otherwise. */
export interface VariableFault {
  readonly name: string;
  readonly message: string;
  readonly found: string;
}

/** A port, as text; undefined: it is none. */
export function parsePort(text: string): number | undefined {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined;
}

/** A number of seconds, as text, in milliseconds; undefined: it is none. */
function parseSeconds(text: string): number | undefined {
  return /^\d{1,7}(?:\.\d{1,9})?$/.test(text) && Number(text) <= 2_000_000 ? Number(text) * 1000 : undefined;
}

/** A number of workers, as text; undefined: it is none. */
export function parseWorkers(text: string): number | 'auto' | undefined {
  if (text.toLowerCase() === 'auto') return 'auto';
  return /^[1-9]\d{0,2}$/.test(text) && Number(text) <= 256 ? Number(text) : undefined;
}

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** A log level, in any case of letters; undefined: it is none. */
export function parseLevel(text: string): LoggingSettings['level'] | undefined {
  const lower = text.toLowerCase() === 'warning' ? 'warn' : text.toLowerCase();
  return LEVELS.find((level) => level === lower);
}

/** POSIX: LC_ALL comes before LC_MESSAGES, and that before LANG. */
function languageOf(env: Environment): 'en' | 'zh' {
  const locale = env['LC_ALL'] || env['LC_MESSAGES'] || env['LANG'] || '';
  return /^zh/i.test(locale) ? 'zh' : 'en';
}
