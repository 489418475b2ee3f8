import { type App, startApp } from '../../src/app/gateway-app.ts';
import { createThreads, estimated, type Threads } from '../../src/app/threads.ts';
import { DEFAULTS } from '../../src/config/schema/defaults.ts';
import { compileText } from '../../src/config/read/compile-text.ts';
import { formatProblem } from '../../src/config/read/problems.ts';
import type { Snapshot } from '../../src/config/snapshot.ts';
import type { SystemClock } from '../../src/lib/system-clock.ts';
import type { GatewayEvent, RequestEnded } from '../../src/gateway/events.ts';

/** A gateway on a free port of this process. Only the providers are not real. */
export interface TestGateway {
  /** Without a path: `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly app: App;
  /** Every emitted event. */
  readonly events: readonly GatewayEvent[];
  /** Resolves with the end of the `count`th request, however late. */
  readonly ended: (count?: number) => Promise<RequestEnded>;
  readonly post: (path: string, body: unknown, init?: RequestInit) => Promise<Response>;
  readonly reconfigure: (config: string) => void;
  readonly stop: () => Promise<void>;
}

const threads = createThreads();

/** One set of threads for all gateways of a test process: loading the tokenizer takes longer than most tests. */
const SHARED: Threads = { ...threads, stop: () => estimated(threads.tokens) };

/** Compiles a configuration; throws with its problems if it is refused. */
export function compiled(config: string, version = 1): Snapshot {
  const result = compileText(config, { file: 'test.yaml', env: {}, overrides: {}, version, now: new Date() });
  if (result.kind === 'refused') throw new Error(result.problems.map(formatProblem).join('\n'));
  return result.snapshot;
}

/**
 * Starts a gateway with this configuration on a free port of the loopback address. `clock` replaces the machine's. The
 * gateway stops threads of its own when it stops.
 */
export function startGateway(
  config: string,
  clock?: SystemClock,
  engine: 'runtime' | 'lean' = DEFAULTS.serverEngine,
  own: Threads = SHARED,
): TestGateway {
  const events: GatewayEvent[] = [];
  const ends: RequestEnded[] = [];
  const listening = `server: { host: 127.0.0.1, port: 0, engine: ${engine} }\n${config}`;
  const app = startApp({
    snapshot: compiled(listening),
    version: 'test',
    threads: own,
    ...(clock && { clock }),
    emit: (event) => {
      if (event.type === 'bug') console.error(event.error);
      events.push(event);
      if (event.type === 'request-ended') ends.push(event);
    },
  });
  const url = app.server.url;
  return {
    url,
    app,
    events,
    ended: (count = 1) => until(() => ends[count - 1]),
    post: (path, body, init) =>
      fetch(`${url}${path}`, {
        method: 'POST',
        body: JSON.stringify(body),
        ...init,
        headers: { 'content-type': 'application/json', ...(init?.headers as Record<string, string>) },
      }),
    reconfigure: (next) =>
      app.swap(compiled(`server: { host: 127.0.0.1, port: 0 }\n${next}`, app.snapshot().version + 1)),
    stop: app.stop,
  };
}

/** Waits for a condition with a generous limit, and returns its value. */
export async function until<T>(condition: () => T | undefined, timeoutMs = 90_000): Promise<T> {
  const limit = performance.now() + timeoutMs;
  for (;;) {
    const value = condition();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > limit) throw new Error(`not so after ${timeoutMs} ms: ${condition.toString()}`);
    await Bun.sleep(5);
  }
}

/** One short chat message, for any test that needs a request. */
export function chat(model: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return { model, messages: [{ role: 'user', content: 'Hello!' }], ...more };
}
