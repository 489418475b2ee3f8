import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Provider } from '../../config/snapshot.ts';
import { systemClock } from '../../lib/system-clock.ts';

/** Watches one request until it is answered. */
export interface ConnectWatch {
  /** Call when an answer arrives, which proves that the proxy is reachable. */
  readonly answered: () => void;
  /** Whether the proxy has answered before, so that `fetch` may have reused a connection. */
  readonly mayReuse: boolean;
  /** Call when the request has ended, answered or not. */
  readonly end: () => void;
}

/**
 * Enforces the connect timeout for a provider's proxy. `fetch` does not report when it has connected, so the watcher
 * probes the proxy with a second connection once a request is unanswered for half of the timeout. If the probe is not
 * connected by the end of the timeout either, it calls `giveUp`. A proxy that has answered another request in the
 * meantime is reachable and is not probed.
 */
export class ConnectWatcher {
  readonly #lastAnswerMs = new Map<string, number>();

  watch({ timeouts, proxy }: Provider, giveUp: () => void): ConnectWatch {
    // The gateway does not time connections to a proxy from the environment.
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
  // Nothing to stop.
}

/** Opens a connection and closes it. Calls `onSilence` if it neither opened nor failed within `limitMs`. */
function probe(target: string, limitMs: number, onSilence: () => void): () => void {
  const { hostname, port, protocol } = new URL(target);
  const isTls = protocol === 'https:';
  const host = hostname.replace(/^\[|\]$/g, '');
  const address = { host, port: port === '' ? (isTls ? 443 : 80) : Number(port) };
  // fetch verifies the certificate. Here only the handshake counts.
  const socket = isTls ? connectTls({ ...address, rejectUnauthorized: false }) : connect(address);
  const stop = (): void => {
    clearTimeout(timer);
    socket.destroy();
  };
  const timer = setTimeout(() => {
    socket.destroy();
    onSilence();
  }, limitMs);
  // A refusal is an answer too; fetch receives the same one and reports it.
  socket.once(isTls ? 'secureConnect' : 'connect', stop).once('error', stop);
  return stop;
}
