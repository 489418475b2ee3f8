import { readFileSync } from 'node:fs';

/** Whether a process is neither stopped nor dead, by its state in `/proc/PID/stat`. No process has the id 0. Linux only. */
export function canRun(pid: number): boolean {
  if (pid === 0) return false;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return !'TtZXx'.includes(stat.charAt(stat.lastIndexOf(')') + 2));
  } catch (problem) {
    return (problem as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}
