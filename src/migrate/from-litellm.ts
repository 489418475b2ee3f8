import type { Json, JsonObject } from '../store/revision.ts';

/** A setting of the other program that has no counterpart here. */
export interface Unmapped {
  readonly path: string;
  readonly reason: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Where the providers that LiteLLM knows by a prefix have their OpenAI-compatible API. */
const BASES = new Map([
  ['openai', 'https://api.openai.com/v1'],
  ['text-completion-openai', 'https://api.openai.com/v1'],
  ['anthropic', 'https://api.anthropic.com/v1'],
  ['deepseek', 'https://api.deepseek.com/v1'],
  ['fireworks_ai', 'https://api.fireworks.ai/inference/v1'],
  ['gemini', 'https://generativelanguage.googleapis.com/v1beta/openai'],
  ['groq', 'https://api.groq.com/openai/v1'],
  ['mistral', 'https://api.mistral.ai/v1'],
  ['ollama', 'http://127.0.0.1:11434/v1'],
  ['openrouter', 'https://openrouter.ai/api/v1'],
  ['perplexity', 'https://api.perplexity.ai'],
  ['together_ai', 'https://api.together.xyz/v1'],
  ['xai', 'https://api.x.ai/v1'],
]);

/** Prefixes that only say that `api_base` speaks OpenAI's API. */
const COMPATIBLE = new Set([
  'openai',
  'hosted_vllm',
  'openai_like',
  'custom_openai',
  'ollama_chat',
  'lm_studio',
]);

const STRATEGIES = new Map([
  ['simple-shuffle', 'random'],
  ['least-busy', 'least_busy'],
  ['latency-based-routing', 'lowest_latency'],
]);

/** A deployment's parameters that are read here. */
const KNOWN_PARAMS = new Set(['model', 'api_base', 'api_key', 'weight', 'order', 'timeout', 'extra_headers']);
const KNOWN_SECTIONS = new Map([
  ['litellm_settings', new Set(['fallbacks', 'request_timeout', 'num_retries'])],
  [
    'router_settings',
    new Set(['routing_strategy', 'fallbacks', 'num_retries', 'cooldown_time', 'model_group_alias']),
  ],
  ['general_settings', new Set(['master_key'])],
]);

/**
 * A configuration of LiteLLM's proxy (https://docs.litellm.ai/docs/proxy/configs) as a configuration file of ours, and
 * all that has no counterpart. Values such as `os.environ/NAME` are read from the environment.
 */
export function readLitellm(
  value: unknown,
  env: Environment,
): { readonly file: JsonObject; readonly unmapped: readonly Unmapped[] } {
  const source = asObject(value);
  const unmapped: Unmapped[] = [];
  const report = (path: string, reason: string): void => void unmapped.push({ path, reason });
  const reading = new Reading(env, report);
  for (const [index, entry] of asList(source['model_list']).entries()) {
    reading.addDeployment(asObject(entry), `model_list[${index}]`);
  }
  reportUnknown(source, report);
  return { file: { ...reading.file(), ...readSettings(source, reading, report) }, unmapped };
}

type Report = (path: string, reason: string) => void;

/** Collects providers and models: LiteLLM repeats the provider with each model, and here they are apart. */
class Reading {
  readonly #env: Environment;
  readonly #report: Report;
  readonly #providers = new Map<string, JsonObject>();
  readonly #models = new Map<string, Json[]>();

  constructor(env: Environment, report: Report) {
    this.#env = env;
    this.#report = report;
  }

