/** Milliseconds of processor time that some work takes: other work on the machine does not count. */
export function cpuMs(work: () => unknown): number {
  const begin = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(begin);
  return (user + system) / 1000;
}
