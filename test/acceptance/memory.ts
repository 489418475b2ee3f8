import { readFile } from 'node:fs/promises';

/** The memory that a process has in use, in MB; Linux only. */
export async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

/** The most memory that a process has in use while something goes on, in MB. */
export async function peakWhile(pid: number, work: Promise<unknown>): Promise<number> {
  const progress = { isOver: false };
  void work.finally(() => {
    progress.isOver = true;
  });
  let peak = 0;
  while (!progress.isOver) {
    peak = Math.max(peak, await residentMb(pid));
    await Bun.sleep(20);
  }
  return peak;
}
