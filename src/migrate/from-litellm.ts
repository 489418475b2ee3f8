import { readDeployment } from './litellm-deployment.ts';
import { NotUnderstood, textOf, type Variables } from './litellm-params.ts';
import { readLimits } from './litellm-limits.ts';
import { hasOwners, type LitellmSpend, OWNER_SECTIONS, readOwners } from './litellm-owners.ts';
import { LitellmModels } from './litellm-models.ts';
import { asList, asObject, asText, type Report } from './litellm-values.ts';
import type { Json, JsonObject } from '../store/revision.ts';
import { ownValue } from '../lib/own-value.ts';

/** A setting of the other program that was not imported. */
export interface Unmapped {
  readonly path: string;
  readonly reason: string;
}

const STRATEGIES = new Map([
  ['simple-shuffle', 'random'],
  ['least-busy', 'least_busy'],
  ['latency-based-routing', 'lowest_latency'],
]);

const KNOWN_ENTRY = new Set(['model_name', 'litellm_params', 'model_info']);
const KNOWN_SECTIONS = new Map([
  [
    'litellm_settings',
    new Set(['fallbacks', 'request_timeout', 'num_retries', 'drop_params', 'max_budget', 'budget_duration']),
  ],
  [
    'router_settings',
    new Set(['routing_strategy', 'fallbacks', 'num_retries', 'cooldown_time', 'model_group_alias']),
  ],
  ['general_settings', new Set(['master_key'])],
]);
const UNREAD_SECTIONS: Readonly<Record<string, string>> = {
  include: 'other files are not read; import each of them',
  environment_variables: 'variables are read from the environment of this command',
};

/** Base URLs by the names of existing providers. */
type BaseUrls = ReadonlyMap<string, string>;

/**
 * Converts a configuration of LiteLLM's proxy (https://docs.litellm.ai/docs/proxy/configs) to one of ours and lists
 * what was left out. Values such as `os.environ/NAME` are read from the environment. An entry is imported only if the
 * file says which host is called and with which credential. A provider in `taken` with another base URL keeps its name.
 */
export function readLitellm(
  value: unknown,
  env: Environment,
  taken: BaseUrls = new Map(),
): {
  readonly file: JsonObject;
  readonly unmapped: readonly Unmapped[];
  readonly spend: readonly LitellmSpend[];
} {
  const source = asObject(value);
  const unmapped: Unmapped[] = [];
  const report = (path: string, reason: string): void => void unmapped.push({ path, reason });
  const own = variablesOf(env, source);
  const models = new LitellmModels(taken);
  // Included files, which are not read, may have entries of any name.
  if (source['include'] !== undefined) models.leaveOut(undefined);
  const entries = source['model_list'];
  if (entries !== undefined && !Array.isArray(entries)) report('model_list', 'it is no list');
  for (const [index, entry] of asList(entries).entries()) {
    addEntry(asObject(entry), { models, env: own, report, path: `model_list[${index}]` });
  }
  const router = asObject(source['router_settings']);
  addAliases(asObject(router['model_group_alias']), models, report);
  models.dropLoosePatterns(report);
  reportUnknown(source, report);
  const settings = readSettings(source, { models, env: own, report });
  const file = { ...models.file(), ...settings };
  if (!hasOwners(source)) return { file, unmapped, spend: [] };
  const owners = readOwners(source, report);
  return { file: withOwners(file, owners.file), unmapped, spend: owners.spend };
}

/** Whether nothing could be imported from a file. An import that prunes would then delete everything. */
export function hasNothing(file: JsonObject): boolean {
  return Object.values(file).every(
    (section) => typeof section === 'object' && section !== null && Object.keys(section).length === 0,
  );
}

export const NOTHING_TO_IMPORT = 'has nothing that can be imported, so nothing was changed';

