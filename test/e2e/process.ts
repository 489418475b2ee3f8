import { join } from 'node:path';
import { until } from './gateway.ts';

/** The program as a user starts it, with its output. */
export interface TestProcess {
  readonly pid: number;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly exited: Promise<number>;
  readonly kill: (signal?: NodeJS.Signals) => void;
  /** Resolves with the first match in its past or future output. */
  readonly printed: (pattern: RegExp) => Promise<RegExpExecArray>;
}

const LAUNCHER = join(import.meta.dir, '..', '..', 'bin', 'llm-proxy');

export interface ProcessOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The program to start instead of `bin/llm-proxy`. */
  readonly program?: string;
  /** A program that starts it, with its own arguments. */
  readonly launcher?: readonly string[] | undefined;
}

/** Starts the program with these arguments, in `cwd`, with nothing of this process's settings but PATH. */
export function startProcess(args: readonly string[], options: ProcessOptions = {}): TestProcess {
  const child = Bun.spawn([...(options.launcher ?? []), options.program ?? LAUNCHER, ...args], {
    cwd: options.cwd ?? import.meta.dir,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: process.env['HOME'] ?? '',
      LANG: 'en_US.UTF-8',
      ...otherEngine(process.env),
      ...options.env,
    },
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const output = { stdout: '', stderr: '' };
  const reading = Promise.all([
    collect(child.stdout, output, 'stdout'),
    collect(child.stderr, output, 'stderr'),
  ]);
  return {
    pid: child.pid,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    exited: reading.then(() => child.exited),
    kill: (signal = 'SIGTERM') => child.kill(signal),
    printed: (pattern) => until(() => pattern.exec(`${output.stdout}\n${output.stderr}`) ?? undefined),
  };
}

/** The variables by which the tests run on another engine (`other-engine.ts`). */
function otherEngine(env: NodeJS.ProcessEnv): Record<string, string> {
  const { LLM_PROXY_TEST_ENGINE, BUN_OPTIONS } = env;
  return LLM_PROXY_TEST_ENGINE === undefined ? {} : { LLM_PROXY_TEST_ENGINE, BUN_OPTIONS: BUN_OPTIONS ?? '' };
}

async function collect(
  stream: ReadableStream<Uint8Array>,
  output: { stdout: string; stderr: string },
  name: 'stdout' | 'stderr',
): Promise<void> {
  const decoder = new TextDecoder();
  for await (const chunk of stream) output[name] += decoder.decode(chunk, { stream: true });
}
