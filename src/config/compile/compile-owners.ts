import { nearest } from '../../lib/nearest.ts';
import { isTimezone } from '../../limits/window.ts';
import { NO_OWNERS, type Owners, pathSegment, type Tags, type Team, type User } from '../owners.ts';
import { findDuplicates } from '../read/duplicates.ts';
import type { OwnerSettings, TeamSettings, UserSettings } from '../read/normalise-owners.ts';
import type { Finding } from '../read/problems.ts';
import type { KeySettings } from '../read/settings.ts';
import type { MasterKey } from '../snapshot.ts';
import { unknownZone } from './claim-maker.ts';

/** A team with what the compiler needs of it. */
export interface CompiledTeam {
  readonly team: Team;
  readonly settings: TeamSettings;
  /** From itself to the root. */
  readonly line: readonly CompiledTeam[];
  /** Its own, or that of the nearest team above it that has one; undefined: none has. */
  readonly timezone: string | undefined;
}

export interface CompiledUser {
  readonly user: User;
  readonly settings: UserSettings;
}

/** Teams and users by name, as keys refer to them. */
export interface OwnersByName {
  readonly teams: ReadonlyMap<string, CompiledTeam>;
  readonly users: ReadonlyMap<string, CompiledUser>;
}

export interface CompiledOwners {
  readonly owners: Owners;
  readonly byName: OwnersByName;
  readonly findings: readonly Finding[];
  readonly warnings: readonly string[];
}

const MOST_LEVELS = 3;

/** Resolves the parents of teams, and the teams and users of keys. `kept` are keys that were compiled before. */
export function compileOwners(settings: OwnersInput, kept: readonly MasterKey[] = []): CompiledOwners {
  const { teams, users, keys } = settings;
  const findings: Finding[] = [
    ...findDuplicates(teams, 'name', 'a team'),
    ...findDuplicates(users, 'name', 'a user'),
    ...findTakenNames(teams, 'team'),
    ...findTakenNames(users, 'user'),
    ...findTakenNames(keys, 'key'),
    ...findUnknownOwners(settings),
    ...findBadTrees(teams),
    ...teams.flatMap(findBadZone),
  ];
  if (teams.length === 0 && users.length === 0)
    return { owners: NO_OWNERS, byName: { teams: new Map(), users: new Map() }, findings, warnings: [] };
  const byName = {
    teams: findings.length > 0 ? new Map<string, CompiledTeam>() : compileTeams(teams),
    users: new Map(users.map((user) => [user.name, compileUser(user)])),
  };
  return {
    owners: {
      teams: new Map([...byName.teams.values()].map(({ team }) => [team.id, team])),
      users: new Map([...byName.users.values()].map(({ user }) => [user.id, user])),
    },
    byName,
    findings,
    warnings: findLonelyOwners(settings, byName, kept),
  };
}

export type OwnersInput = Pick<OwnerSettings, 'teams' | 'users'> & {
  readonly keys: readonly KeySettings[];
};

function compileUser(settings: UserSettings): CompiledUser {
  const { id, name, email } = settings;
  return { user: { id, name, email }, settings };
}

/** Requires that every parent exists and that there is no cycle. */
function compileTeams(all: readonly TeamSettings[]): ReadonlyMap<string, CompiledTeam> {
  const byName = new Map(all.map((team) => [team.name, team]));
  const compiled = new Map<string, CompiledTeam>();
  const compileOne = (settings: TeamSettings): CompiledTeam => {
    const known = compiled.get(settings.name);
    if (known !== undefined) return known;
    const above = settings.parent === undefined ? undefined : byName.get(settings.parent);
    const parent = above && compileOne(above);
    const { id, name } = settings;
    const team: Team = {
      id,
      name,
      parent: parent?.team,
      path: parent === undefined ? pathSegment(name) : `${parent.team.path}/${pathSegment(name)}`,
      tags: joinTags(parent?.team.tags, settings.tags),
    };
    const line: CompiledTeam[] = [...(parent?.line ?? [])];
    const made = { team, settings, line, timezone: settings.timezone ?? parent?.timezone };
    line.unshift(made);
    compiled.set(name, made);
    return made;
  };
  for (const team of all) compileOne(team);
  return compiled;
}

