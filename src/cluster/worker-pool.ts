import type { Subprocess } from 'bun';
import { type AnswerOf, type Calls, RpcChannel, type Message } from './rpc-channel.ts';

export interface WorkerPoolOptions {
  readonly size: number;
  /** Whether the first worker chooses the port that all listen on; otherwise the port is known. */
  readonly findsPort: boolean;
  /**
   * The command line of a worker. The worker must call `hello` before anything else, and then `listening` or `failed`.
   */
  readonly command: readonly string[];
  /** The functions that this worker (from 1) may call. */
  readonly callsOf: (worker: number) => Calls;
  /** Called when a worker has died, before its replacement starts. */
  readonly onExit: (exit: WorkerExit) => void;
  /** How to detect a worker that hangs. */
  readonly heartbeat?: Heartbeat;
}

/** Limits that tell a hanging worker from a busy one. */
export interface Heartbeat {
  /** How often each worker is pinged. */
  readonly intervalMs: number;
  /** A worker that stays silent for this long is killed and replaced. */
  readonly silenceMs: number;
  /** A replacement that does not listen after this long is killed. */
  readonly startMs: number;
}

/** Calls that a worker must answer, however busy it is. */
export type HeartbeatCalls = {
  readonly ping: (nothing: undefined) => unknown;
};

/** An unexpected end of a worker. */
export interface WorkerExit {
  readonly worker: number;
  readonly pid: number;
  /** The signal or the exit code. */
  readonly how: string;
}

/** The address of the first worker. */
export interface Address {
  readonly url: string;
  readonly port: number;
}

/** Calls by which a worker reports that it serves, or that it cannot. */
export type PoolCalls = {
  readonly listening: (address: Address) => void;
  readonly failed: (failure: Failure) => void;
};

/** Why a worker could not start to serve; `code` is the system's, such as EADDRINUSE. */
export interface Failure {
  readonly message: string;
  readonly code: string | undefined;
}

/** A worker could not start to serve, for the reason that it gave. */
export class WorkerFailed extends Error {
  readonly code: string | undefined;

  constructor({ message, code }: Failure) {
    super(message);
    this.code = code;
  }
}

/** A dead worker is replaced at once, or after this pause if it had not served for as long. */
const PAUSE_MS = 1_000;

const HEARTBEAT: Heartbeat = { intervalMs: 1_000, silenceMs: 10_000, startMs: 60_000 };

/** `callAll` waits at most this long for each worker. */
const ANSWER_MS = 1_000;

/**
 * Processes that serve one port together. A worker that dies is replaced while the others go on serving. Workers are
 * controlled by calls rather than signals, because a signal from a terminal or a service manager reaches all of them at
 * once.
 */
