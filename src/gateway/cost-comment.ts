import type { Fields } from '../lib/http/fields.ts';
import { dollarsOf } from '../prices/cost.ts';
import type { ClientStream } from './client-answer.ts';

const COST_HEADER = 'x-llm-proxy-cost';

/** Whether the header of a request asks for the cost at the end of a stream of events, by `x-llm-proxy-cost: event`. */
export function asksForCost(headers: Fields): boolean {
  return headers.get(COST_HEADER)?.trim().toLowerCase() === 'event';
}

/**
 * Sends a stream that several clients share to the one that asks for its cost, and the cost behind it. `nano` is the
 * cost in nano-dollars once the stream has ended; undefined: unknown.
 */
export async function sendWithCost(
  client: ClientStream,
  nano: Promise<number | undefined>,
  send: (client: ClientStream) => Promise<unknown>,
): Promise<void> {
  let isClosed = false;
  const close = (): void => {
    isClosed = true;
  };
  await send({ write: (bytes) => client.write(bytes), reset: () => client.reset(), close });
  if (!isClosed) return;
  const cost = await nano;
  if (cost !== undefined) void client.write(costComment(cost));
  client.close();
}

/** A cost as a comment, which readers of event streams skip (HTML Living Standard, section 9.2.6). */
export function costComment(nano: number): Uint8Array {
  return new TextEncoder().encode(`: ${COST_HEADER} ${dollarsOf(nano)}\n\n`);
}
