import type { LoggingSettings } from '../snapshot.ts';

/** The command line's settings. They take precedence over the environment, and that over the file. */
export interface Overrides {
  readonly host?: string;
  readonly port?: number;
  readonly workers?: number | 'auto';
  readonly logLevel?: LoggingSettings['level'];
}

/** Parses a port. Returns undefined for anything else. */
export function parsePort(text: string): number | undefined {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined;
}

/** Parses a number of workers. Returns undefined for anything else. */
export function parseWorkers(text: string): number | 'auto' | undefined {
  if (text.toLowerCase() === 'auto') return 'auto';
  return /^[1-9]\d{0,2}$/.test(text) && Number(text) <= 256 ? Number(text) : undefined;
}

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** Parses a log level in any case. Returns undefined for anything else. */
export function parseLevel(text: string): LoggingSettings['level'] | undefined {
  const lower = text.toLowerCase() === 'warning' ? 'warn' : text.toLowerCase();
  return LEVELS.find((level) => level === lower);
}
