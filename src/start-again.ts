/**
 * Runs this executable again with the same arguments and another environment. Where the system can replace a process
 * (Linux, macOS), it does not return: the process id stays, and signals reach the new program. Elsewhere (Windows), it
 * resolves with the exit code of a child on the same terminal. Throws if neither can be started.
 */
export function startAgain(env: NodeJS.ProcessEnv): Promise<number> {
  const command = [process.execPath, ...process.argv.slice(2)];
  if (process.platform !== 'win32' && process.execve !== undefined)
    process.execve(process.execPath, command, env);
  return runChild(command, env);
}

/** Runs a command on this process's terminal and resolves with its exit code. */
export async function runChild(command: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  // Ctrl-C reaches every process of a terminal. The child decides what to do; this process only waits.
  for (const signal of ['SIGINT', 'SIGBREAK'] as const) process.on(signal, () => undefined);
  return Bun.spawn([...command], { env, stdio: ['inherit', 'inherit', 'inherit'] }).exited;
}
