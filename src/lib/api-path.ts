/** A path of an LLM API in the one form in which the gateway knows it. */
export interface ApiPath {
  readonly path: string;
  /** Set where the client wrote the path in the way of Azure's older API, below `/openai`. */
  readonly azure: AzurePath | undefined;
}

export interface AzurePath {
  /** The deployment that stands in the path, which is Azure's word for a model; undefined: none does. */
  readonly deployment: string | undefined;
}

/** A version segment that clients put before a path: `v1`, `v1beta`, `v1alpha2`, `v1p1beta1`. */
const VERSION = String.raw`v\d+(?:(?:p\d+)?(?:alpha|beta)\d*)?`;
const VERSIONS = new RegExp(`^(?:/${VERSION}(?=/|$))*(/${VERSION})(?=/|$)`);
const AZURE = /^\/openai\/(?:deployments\/([^/]+)\/(?=[^/])|(?=[^/]))/;

/**
 * Makes one path of the many ways in which clients arrive at it, whose base URLs end as they like: doubled slashes are one, of several
 * versions in a row the last one counts (`/v1/v1beta/models` is meant as `/v1beta/models`), and Azure's
 * `/openai/deployments/D/chat/completions` is `/v1/chat/completions` with the deployment beside it.
 */
export function apiPath(written: string): ApiPath {
  const single = written.includes('//') ? written.replaceAll(/\/{2,}/g, '/') : written;
  const path = lastVersion(single);
  const below = path.startsWith('/v1/openai/') ? path.slice('/v1'.length) : path;
  if (!below.startsWith('/openai/')) return { path, azure: undefined };
  const inner = lastVersion(below.slice('/openai'.length));
  // Azure's newer API is OpenAI's own, with another prefix.
  if (VERSIONS.test(inner)) return { path: inner, azure: undefined };
  const prefix = AZURE.exec(below);
  if (prefix === null) return { path, azure: undefined };
  return { path: `/v1/${below.slice(prefix[0].length)}`, azure: { deployment: decoded(prefix[1]) } };
}

function lastVersion(path: string): string {
  if (!path.startsWith('/v')) return path;
  const found = VERSIONS.exec(path);
  return found === null ? path : `${found[1] ?? ''}${path.slice(found[0].length)}`;
}

function decoded(segment: string | undefined): string | undefined {
  if (segment === undefined) return undefined;
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** The version that a path begins with, slash included: `/v1`, `/v1beta`; undefined: it has none. */
export function versionOf(path: string): string | undefined {
  if (!path.startsWith('/v')) return undefined;
  // Most paths are `/v1/…`, and what no second version follows needs no closer look.
  if (path.startsWith('/v1/') && !path.startsWith('v', '/v1/'.length)) return '/v1';
  return VERSIONS.exec(path)?.[1];
}
