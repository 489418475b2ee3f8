/** A version segment such as `v1`, `v4` or `v1beta`: a base that has one says where the API's root is. */
const VERSION = /\/v\d+[a-z0-9]*(?=\/|$)/;

/**
 * The provider's URL for a client's path. Clients may write `/v1/…` or leave the `/v1` out: both mean the same. A
 * base that already has a version (`…/v1`, `…/api/paas/v4`, `…/v1beta/openai`) takes the path without one; any
 * other base is put before the path with `/v1`.
 */
export function joinUrl(apiBase: string, path: string, search: string): string {
  const { root, search: own } = splitBase(apiBase);
  const rest = path === '/v1' || path.startsWith('/v1/') ? path.slice('/v1'.length) : path;
  return `${root}${rest}${mergeSearch(own, search)}`;
}

interface SplitBase {
  /** Where the API's paths begin, version included. */
  readonly root: string;
  readonly search: string;
}

/** Bases are few, and each is split once. */
const known = new Map<string, SplitBase>();
const MOST_KNOWN = 1_000;

/** A base may carry a query of its own (`?api-version=…`), which every request then has. */
function splitBase(apiBase: string): SplitBase {
  let split = known.get(apiBase);
  if (split === undefined) {
    if (known.size >= MOST_KNOWN) known.clear();
    split = parseBase(apiBase);
    known.set(apiBase, split);
  }
  return split;
}

function parseBase(apiBase: string): SplitBase {
  const question = apiBase.indexOf('?');
  const search = question === -1 ? '' : apiBase.slice(question);
  const bare = (question === -1 ? apiBase : apiBase.slice(0, question)).replace(/\/+$/, '');
  const slash = bare.indexOf('/', bare.indexOf('://') + '://'.length);
  const path = slash === -1 ? '' : bare.slice(slash);
  return { root: VERSION.test(path) ? bare : `${bare}/v1`, search };
}

function mergeSearch(base: string, client: string): string {
  if (base === '' || base === '?') return client;
  return client === '' ? base : `${base}&${client.slice(1)}`;
}