/** Tags of both; `own` counts where both have one. */
export function joinTags(inherited: Tags | undefined, own: Tags): Tags {
  return inherited === undefined ? own : { ...inherited, ...own };
}

/** Names that another entry had before: the use of both would be counted as one. */
function findTakenNames(
  entries: readonly { readonly at: Finding['path']; readonly id: string; readonly name: string }[],
  kind: string,
): Finding[] {
  const first = new Map<string, string>();
  for (const { id, name } of entries) if (id === name) first.set(name, name);
  return entries.flatMap(({ at, id, name }) => {
    if (id === name) return [];
    const other = first.get(id);
    first.set(id, name);
    if (other === undefined) return [];
    const message = `"${id}" is what the use of the ${kind} "${other}" is counted by; two cannot share it`;
    return [{ path: [...at, 'renamed_from'], message }];
  });
}

function findUnknownOwners({ teams, users, keys }: OwnersInput): Finding[] {
  const teamNames = new Set(teams.map(({ name }) => name));
  const userNames = new Set(users.map(({ name }) => name));
  return [
    ...teams.flatMap(({ at, parent }) => unknown([...at, 'parent'], parent, ['team', teamNames])),
    ...keys.flatMap(({ at, ownership: { team, user } }) => [
      ...unknown([...at, 'team'], team, ['team', teamNames]),
      ...unknown([...at, 'user'], user, ['user', userNames]),
    ]),
  ];
}

function unknown(
  path: Finding['path'],
  name: string | undefined,
  [kind, known]: readonly [kind: string, known: ReadonlySet<string>],
): Finding[] {
  if (name === undefined || known.has(name)) return [];
  const suggestion = nearest(name, known);
  return [
    {
      path,
      message: `names "${name}", and there is no such ${kind}`,
      allowed: [...known],
      ...(suggestion !== undefined && { suggestion }),
    },
  ];
}

function findBadZone({ at, timezone }: TeamSettings): Finding[] {
  if (timezone === undefined || isTimezone(timezone)) return [];
  return [unknownZone([...at, 'timezone'], timezone)];
}

function findBadTrees(teams: readonly TeamSettings[]): Finding[] {
  const byName = new Map(teams.map((team) => [team.name, team]));
  return teams.flatMap(({ at, name, parent }) => {
    const line = [name];
    for (let above = parent; above !== undefined; above = byName.get(above)?.parent) {
      line.push(above);
      if (above === name)
        return [
          { path: [...at, 'parent'], message: `makes a circle of teams: ${line.toReversed().join(' → ')}` },
        ];
      // A circle further up is reported there.
      if (line.length > teams.length) return [];
    }
    if (line.length !== MOST_LEVELS + 1) return [];
    const message = `makes teams ${line.length} deep, and ${MOST_LEVELS} levels are the most: ${line.toReversed().join(' → ')}`;
    return [{ path: [...at, 'parent'], message }];
  });
}

/** Teams and users without a key, and keys that count as users of their own. */
function findLonelyOwners(
  { teams, users, keys }: OwnersInput,
  byName: OwnersByName,
  kept: readonly MasterKey[],
): string[] {
  const withKeys = new Set<string>();
  const usersWithKeys = new Set<string>();
  const withoutUser = new Map<string, number>();
  const note = (team: string | undefined, user: string | undefined): void => {
    if (user !== undefined) usersWithKeys.add(user);
    for (const { settings } of byName.teams.get(team ?? '')?.line ?? []) {
      withKeys.add(settings.name);
      if (user === undefined && settings.perUser.length > 0)
        withoutUser.set(settings.name, (withoutUser.get(settings.name) ?? 0) + 1);
    }
  };
  for (const { ownership } of keys) note(ownership.team, ownership.user);
  for (const { team, user } of kept) note(team?.name, user?.name);
  return [
    ...teams.filter(({ name }) => !withKeys.has(name)).map(({ name }) => `No key belongs to team "${name}".`),
    ...users
      .filter(({ name }) => !usersWithKeys.has(name))
      .map(({ name }) => `No key belongs to user "${name}".`),
    ...[...withoutUser].map(([team, count]) =>
      count === 1
        ? `1 key of team "${team}" has no user: it counts as a user of its own.`
        : `${count} keys of team "${team}" have no user: each counts as a user of its own.`,
    ),
  ];
}
