/** A team of the configuration. The object is the same for all its keys. */
export interface Team {
  /** The id that its use is counted by. In a file, it is the first name. */
  readonly id: string;
  readonly name: string;
  readonly parent: Team | undefined;
  /** The names from the root to this team, each as `pathSegment` writes it, joined by slashes: `acme/search`. */
  readonly path: string;
  /** Its own tags and those of the teams above it; its own count where both have one. */
  readonly tags: Tags;
}

/** A name within a path: `/` and `%` are `%2F` and `%25`. */
export function pathSegment(name: string): string {
  return name.replaceAll('%', '%25').replaceAll('/', '%2F');
}

/** The ids from the root to a team: `/root/child/`. */
export function teamIdsOf({ id, parent }: Team): string {
  return `${parent === undefined ? '/' : teamIdsOf(parent)}${pathSegment(id)}/`;
}

/** The ids in what `teamIdsOf` wrote. */
export function readTeamIds(teamIds: string): string[] {
  const segments = teamIds.split('/').filter((segment) => segment !== '');
  return segments.map((segment) => segment.replaceAll('%2F', '/').replaceAll('%25', '%'));
}

/** A person or program whose use is counted over all its keys. */
export interface User {
  /** The id that its use is counted by. In a file, it is the first name. */
  readonly id: string;
  readonly name: string;
  readonly email: string | undefined;
}

/** Values by name, of the configuration or of a request. */
export type Tags = Readonly<Record<string, string>>;

/** The owners of keys, by id. */
export interface Owners {
  readonly teams: ReadonlyMap<string, Team>;
  readonly users: ReadonlyMap<string, User>;
}

export const NO_OWNERS: Owners = { teams: new Map(), users: new Map() };

/** The rule of a key for the people behind its requests. `required`: a request that names none is refused. */
export type EndUsers = 'off' | 'optional' | 'required';

/** The part of a master key that says whose it is. */
export interface KeyOwnership {
  /** The id that its use is counted by. It outlives names and secrets. In a file, it is the first name. */
  readonly id: string;
  readonly team: Team | undefined;
  readonly user: User | undefined;
  /** Milliseconds since 1970; undefined: never. */
  readonly expiresAtMs: number | undefined;
  /** Its own tags and those of its teams; its own count where both have one. */
  readonly tags: Tags;
  /** The names of the tags that clients may set in `x-llm-proxy-tags`. */
  readonly clientTags: readonly string[];
  readonly endUsers: EndUsers;
  /** Whether its holder may replace the secret at `POST /v1/key/rotate`. */
  readonly selfRotate: boolean;
}
