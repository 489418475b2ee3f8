import type { Snapshot } from '../config/snapshot.ts';
import { LOOK_MS } from '../gateway/settle.ts';
import { systemClock } from '../lib/system-clock.ts';
import type { HttpServer } from '../server/http-server.ts';

/** The least time between the signal and the end of listening. Requests that have arrived by then are read and answered. */
const ARRIVED_MS = 50;

/** A balancer's kept connections are closed after at most this time without use. A drain delay says that there is a balancer. */
const MOST_UNUSED_MS = 2_000;

/** Waits for load balancers to notice, then stops listening and waits for requests in flight. */
export async function drained(
  server: HttpServer,
  { drainDelayMs, drainTimeoutMs }: Snapshot['server'],
): Promise<void> {
  server.announce();
  await Bun.sleep(Math.max(drainDelayMs, ARRIVED_MS));
  await server.drain(Math.min(drainDelayMs, MOST_UNUSED_MS));
  await idle(server, drainTimeoutMs);
  // A large answer is reported only after the server has seen its last byte leave.
  await Bun.sleep(3 * LOOK_MS);
}

/** Resolves when no request is pending, or after `timeoutMs`. */
async function idle(server: HttpServer, timeoutMs: number): Promise<void> {
  const untilMs = systemClock.nowMs() + timeoutMs;
  while (server.pending() > 0 && systemClock.nowMs() < untilMs) await Bun.sleep(10);
}
