import { readlinkSync } from 'node:fs';

/** `2026-01-13`, in local time. */
export function localDate(date: Date): string {
  if (isUtc()) return date.toISOString().slice(0, 10);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** `09:41:05`, in local time. */
export function localTime(date: Date): string {
  if (isUtc()) return date.toISOString().slice(11, 19);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/**
 * Whether local time is certainly UTC, as on most servers. The runtime's own calculation loads the data of all time
 * zones, which take 3 MB.
 */
function isUtc(): boolean {
  return (isKnownUtc ??= isUtcZone(process.env['TZ'] ?? systemZone()));
}

let isKnownUtc: boolean | undefined;

/** Whether the name or the file of a time zone is that of UTC. */
export function isUtcZone(zone: string): boolean {
  return /^(?:.*\/zoneinfo\/)?(?:Etc\/)?(?:UTC|UCT|Zulu|Universal)$/.test(zone);
}

/** The file of the system's time zone; '' if it is unknown. */
function systemZone(): string {
  try {
    return readlinkSync('/etc/localtime');
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    // Without that file, Linux is in UTC.
    return isMissing && process.platform === 'linux' ? 'UTC' : '';
  }
}
