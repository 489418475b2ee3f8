import type { ByteSource, Upstream, UpstreamReply, UpstreamRequest } from '../../src/gateway/ports.ts';
import { ANSWER } from '../unit/gateway/scene.ts';
import type { SimulatedClock } from './simulated-clock.ts';

/** Providers that answer after up to 0.3 s: those with an even number fail often, the others seldom. */
export function randomReply(dice: () => number, clock: SimulatedClock): Upstream['send'] {
  return ({ provider, cancellation }) => {
    const failing = Number(provider.name.at(-1)) % 2 === 0 ? 0.8 : 0.1;
    const reply = dice() > failing ? good(dice) : bad(dice);
    return new Promise((resolve) => {
      const stop = reply === 'silence' ? undefined : clock.setTimer(dice() * 300, () => resolve(reply));
      cancelled(cancellation, () => {
        stop?.();
        resolve({ kind: 'aborted' });
      });
    });
  };
}

function cancelled(cancellation: UpstreamRequest['cancellation'], run: () => void): void {
  if (cancellation.isCancelled) run();
  else cancellation.onCancel = run;
}

function good(dice: () => number): UpstreamReply {
  return dice() < 0.05 ? error(400) : reply(200, ANSWER);
}

function bad(dice: () => number): UpstreamReply | 'silence' {
  const kinds: readonly (UpstreamReply | 'silence')[] = [
    error(500),
    error(404),
    error(429, dice() < 0.5 ? { 'retry-after': String(dice() * 10) } : {}),
    { kind: 'unreachable', reason: 'refused' },
    'silence',
  ];
  return kinds[Math.floor(dice() * kinds.length)]!;
}

function error(status: number, headers: Readonly<Record<string, string>> = {}): UpstreamReply {
  return reply(status, JSON.stringify({ error: { message: `status ${status}` } }), headers);
}

function reply(status: number, text: string, headers: Readonly<Record<string, string>> = {}): UpstreamReply {
  return {
    kind: 'reply',
    status,
    headers: new Headers({ 'content-type': 'application/json', ...headers }),
    body: sourceOf(new TextEncoder().encode(text)),
  };
}

/** A body that is there at once. */
function sourceOf(bytes: Uint8Array): ByteSource {
  let left: Uint8Array | undefined = bytes;
  const take = (): Uint8Array | undefined => {
    const value = left;
    left = undefined;
    return value;
  };
  return {
    read: () => {
      const value = take();
      return Promise.resolve({ done: value === undefined, value });
    },
    pipe: async (onChunk) => {
      const value = take();
      const pressure = value === undefined ? undefined : onChunk(value);
      if (pressure === 'stop') return 'stop';
      await pressure;
      return 'end';
    },
    cancel: () => {
      left = undefined;
      return Promise.resolve();
    },
  };
}
