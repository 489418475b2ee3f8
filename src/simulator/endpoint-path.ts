/**
 * The place where an API's root can be. `api`: after any prefix and a version, optionally followed by `/openai`; for
 * Azure, at a deployment below `/openai` without a version; or at Vertex AI's `/endpoints/openapi`. `google`: after a
 * prefix and a version. `vertex`: as `google`, optionally followed by a project and a location. `bedrock`: after a
 * prefix without a version.
 */
export type Root = 'api' | 'google' | 'vertex' | 'bedrock';

/** The end of a path, and the roots that it can follow. */
export interface PathPattern {
  /** `*` matches an id. At the end, it matches an id that may contain slashes. */
  readonly path: string;
  readonly root?: Root;
  /** Whether the id is a model name, which may contain slashes. */
  readonly namesModel?: true;
}

/** Whether the path consists of the API's root and the pattern. */
export function fitsPath(pattern: PathPattern, path: string): boolean {
  const { root = 'api' } = pattern;
  const own = pattern.path;
  const [, end] = own.split('*');
  if (end === undefined) return path.endsWith(own) && isRoot(path.slice(0, -own.length), root);
  const id = idIn(pattern, path);
  return (
    id !== undefined && id !== '' && (pattern.namesModel === true || own === MODEL_PATH || !id.includes('/'))
  );
}

/** The model named in a path, decoded; undefined: none. */
export function modelInPath(pattern: PathPattern, path: string): string | undefined {
  const id = pattern.namesModel === true ? idIn(pattern, path) : undefined;
  if (id === undefined) return undefined;
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}

/** Model names contain slashes. */
const MODEL_PATH = '/models/*';

function idIn({ path: own, root = 'api' }: PathPattern, path: string): string | undefined {
  const [start = '', end = ''] = own.split('*');
  const at = path.indexOf(start);
  if (at === -1 || at + start.length > path.length - end.length) return undefined;
  if (!path.endsWith(end) || !isRoot(path.slice(0, at), root)) return undefined;
  return path.slice(at + start.length, path.length - end.length);
}

function isRoot(prefix: string, root: Root): boolean {
  const segments = prefix.split('/').slice(1);
  if (segments.includes('')) return false;
  const version = segments.findIndex((segment) => VERSION.test(segment));
  const behind = version === -1 ? undefined : segments.slice(version + 1);
  switch (root) {
    case 'bedrock':
      return behind === undefined;
    case 'google':
      return behind?.length === 0;
    case 'vertex':
      return behind !== undefined && (behind.length === 0 || isLocation(behind));
    case 'api':
      return isApiRoot(segments, behind);
  }
}

function isApiRoot(segments: readonly string[], behind: readonly string[] | undefined): boolean {
  const deployments = segments.indexOf('deployments');
  if (deployments !== -1) {
    const isInPlace = segments[deployments - 1] === 'openai' && deployments === segments.length - 2;
    return behind === undefined && isInPlace;
  }
  if (behind === undefined || behind.every((segment) => segment === 'openai')) return true;
  return (
    behind.length === 6 && isLocation(behind.slice(0, 4)) && behind.slice(4).join('/') === 'endpoints/openapi'
  );
}

function isLocation(segments: readonly string[]): boolean {
  return segments.length === 4 && segments[0] === 'projects' && segments[2] === 'locations';
}

const VERSION = /^v\d+(?:(?:alpha|beta)\d*)?$/;
