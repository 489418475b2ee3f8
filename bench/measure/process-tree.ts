import { readdirSync, readFileSync } from 'node:fs';

/** The CPU that a process and its descendants have used so far, and the memory that they hold. */
export interface Usage {
  /** CPU by the count of the processes, in steps of 10 ms; threads that have ended are in it. */
  readonly tickSeconds: number;
  /** CPU of each thread that lives, to the nanosecond. */
  readonly threadSeconds: ReadonlyMap<string, number>;
  /** How long those threads were ready to run and had to wait for the core. */
  readonly waitedSeconds: number;
  /** Memory in megabytes (10⁶ bytes). Pages that two processes share count for both. */
  readonly rssMb: number;
}

/** Linux counts `utime` and `stime` in hundredths of a second on every platform. */
const TICKS_PER_SECOND = 100;

/** Reads the usage of a process with all its descendants from `/proc`. */
export function usageOf(pid: number): Usage {
  const threadSeconds = new Map<string, number>();
  const sum = { tickSeconds: 0, waitedSeconds: 0, rssMb: 0 };
  for (const each of treeOf(pid)) {
    const fields = statOf(each);
    if (fields === undefined) continue;
    sum.tickSeconds += (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
    sum.rssMb += (Number(fields[21]) * 4096) / 1e6;
    for (const thread of listOf(`/proc/${each}/task`)) {
      const [ran, waited] = textOf(`/proc/${each}/task/${thread}/schedstat`)?.split(' ') ?? [];
      if (ran === undefined) continue;
      threadSeconds.set(thread, Number(ran) / 1e9);
      sum.waitedSeconds += Number(waited) / 1e9;
    }
  }
  return { ...sum, threadSeconds };
}

/** CPU used in between, in seconds: by thread, unless the coarser count shows that a thread has ended with more. */
export function cpuBetween(before: Usage, after: Usage): number {
  let fine = 0;
  for (const [thread, seconds] of after.threadSeconds)
    fine += seconds - (before.threadSeconds.get(thread) ?? 0);
  const coarse = after.tickSeconds - before.tickSeconds;
  return Math.max(fine, coarse - 2 / TICKS_PER_SECOND);
}

/** The processes that another one started, without those that they started. */
export function childrenOf(parent: number): number[] {
  return treeOf(parent).filter((pid) => Number(statOf(pid)?.[1]) === parent);
}

function treeOf(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of listOf('/proc')) {
    const pid = Number(name);
    const parent = Number.isNaN(pid) ? undefined : Number(statOf(pid)?.[1]);
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const tree = [root];
  for (let at = 0; at < tree.length; at++) tree.push(...(children.get(tree[at] ?? 0) ?? []));
  return tree;
}

/** The fields of `/proc/PID/stat` after the name, which may hold spaces and parentheses: state, parent, … */
function statOf(pid: number): string[] | undefined {
  const text = textOf(`/proc/${pid}/stat`);
  return text?.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** Processes and threads may end while they are read. */
function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function listOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