/** Adds teams, users and keys to a file, which may have the proxy's master key already. */
function withOwners(file: JsonObject, owners: JsonObject): JsonObject {
  const keys = [...asList(file['master_keys']), ...asList(owners['master_keys'])];
  return { ...file, ...owners, ...(keys.length > 0 && { master_keys: keys }) };
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * In LiteLLM, `environment_variables` override the environment and may be encrypted, so the values of these variables
 * are unknown.
 */
function variablesOf(env: Environment, source: JsonObject): Variables {
  const setThere = asObject(source['environment_variables']);
  const valueOf = (name: string) => (Object.hasOwn(setThere, name) ? undefined : env[name] || undefined);
  return { valueOf, isSet: (name) => Object.hasOwn(setThere, name) || valueOf(name) !== undefined };
}

interface Context {
  readonly models: LitellmModels;
  readonly env: Variables;
  readonly report: Report;
}

function addEntry(
  entry: JsonObject,
  { models, env, report, path }: Context & { readonly path: string },
): void {
  const name = asText(entry['model_name']);
  try {
    if (name === undefined) throw new NotUnderstood('', 'it has no model_name or no model');
    for (const key of Object.keys(entry)) {
      if (!KNOWN_ENTRY.has(key)) report(`${path}.${key}`, 'there is no such setting here');
    }
    const params = asObject(entry['litellm_params']);
    const inParams: Report = (setting, reason) => report(`${path}.litellm_params.${setting}`, reason);
    models.add(name, path, readDeployment(params, env, inParams));
  } catch (error) {
    if (!(error instanceof NotUnderstood)) throw error;
    const place = error.setting === '' ? path : `${path}.litellm_params.${error.setting}`;
    report(place, error.setting === '' ? error.message : `${error.message}; the entry is left out`);
    models.leaveOut(name);
  }
}

/** An alias is a text, or `{model, hidden}`. */
function addAliases(aliases: JsonObject, models: LitellmModels, report: Report): void {
  for (const [name, given] of Object.entries(aliases)) {
    const path = `router_settings.model_group_alias.${name}`;
    const { model, hidden } = typeof given === 'string' ? { model: given, hidden: false } : asObject(given);
    if (typeof model !== 'string') {
      report(path, 'it is neither the name of a model nor {model, hidden}');
      models.leaveOut(name);
    } else if (!models.has(model)) {
      report(path, `the model "${model}" is not in model_list, or was not taken over`);
      models.leaveOut(name);
    } else {
      models.alias(name, model);
      if (hidden === true) report(`${path}.hidden`, 'every model is listed here');
    }
  }
}

function readSettings(source: JsonObject, { models, env, report }: Context): JsonObject {
  const [litellm = {}, router = {}, general = {}] = [
    'litellm_settings',
    'router_settings',
    'general_settings',
  ].map((name) => asObject(source[name]));
  const timeout = litellm['request_timeout'];
  const fallback = readFallback({ litellm, router }, models, report);
  return {
    ...readMasterKey(general, env, report),
    ...readStrategy(asText(router['routing_strategy']), report),
    ...(typeof timeout === 'number' && { timeouts: { request_timeout: timeout } }),
    ...readDropParams(litellm, env, report),
    ...readProxyBudget(litellm, report),
    ...(Object.keys(fallback).length > 0 && { fallback }),
  };
}

function readMasterKey(general: JsonObject, env: Variables, report: Report): JsonObject {
  try {
    const key = textOf(general, 'master_key', env);
    return key === undefined ? {} : { master_keys: [{ name: 'litellm master key', key }] };
  } catch (error) {
    if (!(error instanceof NotUnderstood)) throw error;
    report('general_settings.master_key', error.message);
    return {};
  }
}

function readStrategy(name: string | undefined, report: Report): JsonObject {
  if (name === undefined) return {};
  const strategy = STRATEGIES.get(name);
  if (strategy !== undefined) return { load_balancing: { strategy } };
  report('router_settings.routing_strategy', `there is no strategy like "${name}"`);
  return {};
}

/** The budget of the whole proxy. */
function readProxyBudget(
  { max_budget: budget, budget_duration: duration }: JsonObject,
  report: Report,
): JsonObject {
  if (budget === undefined) return {};
  const inSettings: Report = (path, reason) => report(`litellm_settings.${path}`, reason);
  const limits = readLimits({ max_budget: budget, budget_duration: duration ?? null }, inSettings);
  return limits.length > 0 ? { limits } : {};
}

/**
 * `drop_params` leaves out parameters that a provider lacks, and never contents, as `warn` does. Without it, LiteLLM
 * refuses such parameters, but adapts a request as it likes, so only an explicit `false` becomes `reject`.
 */
function readDropParams(litellm: JsonObject, env: Variables, report: Report): JsonObject {
  const given = litellm['drop_params'];
  if (given === undefined || given === null) return {};
  const value = typeof given === 'string' ? flagOf(litellm, env) : given;
  if (typeof value === 'boolean') return { translation: { unsupported: value ? 'warn' : 'reject' } };
  report('litellm_settings.drop_params', 'is neither true nor false');
  return {};
}

/** The value of a variable, such as `os.environ/DROP_PARAMS`. */
function flagOf(litellm: JsonObject, env: Variables): boolean | undefined {
  try {
    const word = textOf(litellm, 'drop_params', env)?.toLowerCase() ?? '';
    return word === 'true' || (word === 'false' ? false : undefined);
  } catch (error) {
    if (!(error instanceof NotUnderstood)) throw error;
    return undefined;
  }
}

function readFallback(
  { litellm, router }: { readonly litellm: JsonObject; readonly router: JsonObject },
  models: LitellmModels,
  report: Report,
): JsonObject {
  const rules = Object.entries({ litellm_settings: litellm, router_settings: router }).flatMap(
    ([section, { fallbacks }]) =>
      asList(fallbacks).map((rule, index) => ({
        rule: asObject(rule),
        path: `${section}.fallbacks[${index}]`,
      })),
  );
  const aliases: Record<string, Json> = {};
  for (const { rule, path } of rules) {
    for (const [model, targets] of Object.entries(rule)) {
      const known = readRule(model, targets, { models, report, path });
      if (known.length > 0) aliases[model] = known;
    }
  }
  const retries = router['num_retries'] ?? litellm['num_retries'];
  const cooldown = router['cooldown_time'];
  return {
    ...(typeof retries === 'number' && { retries }),
    ...(typeof cooldown === 'number' && { cooldown_seconds: cooldown }),
    ...(Object.keys(aliases).length > 0 && { alias_fallback: aliases }),
  };
}

/** The imported fallbacks; none if the model itself was not imported. */
function readRule(
  model: string,
  targets: Json,
  { models, report, path }: Omit<Context, 'env'> & { readonly path: string },
): string[] {
  const names = asList(targets);
  if (!models.serves(model) || names.length === 0) {
    report(path, `the model "${model}" was not taken over, or has no list of fallbacks`);
    return [];
  }
  return names.flatMap((name) => {
    if (typeof name === 'string' && models.serves(name)) return [name];
    const what = typeof name === 'string' ? `"${name}"` : 'one of them';
    report(path, `of the fallbacks of "${model}", ${what} was not taken over`);
    return [];
  });
}

function reportUnknown(source: JsonObject, report: Report): void {
  for (const [section, content] of Object.entries(source)) {
    const known = KNOWN_SECTIONS.get(section);
    if (section === 'model_list' || OWNER_SECTIONS.includes(section)) continue;
    if (known === undefined)
      report(section, ownValue(UNREAD_SECTIONS, section) ?? 'there is no such section here');
    for (const key of known === undefined ? [] : Object.keys(asObject(content))) {
      if (!known?.has(key)) report(`${section}.${key}`, 'there is no such setting here');
    }
  }
}
