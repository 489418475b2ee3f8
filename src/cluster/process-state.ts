import { readFileSync } from 'node:fs';

/**
 * Whether a process is neither stopped nor dead, according to `/proc/PID/stat`. Process id 0 does not exist. Linux
 * only.
 */
export function canRun(pid: number): boolean {
  if (pid === 0) return false;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return !'TtZXx'.includes(stat.charAt(stat.lastIndexOf(')') + 2));
  } catch (problem) {
    return (problem as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}
