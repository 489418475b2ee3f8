import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Access, Agent, Startable } from './agents.ts';

/** An empty home directory and a work folder for one session of an agent. */
export interface Desk {
  readonly home: string;
  readonly work: string;
  readonly remove: () => Promise<void>;
}

/** The result of a session. */
export interface Session {
  /** -1 if it did not end by itself and was killed. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const MODULES = join(import.meta.dir, '..', '..', 'node_modules');

/** The path of a program; undefined if it is not installed. */
function pathOf(program: Agent['program']): string | undefined {
  return ['.clients/node_modules/.bin', '.clients-more/node_modules/.bin', '.clients-more/.python/bin']
    .map((folder) => join(MODULES, folder, program))
    .find((path) => existsSync(path));
}

/** Longer sessions are killed, before the limit of their test. */
const LIMIT_MS = 150_000;

/** Whether a program is installed. Prints a note if it is not, because its tests are skipped then. */
export function isInstalled(program: Agent['program']): boolean {
  const found = pathOf(program) !== undefined;
  if (!found)
    console.log(
      `Not installed: ${program}. Its sessions are skipped; scripts/install-clients.sh installs it.`,
    );
  return found;
}

/** Creates a desk in the temporary folder, with these files in its work folder. */
export async function makeDesk(files: Readonly<Record<string, string | Uint8Array>> = {}): Promise<Desk> {
  const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-client-'));
  const [home, work] = [join(folder, 'home'), join(folder, 'work')];
  await mkdir(home);
  await mkdir(work);
  for (const [name, content] of Object.entries(files)) await writeFile(join(work, name), content);
  return { home, work, remove: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }) };
}

/** Runs one turn of an agent to its end. The agent cannot see this machine's user, and reaches only the loopback address. */
export async function runAgent(
  agent: Startable,
  desk: Desk,
  { prompt, args, env, ...access }: Access & SessionOptions,
): Promise<Session> {
  const launch = agent.launch(access, prompt);
  for (const [name, content] of Object.entries(launch.files ?? {})) {
    const path = join(desk.home, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
  const child = spawn(pathOf(agent.program) ?? agent.program, [...launch.args, ...(args ?? [])], {
    cwd: desk.work,
    // A separate process group, so that its children end with it.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: desk.home,
      TMPDIR: desk.home,
      LANG: 'en_US.UTF-8',
      // Nothing listens there, so a request to any other machine fails at once.
      HTTPS_PROXY: 'http://127.0.0.1:9',
      HTTP_PROXY: 'http://127.0.0.1:9',
      NO_PROXY: '127.0.0.1,localhost',
      ...launch.env,
      ...env,
    },
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const limit = setTimeout(() => killGroup(child.pid), LIMIT_MS);
  const exitCode = await new Promise<number>((resolve) => {
    child.once('error', () => resolve(-1));
    child.once('exit', (code) => resolve(code ?? -1));
  });
  clearTimeout(limit);
  killGroup(child.pid);
  // The pipes close when the whole process group has ended.
  await new Promise<void>((resolve) => {
    if (child.stdout.readableEnded) resolve();
    else child.stdout.once('close', () => resolve());
  });
  return { exitCode, ...output };
}

export interface SessionOptions {
  readonly prompt: string;
  /** Additional arguments. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Ends a process and all its children that still run. */
function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // None of them is running.
  }
}
