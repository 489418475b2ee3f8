import type { Snapshot } from './config/snapshot.ts';
import type { Emit, Gateway } from './gateway/ports.ts';
import { systemClock } from './lib/system-clock.ts';
import { ThreadedTokenCounter } from './lib/token-counter.ts';
import { BucketLedger } from './limits/bucket-ledger.ts';
import { CooldownLedger } from './routing/cooldown.ts';
import { TrafficLedger } from './routing/traffic.ts';
import { TurnCounter } from './routing/turn-counter.ts';
import { type HttpServer, serve } from './server/serve.ts';
import { createFetchUpstream } from './upstream/fetch-upstream.ts';

/** A running gateway. */
export interface App {
  readonly server: HttpServer;
  readonly snapshot: () => Snapshot;
  /** Puts another configuration in force for the requests that come from now on. */
  readonly swap: (next: Snapshot) => void;
  /**
   * No new connections, requests in flight finish; resolves when they have, or when `drain_timeout` is over and the
   * rest was ended.
   */
  readonly drain: () => Promise<void>;
  /** Ends everything at once. */
  readonly stop: () => Promise<void>;
}

export interface AppOptions {
  readonly snapshot: Snapshot;
  readonly version: string;
  readonly emit: Emit;
}

/** How often what no request will ask for again is forgotten. */
const SWEEP_MS = 60_000;

/** Wires the parts of a gateway together and listens. Throws what listening throws, such as EADDRINUSE. */
export function startApp(options: AppOptions): App {
  let { snapshot } = options;
  const tokens = new ThreadedTokenCounter();
  const buckets = new BucketLedger();
  const cooldowns = new CooldownLedger();
  const gateway: Gateway = {
    snapshot: () => snapshot,
    upstream: createFetchUpstream(),
    clock: systemClock,
    dice: Math.random,
    newRequestId,
    buckets,
    cooldowns,
    traffic: new TrafficLedger(),
    turns: new TurnCounter(),
    tokens,
    emit: options.emit,
  };
  const server = serve(gateway, { ...snapshot.server, version: options.version });
  const sweeper = setInterval(() => {
    const nowMs = systemClock.nowMs();
    buckets.sweep(nowMs);
    cooldowns.sweep(nowMs - SWEEP_MS);
  }, SWEEP_MS);
  const stop = async (): Promise<void> => {
    clearInterval(sweeper);
    await server.stop();
    await reported(tokens);
  };
  return {
    server,
    snapshot: () => snapshot,
    swap: (next) => {
      snapshot = next;
    },
    drain: async () => {
      server.drain();
      await idle(server, snapshot.server.drainTimeoutMs);
      await stop();
    },
    stop,
  };
}

/** `req_` and 12 characters: unique enough to be found in a log, short enough to be read out. */
function newRequestId(): string {
  return `req_${crypto.randomUUID().replaceAll('-', '').slice(0, 12)}`;
}

/** Resolves when no request is pending, or after `timeoutMs`. */
async function idle(server: HttpServer, timeoutMs: number): Promise<void> {
  const untilMs = systemClock.nowMs() + timeoutMs;
  while (server.pending() > 0 && systemClock.nowMs() < untilMs) await Bun.sleep(10);
}

/** Resolves when the last reports that waited for an estimate are out, or after a moment. */
async function reported(tokens: ThreadedTokenCounter): Promise<void> {
  const untilMs = systemClock.nowMs() + LAST_REPORTS_MS;
  while (tokens.pending > 0 && systemClock.nowMs() < untilMs) await Bun.sleep(5);
  tokens.stop();
}

const LAST_REPORTS_MS = 2_000;
