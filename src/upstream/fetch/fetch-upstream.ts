import type { Provider } from '../../config/snapshot.ts';
import type { Upstream, UpstreamReply, UpstreamRequest } from '../../gateway/ports.ts';
import { readerSource } from '../../lib/reader-source.ts';
import { socketTurn } from '../../lib/socket-turn.ts';
import { ConnectWatcher } from './connect-watch.ts';
import { staleWithinMs, unreachableReason } from '../failure.ts';
import { upstreamFields } from '../headers.ts';
import { ProxyGuard } from './proxy-guard.ts';
import { requestUrl } from '../request-url.ts';

/** Assumed round trip to the proxy, which `fetch` does not report. A large value is the safe choice. */
const ROUND_TRIP_MS = 100;

/** Creates an upstream that speaks to providers through a proxy, with the runtime's `fetch`. */
export function createFetchUpstream(guard = new ProxyGuard()): Upstream {
  const watcher = new ConnectWatcher();
  return {
    async send(request) {
      const { proxy } = request.provider;
      if (proxy !== undefined && (await guard.forbids(proxy)))
        return { kind: 'unreachable', reason: 'forbidden' };
      const watch = watcher.watch(request.provider, request.onConnectTimeout);
      const startedAtMs = performance.now();
      let reply = await send(request, { isFresh: false });
      const tookMs = performance.now() - startedAtMs;
      // A retry on a fresh connection tells a failing provider from one that had closed an idle connection.
      if (watch.mayReuse && seemsStale(reply) && tookMs < staleWithinMs(request.method, ROUND_TRIP_MS))
        reply = { ...(await send(request, { isFresh: true })), isResent: true };
      if (reply.kind === 'reply') watch.answered();
      watch.end();
      return reply;
    },
  };
}

function seemsStale(reply: UpstreamReply): boolean {
  return reply.kind === 'unreachable' && (reply.reason === 'reset' || reply.reason === 'closed');
}

async function send(request: UpstreamRequest, { isFresh }: { isFresh: boolean }): Promise<UpstreamReply> {
  const { provider, cancellation } = request;
  const stopping = new AbortController();
  const address = requestUrl(request);
  if (address === undefined) return { kind: 'unreachable', reason: 'protocol' };
  if (cancellation.isCancelled) return { kind: 'aborted' };
  cancellation.onCancel = () => stopping.abort();
  const options: BunFetchRequestInit = {
    method: request.method,
    headers: upstreamFields(request),
    body: request.body === undefined ? null : Buffer.concat(request.body),
    signal: stopping.signal,
    // Following a redirect would send our credential to whatever host the provider names.
    redirect: 'manual',
    // Bytes go to the client unchanged, compressed or not.
    decompress: false,
    // The gateway enforces its own timeouts; fetch's would cut off long answers.
    timeout: false,
  };
  // Do not take a pooled connection.
  if (isFresh) options.keepalive = false;
  connect(provider, options);
  socketTurn.prepare();
  try {
    const { status, headers, body } = await fetch(address, options);
    return { kind: 'reply', status, headers, body: body === null ? null : readerSource(body.getReader()) };
  } catch (error) {
    if (cancellation.isCancelled) return { kind: 'aborted' };
    return { kind: 'unreachable', reason: unreachableReason(error) };
  }
}

/** Adds the TLS and proxy settings, which only some providers have. */
function connect({ tls, proxy }: Provider, options: BunFetchRequestInit): void {
  if (!tls.verify) options.tls = { rejectUnauthorized: false };
  if (tls.caFile !== undefined) options.tls = { ...options.tls, ca: Bun.file(tls.caFile) };
  if (proxy !== undefined) options.proxy = proxy;
}
