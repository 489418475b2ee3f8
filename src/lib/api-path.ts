/** A path of an LLM API in the canonical form that the gateway uses. */
export interface ApiPath {
  readonly path: string;
  /** Set if the client used the older Azure form, below `/openai`. */
  readonly azure: AzurePath | undefined;
}

export interface AzurePath {
  /** The deployment in the path, which is Azure's word for a model; undefined: there is none. */
  readonly deployment: string | undefined;
}

/** A version segment that clients put before a path: `v1`, `v1beta`, `v1alpha2`, `v1p1beta1`. */
const VERSION = String.raw`v\d+(?:(?:p\d+)?(?:alpha|beta)\d*)?`;
const VERSIONS = new RegExp(`^(?:/${VERSION}(?=/|$))*(/${VERSION})(?=/|$)`);
const AZURE = /^\/openai\/(?:deployments\/([^/]+)\/(?=[^/])|(?=[^/]))/;

/**
 * Normalises a client's path, since base URLs end in many ways. Repeated slashes collapse into one. Of several leading
 * versions the last one counts (`/v1/v1beta/models` means `/v1beta/models`). Azure's
 * `/openai/deployments/D/chat/completions` becomes `/v1/chat/completions` with the deployment beside it.
 */
export function apiPath(written: string): ApiPath {
  // Fast path: most paths are in this form already.
  if (isUsual(written)) return { path: written, azure: undefined };
  const single = written.includes('//') ? written.replaceAll(/\/{2,}/g, '/') : written;
  const path = lastVersion(single);
  const below = path.startsWith('/v1/openai/') ? path.slice('/v1'.length) : path;
  if (!below.startsWith('/openai/')) return { path, azure: undefined };
  const inner = lastVersion(below.slice('/openai'.length));
  // Azure's newer API is OpenAI's own with another prefix.
  if (VERSIONS.test(inner)) return { path: inner, azure: undefined };
  const prefix = AZURE.exec(below);
  if (prefix === null) return { path, azure: undefined };
  return { path: `/v1/${below.slice(prefix[0].length)}`, azure: { deployment: decoded(prefix[1]) } };
}

/** Whether a path is below `/v1` with nothing to normalise. */
function isUsual(path: string): boolean {
  const start = '/v1/'.length;
  if (!path.startsWith('/v1/') || path.includes('//')) return false;
  return !path.startsWith('v', start) && !path.startsWith('openai/', start);
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

/** The version prefix of a path with its slash: `/v1`, `/v1beta`; undefined: there is none. */
export function versionOf(path: string): string | undefined {
  if (!path.startsWith('/v')) return undefined;
  // Fast path: most paths are `/v1/…` without a second version.
  if (path.startsWith('/v1/') && !path.startsWith('v', '/v1/'.length)) return '/v1';
  return VERSIONS.exec(path)?.[1];
}
