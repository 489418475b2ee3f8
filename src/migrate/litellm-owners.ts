import type { Json, JsonObject } from '../store/revision.ts';
import { readLimits } from './litellm-limits.ts';
import { asList, asObject, asText, type Report } from './litellm-values.ts';

/** Lists of LiteLLM's proxy: `/key/list?return_full_object=true`, `/team/list`, `/user/list`, `/organization/list`. */
const LISTS = ['keys', 'teams', 'users', 'organizations'] as const;

/** The spending of a team, user or key of LiteLLM against its budget. */
export interface LitellmSpend {
  readonly scope: 'team' | 'user' | 'key';
  /** Our name. */
  readonly name: string;
  readonly per: string;
  readonly dollars: number;
  readonly externalId: string;
}

/** Whether a file has keys, teams or users of LiteLLM. */
export function hasOwners(source: JsonObject): boolean {
  return LISTS.some((name) => Array.isArray(source[name]));
}

export const OWNER_SECTIONS: readonly string[] = LISTS;

/**
 * Converts organizations and teams to teams, users to users, and virtual keys to master keys with the same secrets, of
 * which LiteLLM knows the SHA-256. Reports what was left out.
 */
export function readOwners(
  source: JsonObject,
  report: Report,
): { readonly file: JsonObject; readonly spend: readonly LitellmSpend[] } {
  const names = new Set<string>();
  const spend: LitellmSpend[] = [];
  const roots = readTeams(source, ORGANIZATIONS, { parents: new Map(), names, report, spend });
  const teams = readTeams(source, TEAMS, { parents: roots.byId, names, report, spend });
  const users = readUsers(source, report, spend);
  const owners = { teams: teams.byId, users: users.byId, blocked: teams.blocked };
  const keys = readKeys(source, owners, { report, spend });
  const allTeams = [...roots.entries, ...teams.entries];
  const file = {
    ...(allTeams.length > 0 && { teams: allTeams }),
    ...(users.entries.length > 0 && { users: users.entries }),
    ...(keys.length > 0 && { master_keys: keys }),
  };
  return { file, spend };
}

/** Notes what was spent of the budget that an entry has. */
function noteSpend(
  spend: LitellmSpend[],
  { spend: dollars }: JsonObject,
  { limits, ...entry }: Omit<LitellmSpend, 'per' | 'dollars'> & { readonly limits: Json | undefined },
): void {
  const budget = asList(limits)
    .map(asObject)
    .find((limit) => limit['cost'] !== undefined && limit['models'] === undefined && !('on_exceed' in limit));
  const per = asText(budget?.['per']);
  if (per !== undefined && typeof dollars === 'number' && dollars > 0) spend.push({ ...entry, per, dollars });
}

/** The names of the fields for the id and the name of a list's entries. */
interface TeamList {
  readonly list: (typeof LISTS)[number];
  readonly id: string;
  readonly alias: string;
}

const ORGANIZATIONS: TeamList = {
  list: 'organizations',
  id: 'organization_id',
  alias: 'organization_alias',
};
const TEAMS: TeamList = { list: 'teams', id: 'team_id', alias: 'team_alias' };

interface ReadTeams {
  readonly entries: readonly JsonObject[];
  /** Our names by LiteLLM's ids. */
  readonly byId: ReadonlyMap<string, string>;
  /** The ids of teams whose keys do not work. */
  readonly blocked: ReadonlySet<string>;
}

interface TeamContext {
  readonly parents: ReadonlyMap<string, string>;
  /** The names that are taken. */
  readonly names: Set<string>;
  readonly spend: LitellmSpend[];
  readonly report: Report;
}

function readTeams(
  source: JsonObject,
  { list, id: idField, alias }: TeamList,
  { parents, names, spend, report }: TeamContext,
): ReadTeams {
  const byId = new Map<string, string>();
  const blocked = new Set<string>();
  const entries = asList(source[list]).flatMap((given, index) => {
    const team = asObject(given);
    const inTeam = within(report, `${list}[${index}]`);
    const id = asText(team[idField]);
    if (id === undefined) {
      inTeam('', 'it has no id');
      return [];
    }
    const name = freeName(asText(team[alias]) ?? id, names);
    byId.set(id, name);
    if (team['blocked'] === true) blocked.add(id);
    const parent = parents.get(asText(team['organization_id']) ?? '');
    const entry = teamEntry(team, { name, parent, report: inTeam });
    noteSpend(spend, team, { scope: 'team', name, limits: entry['limits'], externalId: `${idField}:${id}` });
    return [entry];
  });
  return { entries, byId, blocked };
}

function teamEntry(
  team: JsonObject,
  { name, parent, report }: { name: string; parent: string | undefined; report: Report },
): JsonObject {
  const limits = readLimits(team, report);
  const ofMembers = 'team_member_budget_table';
  const perUser = readLimits(asObject(team[ofMembers]), within(report, ofMembers));
  return {
    name,
    ...(parent !== undefined && { parent }),
    ...modelsOf(team, report),
    ...tagsOf(team, report),
    ...(limits.length > 0 && { limits }),
    ...(perUser.length > 0 && { per_user: perUser }),
  };
}

