import type { Subprocess } from 'bun';

/** The proxy has one core for itself; the load and the provider behind it share the other. */
export const PROXY_CORE = '0';
export const LOAD_CORE = '1';

export interface PinnedOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly onMessage?: (message: unknown) => void;
  /** A file for its output. Without one, the output is discarded. */
  readonly log?: string;
  /** Whether only standard error goes to `log`. */
  readonly isQuiet?: boolean;
}

const running = new Set<Subprocess>();
// However this process ends, no child goes on using the cores.
process.on('exit', () => running.forEach((child) => child.kill('SIGTERM')));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => {
    console.error(`ended by ${signal}`);
    process.exit(1);
  });

/** Starts a command with all its children on these cores. */
export function startPinned(
  cores: string,
  command: readonly string[],
  options: PinnedOptions = {},
): Subprocess {
  const { cwd, env, onMessage, log, isQuiet = false } = options;
  const output = log === undefined ? 'ignore' : Bun.file(log);
  const child = Bun.spawn(['taskset', '-c', cores, ...command], {
    ...(cwd === undefined ? {} : { cwd }),
    ...(onMessage === undefined ? {} : { ipc: onMessage }),
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', LANG: 'C.UTF-8', ...env },
    stdin: 'ignore',
    stdout: isQuiet ? 'ignore' : output,
    stderr: output,
  });
  running.add(child);
  return child;
}

/** Ends a process and waits for it. A process that does not react is killed. */
export async function stopProcess(child: Subprocess): Promise<void> {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await child.exited;
  clearTimeout(timer);
  running.delete(child);
}

/** Moves this process, with all its threads, to the load's core, away from what is measured. */
export function leaveProxyCore(): void {
  Bun.spawnSync(['taskset', '-a', '-c', '-p', LOAD_CORE, String(process.pid)]);
}
