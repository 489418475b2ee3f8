import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const VERSION_1 = '/sys/fs/cgroup/cpu';
const VERSION_2 = '/sys/fs/cgroup';

const PERIOD_MICROS = 5000;

/** A limit that holds until it is lifted, which needs the processes to have ended. */
export interface CpuLimit {
  readonly lift: () => void;
}

/**
 * Lets a process, with all its threads, use at most a share of one core. Among others that want the core, it comes first. Needs
 * Linux, root and the control group `cpu`. Throws the error of the file system.
 */
export function limitCpu(pid: number, share: number): CpuLimit {
  const isFirst = existsSync(join(VERSION_1, 'cpu.shares'));
  const group = join(isFirst ? VERSION_1 : VERSION_2, `llm-proxy-bench-${pid}`);
  mkdirSync(group);
  const set = (file: string, value: string | number): void => writeFileSync(join(group, file), String(value));
  const quota = Math.round(share * PERIOD_MICROS);
  if (isFirst) {
    set('cpu.shares', 262_144);
    set('cpu.cfs_period_us', PERIOD_MICROS);
    set('cpu.cfs_quota_us', quota);
  } else {
    set('cpu.weight', 10_000);
    set('cpu.max', `${quota} ${PERIOD_MICROS}`);
  }
  set('cgroup.procs', pid);
  return { lift: () => rmdirSync(group) };
}
