/**
 * Where an API can have its root. `api`: at a prefix of the operator's and one version, with the `/openai` behind it that some have; or at a
 * deployment below `/openai` without a version, as Azure has it; or at Vertex AI's `/endpoints/openapi`. `google`: a prefix and a version.
 * `vertex`: the same, and behind it a project and a location, or neither. `bedrock`: a prefix without a version.
 */
export type Root = 'api' | 'google' | 'vertex' | 'bedrock';

/** The end of a path, and where it may stand. */
export interface PathPattern {
  /** `*` stands for an id; at its end for one that may have slashes. */
  readonly path: string;
  readonly root?: Root;
  /** Whether the id is a model's, whose name may have slashes. */
  readonly namesModel?: true;
}

/** Whether the path is the API's root and then the pattern. */
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

/** The model that a path names, decoded; undefined: it names none. */
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
