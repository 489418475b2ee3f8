import type {
  ProviderListener,
  ProviderSocket,
  SocketReply,
  SocketRequest,
  UpstreamSockets,
} from '../gateway/web-socket/ports.ts';
import { socketTurn } from '../lib/socket-turn.ts';
import type { UnreachableReason } from '../routing/outcome.ts';
import type { AuthenticatedRequest } from './authenticated-request.ts';
import { createAuthenticator } from './credentials/authenticate-request.ts';
import { environmentProxy } from './environment-proxy.ts';
import { ProxyGuard } from './fetch/proxy-guard.ts';
import { upstreamFields } from './headers.ts';
import { joinUrl } from './url.ts';

/**
 * Opens WebSockets to providers with the runtime's client, through the proxy set for the provider or in the
 * environment. Offers no compression, so that a small message cannot expand into a large one.
 */
export function createSockets(
  guard = new ProxyGuard(),
  authenticator = createAuthenticator((url, init) => fetch(url, init)),
): UpstreamSockets {
  return {
    async connect(request, listener) {
      const { provider, cancellation } = request;
      const url = joinUrl(request).replace(/^http/, 'ws');
      const proxy = provider.proxy ?? environmentProxy(url);
      // The runtime does not report the connected address, so look the name up beforehand.
      const isForbidden = (await guard.forbids(proxy ?? url)) || (await guard.forbids(url));
      if (isForbidden) return { kind: 'unreachable', reason: 'forbidden' };
      const { credential } = provider;
      const authentication = credential && (await authenticator.fieldsOf(request, credential));
      if (cancellation.isCancelled || authentication === 'aborted') return { kind: 'aborted' };
      if (credential !== undefined && authentication === undefined)
        return { kind: 'unreachable', reason: 'credential' };
      return shake(new WebSocket(url, optionsOf(request, authentication, proxy)), request, listener);
    },
  };
}

function optionsOf(
  request: SocketRequest,
  authentication: AuthenticatedRequest['authentication'],
  proxy: string | undefined,
): Bun.WebSocketOptions {
  const { provider, protocols } = request;
  const {
    accept: _,
    'accept-encoding': __,
    ...headers
  } = upstreamFields({
    ...request,
    ...(authentication !== undefined && { authentication }),
    method: 'GET',
    body: undefined,
  });
  const { verify, caFile } = provider.tls;
  const tls = {
    ...(!verify && { rejectUnauthorized: false }),
    ...(caFile !== undefined && { ca: Bun.file(caFile) }),
  };
  return {
    headers,
    perMessageDeflate: false,
    ...(protocols.length > 0 && { protocols: [...protocols] }),
    ...(Object.keys(tls).length > 0 && { tls }),
    ...(proxy !== undefined && { proxy }),
  };
}

/** The close code for a connection that ended without a close frame. */
const ABNORMAL = 1006;

function shake(
  socket: WebSocket,
  { cancellation }: SocketRequest,
  listener: ProviderListener,
): Promise<SocketReply> {
  socket.binaryType = 'nodebuffer';
  return new Promise((resolve) => {
    let problem: SocketReply = { kind: 'unreachable', reason: 'closed' };
    let isOpen = false;
    cancellation.onCancel = () => {
      problem = { kind: 'aborted' };
      socket.terminate();
      resolve(problem);
    };
    socket.addEventListener('open', () => {
      if (cancellation.isCancelled) return;
      cancellation.onCancel = undefined;
      isOpen = true;
      resolve({ kind: 'open', socket: endOf(socket), protocol: socket.protocol });
    });
    socket.addEventListener('message', ({ data }: MessageEvent<string | Buffer>) => listener.onMessage(data));
    socket.addEventListener('error', ({ message }) => {
      if (problem.kind !== 'aborted') problem = problemOf(message);
    });
    socket.addEventListener('close', ({ code, reason }) => {
      cancellation.onCancel = undefined;
      if (isOpen) listener.onClose(code || ABNORMAL, reason);
      else resolve(problem);
    });
  });
}

/** Derives the reason from the runtime's error message, the only place where it says why a handshake failed. */
function problemOf(message: string): SocketReply {
  const status = /Expected 101 status code: (\d{3})/.exec(message)?.[1];
  if (status !== undefined) return { kind: 'refused', status: Number(status) };
  return { kind: 'unreachable', reason: REASONS.find(([words]) => words.test(message))?.[1] ?? 'network' };
}

const REASONS: readonly (readonly [RegExp, UnreachableReason])[] = [
  [/ECONNREFUSED/, 'refused'],
  [/ECONNRESET/, 'reset'],
  [/ENOTFOUND|EAI_|DNS/i, 'dns'],
  [/TLS|certificate/i, 'tls'],
  [/header|status|response|upgrade|accept/i, 'protocol'],
];

/** Maximum length of a close frame's reason in bytes (RFC 6455 §5.5.1). */
const LONGEST_REASON = 123;

/** How long the provider may take to complete the closing handshake. */
const CLOSE_GRACE_MS = 5_000;

function endOf(socket: WebSocket): ProviderSocket {
  return {
    send(message) {
      socketTurn.prepare();
      socket.send(message);
    },
    bufferedBytes: () => socket.bufferedAmount,
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close(code, reason) {
      socket.close(code, Buffer.byteLength(reason) <= LONGEST_REASON ? reason : '');
      const timer = setTimeout(() => socket.terminate(), CLOSE_GRACE_MS).unref();
      socket.addEventListener('close', () => clearTimeout(timer));
    },
  };
}
