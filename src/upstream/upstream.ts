import type { Upstream } from '../gateway/ports.ts';
import { createDirectUpstream, type OpenUpstream } from './http1/direct-upstream.ts';

/** Speaks to each provider directly, or through the proxy that the provider or the environment names. */
export function createUpstream(): OpenUpstream {
  const direct = createDirectUpstream();
  let proxied: Promise<Upstream> | undefined;
  const isAlwaysProxied = environmentNamesProxy();
  return {
    send(request) {
      if (!isAlwaysProxied && request.provider.proxy === undefined) return direct.send(request);
      proxied ??= loadProxied();
      return proxied.then(({ send }) => send(request));
    },
    close: direct.close,
  };
}

/** Few have a proxy: what it takes is loaded when it is needed. */
async function loadProxied(): Promise<Upstream> {
  const { createFetchUpstream } = await import('./fetch/fetch-upstream.ts');
  return createFetchUpstream();
}

function environmentNamesProxy(): boolean {
  return ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'].some(
    (name) => (process.env[name] ?? '') !== '',
  );
}
