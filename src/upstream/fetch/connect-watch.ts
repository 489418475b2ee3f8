import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Provider } from '../../config/snapshot.ts';
import { systemClock } from '../../lib/system-clock.ts';

/** Watches over one request until it has an answer. */
export interface ConnectWatch {
  /** An answer came: the proxy can be reached. */
  readonly answered: () => void;
  /** Whether the proxy has answered before: its connection may then be one that was used again. */
  readonly mayReuse: boolean;
  /** The request is over, answered or not. */
  readonly end: () => void;
}

/**
 * Limits the time that a connection to a provider's proxy may take. `fetch` does not say when it is connected, so a
 * request that has no answer after half of the limit is looked into: a second connection is opened to the same address,
 * and where that one does not come about either by the end of the limit, `giveUp` is called. A proxy that has answered
 * anybody in the meantime can be reached, and costs nothing more.
 */
export class ConnectWatcher {
  readonly #lastAnswerMs = new Map<string, number>();

  watch({ timeouts, proxy }: Provider, giveUp: () => void): ConnectWatch {
    // The environment's proxy and the connections to it are not ours to time.
    if (proxy === undefined || !Number.isFinite(timeouts.connectMs)) return NO_WATCH;
    const startedAtMs = performance.now();
    let stopProbe = noProbe;
    const stopTimer = systemClock.setTimer(timeouts.connectMs / 2, () => {
      if ((this.#lastAnswerMs.get(proxy) ?? 0) > startedAtMs) return;
      stopProbe = probe(proxy, timeouts.connectMs / 2, giveUp);
    });
    return {
      mayReuse: this.#lastAnswerMs.has(proxy),
      answered: () => this.#lastAnswerMs.set(proxy, performance.now()),
      end: () => {
        stopTimer();
        stopProbe();
      },
    };
  }
}

const NO_WATCH: ConnectWatch = { mayReuse: true, answered: noProbe, end: noProbe };

function noProbe(): void {
  // There is none to stop.
}

/** Opens a connection and closes it again; calls `onSilence` when it neither opened nor failed within `limitMs`. */
function probe(target: string, limitMs: number, onSilence: () => void): () => void {
  const { hostname, port, protocol } = new URL(target);
  const isTls = protocol === 'https:';
  const host = hostname.replace(/^\[|\]$/g, '');
  const address = { host, port: port === '' ? (isTls ? 443 : 80) : Number(port) };
  // Whether the certificate is good is for fetch to say: here it only counts that there is one.
  const socket = isTls ? connectTls({ ...address, rejectUnauthorized: false }) : connect(address);
  const stop = (): void => {
    clearTimeout(timer);
    socket.destroy();
  };
  const timer = setTimeout(() => {
    socket.destroy();
    onSilence();
  }, limitMs);
  // A refusal is an answer too: fetch gets the same one and says what it is.
  socket.once(isTls ? 'secureConnect' : 'connect', stop).once('error', stop);
  return stop;
}