function readUsers(source: JsonObject, report: Report, spend: LitellmSpend[]) {
  const byId = new Map<string, string>();
  const taken = new Set<string>();
  const entries: JsonObject[] = [];
  for (const [index, given] of asList(source['users']).entries()) {
    const user = asObject(given);
    const inUser = within(report, `users[${index}]`);
    const id = asText(user['user_id']);
    if (id === undefined) {
      inUser('', 'it has no id');
      continue;
    }
    const email = asText(user['user_email']);
    const name = freeName(asText(user['user_alias']) ?? email ?? id, taken);
    byId.set(id, name);
    const limits = readLimits(user, inUser);
    if (asList(user['models']).length > 0)
      inUser('models', 'users have no list of models here; keys and teams have');
    noteSpend(spend, user, { scope: 'user', name, limits, externalId: `user_id:${id}` });
    entries.push({ name, ...(email !== undefined && { email }), ...(limits.length > 0 && { limits }) });
  }
  return { byId, entries };
}

interface KnownOwners {
  readonly teams: ReadonlyMap<string, string>;
  readonly users: ReadonlyMap<string, string>;
  readonly blocked: ReadonlySet<string>;
}

function readKeys(
  source: JsonObject,
  owners: KnownOwners,
  { report, spend }: { readonly report: Report; readonly spend: LitellmSpend[] },
): JsonObject[] {
  const taken = new Set<string>();
  return asList(source['keys']).flatMap((given, index) => {
    const inKey = within(report, `keys[${index}]`);
    const key = asObject(given);
    const token = asText(key['token']);
    if (token === undefined || !/^[0-9a-f]{64}$/i.test(token)) {
      inKey('', WITHOUT_FIELDS);
      return [];
    }
    const name = freeName(asText(key['key_alias']) ?? `litellm-${token.slice(0, 8)}`, taken);
    const entry = keyEntry(key, { name, token: token.toLowerCase(), owners, report: inKey });
    noteSpend(spend, key, { scope: 'key', name, limits: entry['limits'], externalId: `token:${token}` });
    return [entry];
  });
}

const WITHOUT_FIELDS =
  'has no token, which is the SHA-256 of the key; ask for /key/list?return_full_object=true';

function keyEntry(
  key: JsonObject,
  { name, token, owners, report }: { name: string; token: string; owners: KnownOwners; report: Report },
): JsonObject {
  const limits = readLimits(key, report);
  const [teamId, userId] = [asText(key['team_id']), asText(key['user_id'])];
  const team = teamId === undefined ? undefined : owners.teams.get(teamId);
  const user = userId === undefined ? undefined : owners.users.get(userId);
  if (teamId !== undefined && team === undefined)
    report('team_id', `the team "${teamId}" is not in the file`);
  if (userId !== undefined && user === undefined)
    report('user_id', `the user "${userId}" is not in the file`);
  const expires = expiryOf(key, report);
  const models = modelsOf(key, report);
  const isBlocked =
    key['blocked'] === true ||
    (teamId !== undefined && owners.blocked.has(teamId)) ||
    asList(key['models']).includes(NO_MODELS);
  return {
    name,
    key: `sha256:${token}`,
    ...(isBlocked && { enabled: false }),
    ...(team !== undefined && { team }),
    ...(user !== undefined && { user }),
    ...(expires !== undefined && { expires_at: expires }),
    ...models,
    ...tagsOf(key, report),
    ...(limits.length > 0 && { limits }),
  };
}

/** LiteLLM's word for "no model", of which we have none: the key is disabled. */
const NO_MODELS = 'no-default-models';
/** Its words for all models of the key's team, and of the proxy. An empty list is the same here. */
const ALL_MODELS: ReadonlySet<Json> = new Set(['all-team-models', 'all-proxy-models']);

function modelsOf(entity: JsonObject, report: Report): JsonObject {
  const models = asList(entity['models']);
  if (models.includes(NO_MODELS)) report('models', 'allows no model, so it is disabled');
  if (models.length === 0 || models.some((name) => ALL_MODELS.has(name) || name === NO_MODELS)) return {};
  return { allowed_models: models.filter((name) => typeof name === 'string') };
}

/** `2026-12-31T00:00:00` of LiteLLM is in UTC. */
function expiryOf({ expires }: JsonObject, report: Report): string | undefined {
  const text = asText(expires);
  if (text === undefined) return undefined;
  const zoned = /(?:Z|[+-]\d\d:\d\d)$/i.test(text) ? text : `${text}Z`;
  const atMs = Date.parse(zoned);
  if (Number.isFinite(atMs)) return new Date(atMs).toISOString();
  report('expires', 'is no time');
  return undefined;
}

/** `metadata.tags` is a list of names; a name may have a value behind a colon or an equals sign. */
function tagsOf(entity: JsonObject, report: Report): JsonObject {
  const tags: Record<string, string> = {};
  for (const given of asList(asObject(entity['metadata'])['tags'])) {
    const text = typeof given === 'string' ? given : JSON.stringify(given);
    const [, name = '', value = 'true'] = /^([^:=]*)(?:[:=]([^]*))?$/.exec(text) ?? [];
    const isValid = /^[A-Za-z0-9_.-]{1,32}$/.test(name) && value.length <= 64 && !/[\p{Cc},]/u.test(value);
    if (isValid && Object.keys(tags).length < MOST_TAGS) tags[name] = value;
    else report('metadata.tags', `${JSON.stringify(text.slice(0, 80))} cannot be a tag here`);
  }
  return Object.keys(tags).length > 0 ? { tags } : {};
}

const MOST_TAGS = 16;

/** A name that no entry of the list has yet. */
function freeName(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let count = 2; taken.has(name); count++) name = `${wanted}-${count}`;
  taken.add(name);
  return name;
}

function within(report: Report, place: string): Report {
  return (path, reason) => report(path === '' ? place : `${place}.${path}`, reason);
}
