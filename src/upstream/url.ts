/** A version segment such as `v1`, `v4` or `v1beta`: a base that has one says where the API's root is. */
const VERSION = /\/v\d+[a-z0-9]*(?=\/|$)/;

/**
 * The provider's URL for a client's path. Clients may write `/v1/…` or leave the `/v1` out: both mean the same. A
 * base that already has a version (`…/v1`, `…/api/paas/v4`, `…/v1beta/openai`) takes the path without one; any
 * other base is put before the path with `/v1`.
 */
export function joinUrl(apiBase: string, path: string, search: string): string {
  const base = splitOrigin(apiBase);
  const rest = path === '/v1' || path.startsWith('/v1/') ? path.slice('/v1'.length) : path;
  const version = VERSION.test(base.path) ? '' : '/v1';
  return `${base.origin}${base.path}${version}${rest}${mergeSearch(base.search, search)}`;
}

interface SplitBase {
  readonly origin: string;
  readonly path: string;
  readonly search: string;
}

/** A base may carry a query of its own (`?api-version=…`), which every request then has. */
function splitOrigin(apiBase: string): SplitBase {
  const question = apiBase.indexOf('?');
  const search = question === -1 ? '' : apiBase.slice(question);
  const bare = (question === -1 ? apiBase : apiBase.slice(0, question)).replace(/\/+$/, '');
  const slash = bare.indexOf('/', bare.indexOf('://') + '://'.length);
  return slash === -1
    ? { origin: bare, path: '', search }
    : { origin: bare.slice(0, slash), path: bare.slice(slash), search };
}

function mergeSearch(base: string, client: string): string {
  if (base === '' || base === '?') return client;
  return client === '' ? base : `${base}&${client.slice(1)}`;
}
