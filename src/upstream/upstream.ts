import { createDirectUpstream, type OpenUpstream } from './direct-upstream.ts';
import { createFetchUpstream } from './fetch-upstream.ts';

/** Speaks to each provider directly, or through the proxy that the provider or the environment names. */
export function createUpstream(): OpenUpstream {
  const direct = createDirectUpstream();
  const proxied = createFetchUpstream();
  const isAlwaysProxied = environmentNamesProxy();
  return {
    send(request) {
      const isProxied = isAlwaysProxied || request.provider.proxy !== undefined;
      return (isProxied ? proxied : direct).send(request);
    },
    close: direct.close,
  };
}

function environmentNamesProxy(): boolean {
  return ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'].some(
    (name) => (process.env[name] ?? '') !== '',
  );
}
