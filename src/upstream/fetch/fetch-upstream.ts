import type { Provider } from '../../config/snapshot.ts';
import type { Upstream, UpstreamReply, UpstreamRequest } from '../../gateway/ports.ts';
import { readerSource } from '../../lib/reader-source.ts';
import { ConnectWatcher } from './connect-watch.ts';
import { staleWithinMs, unreachableReason } from '../failure.ts';
import { upstreamFields } from '../headers.ts';
import { ProxyGuard } from './proxy-guard.ts';
import { requestUrl } from '../request-url.ts';

/** `fetch` does not say how far away the proxy is: a long way, to be on the safe side. */
const ROUND_TRIP_MS = 100;

/** Speaks to providers through a proxy, with the runtime's `fetch`, which knows how. */
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
      // Only a fresh connection tells a provider that fails from one that had closed an idle connection.
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
    // A provider that redirects would be sent our credential wherever it points.
    redirect: 'manual',
    // The bytes go to the client as they come, compressed or not.
    decompress: false,
    // The gateway has limits of its own; fetch's would cut long answers.
    timeout: false,
  };
  // Not a pooled connection but one of its own.
  if (isFresh) options.keepalive = false;
  connect(provider, options);
  try {
    const { status, headers, body } = await fetch(address, options);
    return { kind: 'reply', status, headers, body: body === null ? null : readerSource(body.getReader()) };
  } catch (error) {
    if (cancellation.isCancelled) return { kind: 'aborted' };
    return { kind: 'unreachable', reason: unreachableReason(error) };
  }
}

/** Adds the settings that only some providers need. */
function connect({ tls, proxy }: Provider, options: BunFetchRequestInit): void {
  if (!tls.verify) options.tls = { rejectUnauthorized: false };
  if (tls.caFile !== undefined) options.tls = { ...options.tls, ca: Bun.file(tls.caFile) };
  if (proxy !== undefined) options.proxy = proxy;
}
