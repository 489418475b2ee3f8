import { type AttemptLog, type AttemptRecord, createAttemptLog } from './attempt-log.ts';
import { createFaultMemory } from './fault-memory.ts';
import { paceMs } from './fault-spec.ts';
import { FAULTS } from './fault-table.ts';
import { Connection } from './http/connection.ts';
import type { Provider } from './respond.ts';
import { type Session, serveConnection } from './session.ts';
import { createVocabulary } from './words.ts';

/** The options of the mock provider. */
export interface SimulatorOptions {
  /** 0 or absent: any free port. */
  readonly port?: number;
  /** Default: 127.0.0.1. */
  readonly hostname?: string;
  /** Different seeds give different answers. */
  readonly seed?: number;
  /** If set, every other key gets 401. */
  readonly apiKey?: string;
  /** The length of answers in tokens; default: 20. */
  readonly words?: number;
  /** The pace of streams; absent or 0: as fast as possible. */
  readonly tokensPerSecond?: number;
  /** Delay before every status line; default: 0. */
  readonly latencyMs?: number;
  /** The result of GET models; default: a mock model for each fault. */
  readonly models?: readonly string[];
  /**
   * Whether OpenAI's and Anthropic's APIs refuse what the real ones refuse, including unknown fields. Default: false.
   */
  readonly strict?: boolean;
  /** Whether attempts are recorded; default: true. */
  readonly record?: boolean;
}

/** A running mock provider. */
export interface Simulator {
  /** http://127.0.0.1:port */
  readonly url: string;
  readonly port: number;
  /** The attempts since the start or the last reset, oldest first; the newest 10,000. */
  readonly attempts: readonly AttemptRecord[];
  /** Clears the attempts and the counts of played faults. */
  readonly reset: () => void;
  /** Resolves when `count` attempts have arrived; rejects after a minute, or the given time. */
  readonly waitForAttempts: (count: number, timeoutMs?: number) => Promise<readonly AttemptRecord[]>;
  /** Plays this fault for every model that names none; undefined: no more. */
  readonly breakWith: (fault: string | undefined) => void;
  readonly openConnections: () => number;
  /** Closes the port and every connection. */
  readonly stop: () => Promise<void>;
}

const DEFAULT_WORDS = 20;
const DEFAULT_TIMEOUT_MS = 60_000;

/** Starts a mock provider. Rejects if the port is taken. */
// oxlint-disable-next-line require-await -- a port that is taken must reject and not throw
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { hostname = '127.0.0.1', port = 0, record = true } = options;
  const log: AttemptLog = createAttemptLog();
  const provider = createProvider(options);
  const session: Session = { provider, log, isRecording: record };
  const connections = new Set<Connection>();
  let connectionCount = 0;
  const listener = Bun.listen<Connection>({
    hostname,
    port,
    socket: {
      open(socket) {
        socket.data = new Connection(++connectionCount, socket);
        connections.add(socket.data);
      },
      data(socket, bytes) {
        if (socket.data.offer(bytes)) return;
        socket.data.reader.push(bytes);
        serveConnection(socket.data, session);
      },
      drain(socket) {
        socket.data.onRoom();
      },
      close(socket) {
        socket.data.onGone();
        connections.delete(socket.data);
      },
      error(socket) {
        socket.data.onGone();
      },
    },
  });
  return {
    url: `http://${hostname.includes(':') ? `[${hostname}]` : hostname}:${listener.port}`,
    port: listener.port,
    get attempts() {
      return log.records();
    },
    reset: () => {
      log.reset();
      provider.memory.reset();
    },
    waitForAttempts: (count, timeoutMs = DEFAULT_TIMEOUT_MS) => log.waitFor(count, timeoutMs),
    breakWith: (fault) => provider.memory.breakWith(fault),
    openConnections: () => connections.size,
    stop: async () => {
      listener.stop();
      for (const connection of connections) connection.reset();
      // The sockets report their end in the next turn of the event loop.
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

function createProvider(options: SimulatorOptions): Provider {
  const seed = options.seed ?? 1;
  return {
    seed,
    apiKey: options.apiKey,
    isStrict: options.strict ?? false,
    models: options.models ?? FAULTS.map(({ name }) => `mock/${name}`),
    options: {
      words: options.words ?? DEFAULT_WORDS,
      paceMs: paceMs(options.tokensPerSecond ?? 0),
      latencyMs: options.latencyMs ?? 0,
      vocabulary: 'plain',
      firstWordBytes: 0,
      reasoning: undefined,
      isRedacted: false,
      thinking: undefined,
      toolShape: undefined,
      agentRounds: undefined,
      calls: 1,
      cached: undefined,
      finishReason: undefined,
    },
    vocabulary: createVocabulary(seed),
    memory: createFaultMemory(),
  };
}
