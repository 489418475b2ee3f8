import { readdirSync, readFileSync } from 'node:fs';

/** What a process and its children have used and hold: CPU in seconds since they started, memory in megabytes. */
export interface Usage {
  readonly cpuSeconds: number;
  readonly rssMb: number;
}

/** Ticks of `utime` and `stime`; Linux has 100 a second on every platform. */
const TICKS_PER_SECOND = 100;

/** Reads the usage of a process with all its descendants from `/proc`. Pages that two processes share count for both. */
export function usageOf(pid: number): Usage {
  const usage = { cpuSeconds: 0, rssMb: 0 };
  for (const each of treeOf(pid)) {
    const fields = statOf(each);
    if (fields === undefined) continue;
    usage.cpuSeconds += (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
    usage.rssMb += (Number(fields[21]) * 4096) / 1e6;
  }
  return usage;
}

function treeOf(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
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
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
