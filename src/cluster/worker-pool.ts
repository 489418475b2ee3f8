import type { Subprocess } from 'bun';
import { type AnswerOf, type Calls, Link, type Message } from './rpc-channel.ts';

export interface FleetOptions {
  readonly size: number;
  /** Whether the first worker finds the port that all listen on; else it is known. */
  readonly findsPort: boolean;
  /** What starts a worker. It must call `hello` before anything else, and `listening` or `failed` after it. */
  readonly command: readonly string[];
  /** What the worker of this number, from 1 on, may call. */
  readonly callsOf: (worker: number) => Calls;
  /** Told when a worker has died and before another one takes its place. */
  readonly onDeath: (death: Death) => void;
}

/** How a worker ended that was not asked to. */
export interface Death {
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

/**
 * Processes that serve one port together. One that dies is replaced; the others, and what they are serving, go on. They
 * are not sent signals but called, since a signal from a terminal or a service manager reaches all of them at once.
 */
export class Fleet<Remote extends Calls> {
  readonly #options: FleetOptions;
  readonly #workers = new Map<number, Worker<Remote>>();
  #isEnding = false;
  #address: Address | undefined;

  constructor(options: FleetOptions) {
    this.#options = options;
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
    const link = this.#workers.get(worker)?.link;
    return link?.call(name, argument) ?? Promise.reject(new Error(`there is no worker ${worker} now`));
  }

  /** Calls a function of every worker; resolves with the answers of those that did not die over it. */
  async callAll<Name extends keyof Remote & string>(
    name: Name,
    argument: Parameters<Remote[Name]>[0],
  ): Promise<{ readonly worker: number; readonly answer: AnswerOf<Remote, Name> }[]> {
    const answers = [...this.#workers].map(async ([worker, { link }]) => {
      try {
        return [{ worker, answer: await link.call(name, argument) }];
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
  }

  /** Kills what is left. */
  stop(): void {
    this.#isEnding = true;
    for (const { process } of this.#workers.values()) process.kill('SIGKILL');
  }

  /** Starts a worker; resolves when it listens. */
  #launch(worker: number): Promise<Address> {
    const startedAtMs = performance.now();
    return new Promise((resolve, reject) => {
      let isListening = false;
      let failure: Failure | undefined;
      const own: FleetCalls = {
        listening: (address) => {
          isListening = true;
          resolve(address);
        },
        failed: (why) => {
          failure = why;
        },
      };
      const link: Link<Remote> = new Link((message) => process.send(message), {
        ...this.#options.callsOf(worker),
        ...own,
      });
      const process: WorkerProcess = Bun.spawn([...this.#options.command], {
        stdin: 'ignore',
        stdout: 'inherit',
        stderr: 'inherit',
        serialization: 'advanced',
        ipc: (message) => link.receive(message as Message),
        onExit: (_, exitCode, signal) => {
          link.close();
          if (this.#workers.get(worker)?.process === process) this.#workers.delete(worker);
          const how = signal === null ? `exit code ${exitCode}` : `signal ${signal}`;
          if (isListening) return this.#replace({ worker, pid: process.pid, how }, startedAtMs);
          const message = `worker ${worker} ended before it listened (${how})`;
          reject(new WorkerFailed(failure ?? { message, code: undefined }));
        },
      });
      this.#workers.set(worker, { process, link });
    });
  }

  #replace(death: Death, startedAtMs: number): void {
    if (this.#isEnding) return;
    this.#options.onDeath(death);
    const isTroubled = performance.now() - startedAtMs < PAUSE_MS;
    setTimeout(() => void this.#relaunch(death.worker), isTroubled ? PAUSE_MS : 0);
  }

  async #relaunch(worker: number): Promise<void> {
    while (!this.#isEnding) {
      try {
        await this.#launch(worker);
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
  readonly link: Link<Remote>;
}
