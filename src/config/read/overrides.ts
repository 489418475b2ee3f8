import type { LoggingSettings } from '../snapshot.ts';

/** What the command line sets; it comes before the environment, and that before the file. */
export interface Overrides {
  readonly host?: string;
  readonly port?: number;
  readonly workers?: number | 'auto';
  readonly logLevel?: LoggingSettings['level'];
}

/** A port, as text; undefined: it is none. */
export function parsePort(text: string): number | undefined {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined;
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
