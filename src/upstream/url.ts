/** A version segment such as `v1`, `v4` or `v1beta`: a base that has one says where the API's root is. */
const VERSION = /\/v\d+[a-z0-9]*(?=\/|$)/;

/**
 * The provider's URL for a client's path. Clients may write `/v1/…` or leave the `/v1` out: both mean the same. A
 * base that already has a version (`…/v1`, `…/api/paas/v4`, `…/v1beta/openai`) takes the path without one; any
 * other base is put before the path with `/v1`.
 */
export function joinUrl(apiBase: string, path: string, search: string): string {
  const rest = path === '/v1' || path.startsWith('/v1/') ? path.slice('/v1'.length) : path;
  return `${rootOf(apiBase)}${rest}${search}`;
}

/** Bases are few, and each is looked at once. */
const roots = new Map<string, string>();
const MOST_ROOTS = 1_000;

/** Where the API's paths begin, version included. A base has no query: configurations with one are refused. */
function rootOf(apiBase: string): string {
  let root = roots.get(apiBase);
  if (root === undefined) {
    if (roots.size >= MOST_ROOTS) roots.clear();
    root = findRoot(apiBase);
    roots.set(apiBase, root);
  }
  return root;
}

function findRoot(apiBase: string): string {
  const bare = apiBase.replace(/\/+$/, '');
  const slash = bare.indexOf('/', bare.indexOf('://') + '://'.length);
  const path = slash === -1 ? '' : bare.slice(slash);
  return VERSION.test(path) ? bare : `${bare}/v1`;
}
