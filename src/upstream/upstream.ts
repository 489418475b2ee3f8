import type { Upstream, UpstreamReply, UpstreamRequest } from '../gateway/ports.ts';
import type { Authenticator } from './credentials/authenticate-request.ts';
import { createDirectUpstream, type OpenUpstream } from './direct/direct-upstream.ts';

/**
 * Creates an upstream that speaks to each provider directly, or through the proxy set for the provider or in the
 * environment.
 */
export function createUpstream(): OpenUpstream {
  const direct = createDirectUpstream();
  let proxied: Promise<Upstream> | undefined;
  let authenticator: Promise<Authenticator> | undefined;
  const isAlwaysProxied = environmentNamesProxy();
  const send = (request: UpstreamRequest): Promise<UpstreamReply> => {
    if (!isAlwaysProxied && request.provider.proxy === undefined) return direct.send(request);
    proxied ??= loadProxied();
    return proxied.then((upstream) => upstream.send(request));
  };
  return {
    send(request) {
      const { credential } = request.provider;
      if (credential === undefined) return send(request);
      authenticator ??= loadAuthenticator();
      return authenticator.then((loaded) => loaded.send(request, credential, send));
    },
    close: direct.close,
  };
}

/** Loaded on demand, since few providers are clouds. */
async function loadAuthenticator(): Promise<Authenticator> {
  const { createAuthenticator } = await import('./credentials/authenticate-request.ts');
  return createAuthenticator((url, init) => fetch(url, init));
}

/** Loaded on demand, since few providers have a proxy. */
async function loadProxied(): Promise<Upstream> {
  const { createFetchUpstream } = await import('./fetch/fetch-upstream.ts');
  return createFetchUpstream();
}

function environmentNamesProxy(): boolean {
  return ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'].some(
    (name) => (process.env[name] ?? '') !== '',
  );
}
