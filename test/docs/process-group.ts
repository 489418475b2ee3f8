import { spawn } from 'node:child_process';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from '../e2e/gateway.ts';

/** A shell and all its children, including those in the background. */
export interface ProcessGroup {
  /** Resolves with the exit code of the shell. Its children may still run. */
  readonly exited: Promise<number>;
  /** The output of all processes so far. */
  readonly output: () => Promise<string>;
  /** Ends all of them as Ctrl-C does, and waits for it. */
  readonly end: () => Promise<void>;
  readonly kill: () => void;
}

/**
 * Runs a script with bash in a folder, without any setting of this process, and with the folder's `bin` as if it were
 * installed. `path` is free for the script and its output.
 */
export function startScript(script: string, folder: string, path: string): ProcessGroup {
  writeFileSync(path, script);
  const output = openSync(`${path}.output`, 'w');
  const child = spawn('bash', [path], {
    cwd: folder,
    // A separate process group, so that its background processes can be ended with it.
    detached: true,
    stdio: ['ignore', output, output],
    env: {
      PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`,
      HOME: folder,
      LANG: 'en_US.UTF-8',
    },
  });
  closeSync(output);
  const exited = new Promise<number>((resolve) => {
    child.once('exit', (code) => resolve(code ?? -1));
  });
  const signal = (name: NodeJS.Signals | 0): boolean => signalGroup(child.pid ?? 0, name);
  return {
    exited,
    output: () => readFile(`${path}.output`, 'utf8'),
    async end() {
      signal('SIGTERM');
      await exited;
      await until(() => !signal(0)).catch(() => signal('SIGKILL'));
    },
    kill: () => void signal('SIGKILL'),
  };
}

/** False if the group no longer exists. */
function signalGroup(id: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-id, name);
    return true;
  } catch {
    return false;
  }
}