  addDeployment(entry: JsonObject, path: string): void {
    const params = asObject(entry['litellm_params']);
    const name = asText(entry['model_name']);
    const full = this.text(params['model'], `${path}.litellm_params.model`);
    if (name === undefined || full === undefined)
      return this.#report(path, 'it has no model_name or no model');
    for (const key of Object.keys(params)) {
      if (!KNOWN_PARAMS.has(key))
        this.#report(`${path}.litellm_params.${key}`, 'there is no such setting here');
    }
    const slash = full.indexOf('/');
    const prefix = slash === -1 ? 'openai' : full.slice(0, slash);
    const model = slash === -1 ? full : full.slice(slash + 1);
    const given = this.text(params['api_base'], `${path}.litellm_params.api_base`);
    const base =
      given !== undefined && (COMPATIBLE.has(prefix) || BASES.has(prefix)) ? given : BASES.get(prefix);
    if (base === undefined) {
      return this.#report(
        path,
        `providers of the kind "${prefix}" are not OpenAI-compatible, or have no api_base`,
      );
    }
    const provider = this.#provider(prefix, {
      api_base: base,
      api_key: this.text(params['api_key'], `${path}.litellm_params.api_key`),
      headers: params['extra_headers'],
      timeouts: typeof params['timeout'] === 'number' ? { request_timeout: params['timeout'] } : undefined,
      provider_type: prefix === 'anthropic' ? 'anthropic' : undefined,
    });
    this.#addRoute(name, { provider, model, params, path });
  }

  #addRoute(
    name: string,
    { provider, model, params, path }: { provider: string; model: string; params: JsonObject; path: string },
  ): void {
    if (name.includes('*') || model.includes('*')) {
      if (name !== model) return this.#report(path, 'a pattern that changes the name has no counterpart');
      const entry = this.#providers.get(provider) ?? {};
      const mapping = { ...asObject(entry['model_mapping']), [name]: '*' };
      this.#providers.set(provider, { ...entry, model_mapping: mapping });
      return;
    }
    const { weight, order } = params;
    const route = {
      provider,
      model,
      ...(typeof weight === 'number' && { weight }),
      ...(typeof order === 'number' && { priority: order }),
    };
    this.#models.set(name, [...(this.#models.get(name) ?? []), route]);
  }

  /** The name of the provider with these settings, a new one if there is none. */
  #provider(prefix: string, settings: Record<string, Json | undefined>): string {
    const entry = JSON.parse(JSON.stringify(settings)) as JsonObject;
    const text = JSON.stringify(entry);
    for (const [name, { model_mapping: _, ...known }] of this.#providers) {
      if (JSON.stringify(known) === text) return name;
    }
    const count = [...this.#providers.keys()].filter(
      (name) => name === prefix || name.startsWith(`${prefix}-`),
    ).length;
    const name = count === 0 ? prefix : `${prefix}-${count + 1}`;
    this.#providers.set(name, entry);
    return name;
  }

  /** A text, or what the variable that it names holds. */
  text(value: Json | undefined, path: string): string | undefined {
    const text = asText(value);
    if (text === undefined || !text.startsWith('os.environ/')) return text;
    const name = text.slice('os.environ/'.length);
    const found = this.#env[name];
    if (found === undefined) this.#report(path, `the environment variable ${name} is not set`);
    return found;
  }

  has(model: string): boolean {
    return this.#models.has(model);
  }

  alias(name: string, target: string): void {
    this.#models.set(name, this.#models.get(target) ?? []);
  }

  file(): JsonObject {
    return {
      providers: [...this.#providers].map(([name, provider]) => ({ name, ...provider })),
      models: Object.fromEntries([...this.#models].map(([name, routes]) => [name, { routes }])),
    };
  }
}

function readSettings(source: JsonObject, reading: Reading, report: Report): JsonObject {
  const [litellm = {}, router = {}, general = {}] = [
    'litellm_settings',
    'router_settings',
    'general_settings',
  ].map((name) => asObject(source[name]));
  addAliases(asObject(router['model_group_alias']), reading, report);
  const timeout = litellm['request_timeout'];
  const key = reading.text(general['master_key'], 'general_settings.master_key');
  return {
    ...reading.file(),
    ...(key !== undefined && { master_keys: [{ name: 'litellm master key', key }] }),
    ...readStrategy(asText(router['routing_strategy']), report),
    ...(typeof timeout === 'number' && { timeouts: { request_timeout: timeout } }),
    fallback: readFallback(litellm, router),
  };
}

function addAliases(aliases: JsonObject, reading: Reading, report: Report): void {
  for (const [name, target] of Object.entries(aliases)) {
    if (typeof target === 'string' && reading.has(target)) reading.alias(name, target);
    else report(`router_settings.model_group_alias.${name}`, 'it is no alias of a model in model_list');
  }
}

function readStrategy(name: string | undefined, report: Report): JsonObject {
  if (name === undefined) return {};
  const strategy = STRATEGIES.get(name);
  if (strategy !== undefined) return { load_balancing: { strategy } };
  report('router_settings.routing_strategy', `there is no strategy like "${name}"`);
  return {};
}

function readFallback(litellm: JsonObject, router: JsonObject): JsonObject {
  const lists = [...asList(litellm['fallbacks']), ...asList(router['fallbacks'])].map(asObject);
  const aliases = Object.assign({}, ...lists) as JsonObject;
  const retries = router['num_retries'] ?? litellm['num_retries'];
  const cooldown = router['cooldown_time'];
  return {
    ...(typeof retries === 'number' && { retries }),
    ...(typeof cooldown === 'number' && { cooldown_seconds: cooldown }),
    ...(Object.keys(aliases).length > 0 && { alias_fallback: aliases }),
  };
}

function reportUnknown(source: JsonObject, report: Report): void {
  for (const [section, content] of Object.entries(source)) {
    const known = KNOWN_SECTIONS.get(section);
    if (section === 'model_list') continue;
    if (known === undefined) report(section, 'there is no such section here');
    for (const key of known === undefined ? [] : Object.keys(asObject(content))) {
      if (!known?.has(key)) report(`${section}.${key}`, 'there is no such setting here');
    }
  }
}

function asObject(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

function asList(value: unknown): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

function asText(value: Json | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
