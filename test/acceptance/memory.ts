import { readFile } from 'node:fs/promises';

/** The memory that a process has in use, in MB; Linux only. */
export async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

/** The peak memory of a process during some work, in MB. */
export async function peakWhile(pid: number, work: Promise<unknown>): Promise<number> {
  const progress = { isOver: false };
  void work.finally(() => {
    progress.isOver = true;
  });
  let peak = 0;
  while (!progress.isOver) {
    peak = Math.max(peak, await residentMb(pid));
    await Bun.sleep(5);
  }
  return peak;
}

/** The memory of a process once it has been stable for three seconds, or its memory after half a minute. */
export async function settledMb(pid: number): Promise<number> {
  const looks: number[] = [];
  for (let count = 0; count < 60; count++) {
    looks.push(await residentMb(pid));
    const last = looks.slice(-6);
    if (last.length === 6 && Math.max(...last) - Math.min(...last) < 2) break;
    await Bun.sleep(500);
  }
  return looks.at(-1) ?? 0;
}