export class WorkerPool<Remote extends Calls & HeartbeatCalls> {
  readonly #options: WorkerPoolOptions;
  readonly #workers = new Map<number, Worker<Remote>>();
  readonly #heartbeat: Heartbeat;
  readonly #beating: Timer;
  #lastBeatAtMs = performance.now();
  #isEnding = false;
  #address: Address | undefined;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#heartbeat = options.heartbeat ?? HEARTBEAT;
    this.#beating = setInterval(() => this.#beat(), this.#heartbeat.intervalMs);
    this.#beating.unref();
  }

  /**
   * Starts all workers. If the first one has to choose the port, the others wait for it. Rejects with `WorkerFailed`.
   */
  async start(): Promise<Address> {
    const { size, findsPort } = this.#options;
    const first = this.#launch(1);
    try {
      if (findsPort) this.#address = await first;
      const others = Array.from({ length: size - 1 }, (_, index) => this.#launch(index + 2));
      const [address] = await Promise.all([first, ...others]);
      this.#address = address;
      return address;
    } catch (error) {
      this.stop();
      throw error;
    }
  }

  /** The address that all listen on; undefined until it is known. */
  get address(): Address | undefined {
    return this.#address;
  }

  /** Calls a function of one worker. */
  call<Name extends keyof Remote & string>(
    worker: number,
    name: Name,
    argument: Parameters<Remote[Name]>[0],
  ): Promise<AnswerOf<Remote, Name>> {
    const channel = this.#workers.get(worker)?.channel;
    return channel?.call(name, argument) ?? Promise.reject(new Error(`worker ${worker} is gone`));
  }

  /** The workers that currently answer. */
  responsive(): number[] {
    const sinceMs = performance.now() - 3 * this.#heartbeat.intervalMs;
    return [...this.#workers].filter(([, { heardAtMs }]) => heardAtMs > sinceMs).map(([worker]) => worker);
  }

  /** Calls a function of every worker and resolves with the answers that arrive in time. */
  async callAll<Name extends keyof Remote & string>(
    name: Name,
    argument: Parameters<Remote[Name]>[0],
    timeoutMs = ANSWER_MS,
  ): Promise<{ readonly worker: number; readonly answer: AnswerOf<Remote, Name> }[]> {
    const answers = [...this.#workers].map(async ([worker, { channel }]) => {
      try {
        const answer = await within(channel.call(name, argument), timeoutMs);
        return answer === undefined ? [] : [{ worker, answer: answer.value }];
      } catch {
        return [];
      }
    });
    return (await Promise.all(answers)).flat();
  }

  /** Stops replacing workers and resolves when all have ended. */
  async ended(): Promise<void> {
    this.#isEnding = true;
    await Promise.all([...this.#workers.values()].map(({ process }) => process.exited));
    clearInterval(this.#beating);
  }

  /** Kills the remaining workers. */
  stop(): void {
    this.#isEnding = true;
    clearInterval(this.#beating);
    for (const { process } of this.#workers.values()) process.kill('SIGKILL');
  }

  /** Pings every worker, and kills those that have been silent for too long. */
  #beat(): void {
    const { intervalMs, silenceMs, startMs } = this.#heartbeat;
    const nowMs = performance.now();
    // If this process itself was suspended, it could not have heard from anyone.
    const isLate = nowMs - this.#lastBeatAtMs > 3 * intervalMs;
    this.#lastBeatAtMs = nowMs;
    for (const worker of this.#workers.values()) {
      if (isLate) worker.heardAtMs = nowMs;
      const limitMs = worker.isListening ? silenceMs : startMs;
      if (nowMs - worker.heardAtMs > limitMs) {
        worker.silentMs = limitMs;
        worker.process.kill('SIGKILL');
      } else if (worker.isListening && !worker.isAsked) {
        void this.#ping(worker);
      }
    }
  }

  /** Only one ping is pending at a time, so that they do not pile up for a stopped process. */
  async #ping(worker: Worker<Remote>): Promise<void> {
    worker.isAsked = true;
    await worker.channel.call('ping', undefined).catch(() => undefined);
    worker.isAsked = false;
  }

  /** Starts a worker and resolves when it listens. */
  #launch(worker: number, isReplacement = false): Promise<Address> {
    const startedAtMs = performance.now();
    return new Promise((resolve, reject) => {
      let failure: Failure | undefined;
      const own: PoolCalls = {
        listening: (address) => {
          entry.isListening = true;
          resolve(address);
        },
        failed: (why) => {
          failure = why;
        },
      };
      const channel: RpcChannel<Remote> = new RpcChannel((message) => process.send(message), {
        ...this.#options.callsOf(worker),
        ...own,
      });
      const process: WorkerProcess = Bun.spawn([...this.#options.command], {
        stdin: 'ignore',
        stdout: 'inherit',
        stderr: 'inherit',
        serialization: 'advanced',
        ipc: (message) => {
          entry.heardAtMs = performance.now();
          channel.receive(message as Message);
        },
        onExit: (_, exitCode, signal) => {
          channel.close();
          if (this.#workers.get(worker)?.process === process) this.#workers.delete(worker);
          const how = howItEnded(entry, exitCode, signal);
          const exit = { worker, pid: process.pid, how };
          if (entry.isListening) return this.#replace(exit, startedAtMs);
          // It may have taken a lock or a probe before it failed.
          if (isReplacement && !this.#isEnding) this.#options.onExit(exit);
          const message = `worker ${worker} ended before it listened (${how})`;
          reject(new WorkerFailed(failure ?? { message, code: undefined }));
        },
      });
      const entry: Worker<Remote> = {
        process,
        channel,
        isListening: false,
        isAsked: false,
        heardAtMs: startedAtMs,
        silentMs: undefined,
      };
      this.#workers.set(worker, entry);
    });
  }

  #replace(exit: WorkerExit, startedAtMs: number): void {
    if (this.#isEnding) return;
    this.#options.onExit(exit);
    const isTroubled = performance.now() - startedAtMs < PAUSE_MS;
    setTimeout(() => void this.#relaunch(exit.worker), isTroubled ? PAUSE_MS : 0);
  }

  async #relaunch(worker: number): Promise<void> {
    while (!this.#isEnding) {
      try {
        await this.#launch(worker, true);
        return;
      } catch {
        await Bun.sleep(PAUSE_MS);
      }
    }
  }
}

type WorkerProcess = Subprocess<'ignore', 'inherit', 'inherit'>;

interface Worker<Remote extends Calls> {
  readonly process: WorkerProcess;
  readonly channel: RpcChannel<Remote>;
  isListening: boolean;
  /** Whether the last ping is still unanswered. */
  isAsked: boolean;
  /** When its last message arrived. */
  heardAtMs: number;
  /** The silence after which it was killed; undefined: it was not killed. */
  silentMs: number | undefined;
}

function howItEnded(
  { silentMs }: Worker<Calls>,
  exitCode: number | null,
  signal: number | string | null,
): string {
  if (silentMs !== undefined) return `no answer for ${silentMs / 1_000} s`;
  return signal === null ? `exit code ${exitCode}` : `signal ${signal}`;
}

/** The value of a promise that resolves in time; otherwise undefined. */
async function within<T>(promise: Promise<T>, ms: number): Promise<{ readonly value: T } | undefined> {
  let timer: Timer | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([promise.then((value) => ({ value })), late]);
  } finally {
    clearTimeout(timer);
  }
}
