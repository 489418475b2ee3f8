import type { Subprocess } from 'bun';
import { type AnswerOf, type Calls, RpcChannel, type Message } from './rpc-channel.ts';

export interface FleetOptions {
  readonly size: number;
  /** Whether the first worker finds the port that all listen on; else it is known. */
  readonly findsPort: boolean;
  /** What starts a worker. It must call `hello` before anything else, and `listening` or `failed` after it. */
  readonly command: readonly string[];
  /** What the worker of this number, from 1 on, may call. */
  readonly callsOf: (worker: number) => Calls;
  /** Told when a worker has died and before another one takes its place. */
  readonly onDeath: (death: WorkerExit) => void;
  /** How long a worker may say nothing. */
  readonly heartbeat?: Heartbeat;
}

/** How it is found out that a worker does not run any more, though its process is there. */
export interface Heartbeat {
  /** How often each worker is called. */
  readonly intervalMs: number;
  /** A worker that has not said a word for this long is killed, and replaced. */
  readonly silenceMs: number;
  /** A worker that takes the place of another is killed where it does not listen after this long. */
  readonly startMs: number;
}

/** What a worker has to answer, however busy it is. */
export type HeartbeatCalls = {
  readonly ping: (nothing: undefined) => unknown;
};

/** How a worker ended that was not asked to. */
export interface WorkerExit {
  readonly worker: number;
  readonly pid: number;
  /** The signal, or the exit code. */
  readonly how: string;
}

/** Where the first worker listens. */
export interface Address {
  readonly url: string;
  readonly port: number;
}

/** What a worker calls when it serves, or when it can't. */
export type FleetCalls = {
  readonly listening: (address: Address) => void;
  readonly failed: (failure: Failure) => void;
};

/** Why a worker could not begin to serve; `code` as listening gives it, such as EADDRINUSE. */
export interface Failure {
  readonly message: string;
  readonly code: string | undefined;
}

/** A worker could not begin to serve, for a reason that it gave. */
export class WorkerFailed extends Error {
  readonly code: string | undefined;

  constructor({ message, code }: Failure) {
    super(message);
    this.code = code;
  }
}

/** A worker that died is replaced at once, and after this time where it had not served for as long. */
const PAUSE_MS = 1_000;

const HEARTBEAT: Heartbeat = { intervalMs: 1_000, silenceMs: 10_000, startMs: 60_000 };

/** Whoever asks all workers does not wait longer for one of them. */
const ANSWER_MS = 1_000;

/**
 * Processes that serve one port together. One that dies is replaced; the others, and what they are serving, go on. They
 * are not sent signals but called, since a signal from a terminal or a service manager reaches all of them at once.
 */
export class WorkerPool<Remote extends Calls & HeartbeatCalls> {
  readonly #options: FleetOptions;
  readonly #workers = new Map<number, Worker<Remote>>();
  readonly #heartbeat: Heartbeat;
  readonly #beating: Timer;
  #lastBeatAtMs = performance.now();
  #isEnding = false;
  #address: Address | undefined;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#heartbeat = options.heartbeat ?? HEARTBEAT;
    this.#beating = setInterval(() => this.#beat(), this.#heartbeat.intervalMs);
    this.#beating.unref();
  }

  /** Starts all workers; where the first has to find the port, the others wait for it. Rejects with `WorkerFailed`. */
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

  /** The address that all listen on; undefined while it is not known. */
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
    return channel?.call(name, argument) ?? Promise.reject(new Error(`there is no worker ${worker} now`));
  }

  /** The workers that answer just now. */
  responsive(): number[] {
    const sinceMs = performance.now() - 3 * this.#heartbeat.intervalMs;
    return [...this.#workers].filter(([, { heardAtMs }]) => heardAtMs > sinceMs).map(([worker]) => worker);
  }

  /** Calls a function of every worker; resolves with the answers that came in time. */
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

  /** From now on workers are not replaced; resolves when all have ended. */
  async ended(): Promise<void> {
    this.#isEnding = true;
    await Promise.all([...this.#workers.values()].map(({ process }) => process.exited));
    clearInterval(this.#beating);
  }

  /** Kills what is left. */
  stop(): void {
    this.#isEnding = true;
    clearInterval(this.#beating);
    for (const { process } of this.#workers.values()) process.kill('SIGKILL');
  }

  /** Calls every worker, and kills those that have said nothing for too long. */
  #beat(): void {
    const { intervalMs, silenceMs, startMs } = this.#heartbeat;
    const nowMs = performance.now();
    // Where this process has not run itself, it could not have heard anything.
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

  /** One call is under way at a time, so that a process that is stopped does not get a heap of them. */
  async #ping(worker: Worker<Remote>): Promise<void> {
    worker.isAsked = true;
    await worker.channel.call('ping', undefined).catch(() => undefined);
    worker.isAsked = false;
  }

  /** Starts a worker; resolves when it listens. */
  #launch(worker: number, isReplacement = false): Promise<Address> {
    const startedAtMs = performance.now();
    return new Promise((resolve, reject) => {
      let failure: Failure | undefined;
      const own: FleetCalls = {
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
          const death = { worker, pid: process.pid, how };
          if (entry.isListening) return this.#replace(death, startedAtMs);
          // It may have taken a lock or a probe before it failed.
          if (isReplacement && !this.#isEnding) this.#options.onDeath(death);
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

  #replace(death: WorkerExit, startedAtMs: number): void {
    if (this.#isEnding) return;
    this.#options.onDeath(death);
    const isTroubled = performance.now() - startedAtMs < PAUSE_MS;
    setTimeout(() => void this.#relaunch(death.worker), isTroubled ? PAUSE_MS : 0);
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
  /** Whether it has not yet answered the last call of the heartbeat. */
  isAsked: boolean;
  /** When the last message came from it. */
  heardAtMs: number;
  /** After how long a silence it was killed; undefined: it was not. */
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

/** What a promise resolves with, if it does so in time; else undefined. */
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
