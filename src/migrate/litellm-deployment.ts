import { readBaseUrl } from '../config/compile/base-url.ts';
import { BASES, baseVariables, COMPATIBLE, isOpenAiModel, KEYLESS, keyVariable } from './litellm-vendors.ts';
import { type CloudProvider, CLOUDS } from './litellm-clouds.ts';
import { NotUnderstood, numberOf, textOf, VARIABLE, type Variables } from './litellm-params.ts';
import { asObject, type Report } from './litellm-values.ts';
import type { Json, JsonObject } from '../store/revision.ts';

/** One entry of `model_list`: the provider and its name for the model. */
export interface Deployment {
  /** LiteLLM's name of the vendor, such as `openai`. */
  readonly prefix: string;
  /** The vendor's name for the model. */
  readonly model: string;
  /** The fields of the provider, without a name. */
  readonly provider: JsonObject;
  readonly weight: number | undefined;
  readonly order: number | undefined;
}

/** The parameters of a deployment that are read here. */
const KNOWN_PARAMS = new Set([
  'model',
  'custom_llm_provider',
  'api_base',
  'base_url',
  'api_key',
  'weight',
  'order',
  'timeout',
  'extra_headers',
]);

/** Parameters that decide where a request goes or with which credential. An entry that has one cannot be imported. */
const DECISIVE_PARAMS: Readonly<Record<string, string>> = {
  litellm_credential_name: 'a credential of credential_list is not read; write api_base and api_key here',
  use_litellm_proxy: 'requests by way of another LiteLLM have no counterpart',
  mock_response: 'an answer without a provider has no counterpart',
};

/**
 * Reads `litellm_params` of an entry. Reports parameters without a counterpart that change neither the called host nor
 * its credential. Throws `NotUnderstood` for everything that would have to be guessed.
 */
export function readDeployment(params: JsonObject, env: Variables, report: Report): Deployment {
  for (const [name, reason] of Object.entries(DECISIVE_PARAMS)) {
    if (params[name] !== undefined && params[name] !== null && params[name] !== false)
      throw new NotUnderstood(name, reason);
  }
  const { prefix, model } = vendorOf(params, env);
  const cloud = CLOUDS.get(prefix)?.(params, env);
  const place = cloud?.provider ?? plainProvider(prefix, params, env);
  const key = textOf(params, 'api_key', env);
  const headers = headersOf(params);
  const hasCredential = key !== undefined || headers !== undefined || cloud?.hasCredential === true;
  reportRest(params, { prefix, cloud, hasCredential, report });
  const timeout = numberOf(params, 'timeout', report);
  return {
    prefix,
    model,
    provider: {
      ...place,
      ...(key !== undefined && { api_key: key }),
      ...(headers !== undefined && { headers }),
      ...(timeout !== undefined && { timeouts: { request_timeout: timeout } }),
    },
    weight: numberOf(params, 'weight', report),
    order: numberOf(params, 'order', report),
  };
}

interface Rest {
  readonly prefix: string;
  readonly cloud: CloudProvider | undefined;
  readonly hasCredential: boolean;
  readonly report: Report;
}

/** Reports what was not read, and a credential that LiteLLM would find elsewhere. */
function reportRest(params: JsonObject, { prefix, cloud, hasCredential, report }: Rest): void {
  for (const name of Object.keys(params)) {
    if (name === 'drop_params') {
      // The default does the same.
      if (params[name] !== true) report(name, 'the model may have translation.unsupported: reject');
      continue;
    }
    if (!KNOWN_PARAMS.has(name) && cloud?.params.includes(name) !== true)
      report(name, 'there is no such setting here');
  }
  if (hasCredential || KEYLESS.has(prefix)) return;
  report(
    'api_key',
    `is not given: LiteLLM would read ${keyVariable(prefix)} itself, here no credential is sent`,
  );
}

function plainProvider(prefix: string, params: JsonObject, env: Variables): JsonObject {
  const base = baseOf(params, prefix, env);
  return {
    api_base: base,
    ...((prefix === 'anthropic' || prefix === 'gemini') && { provider_type: prefix }),
  };
}

function vendorOf(params: JsonObject, env: Variables): { prefix: string; model: string } {
  const full = textOf(params, 'model', env);
  if (full === undefined) throw new NotUnderstood('', 'it has no model_name or no model');
  const given = textOf(params, 'custom_llm_provider', env);
  const slash = full.indexOf('/');
  const head = slash === -1 ? undefined : full.slice(0, slash);
  if (given !== undefined) return { prefix: given, model: head === given ? full.slice(slash + 1) : full };
  if (head !== undefined) return { prefix: head, model: full.slice(slash + 1) };
  if (isOpenAiModel(full)) return { prefix: 'openai', model: full };
  throw new NotUnderstood(
    '',
    `"${full}" does not say whose model it is; write it with a prefix, such as openai/${full}`,
  );
}

function baseOf(params: JsonObject, prefix: string, env: Variables): string {
  const given = textOf(params, 'api_base', env) ?? textOf(params, 'base_url', env);
  const vendors = BASES.get(prefix);
  const base = given === undefined ? undefined : readBaseUrl(given);
  if (base?.kind === 'invalid') throw new NotUnderstood('api_base', base.message);
  if (given !== undefined && (COMPATIBLE.has(prefix) || vendors !== undefined)) return given;
  const variable = baseVariables(prefix).find(env.isSet);
  if (vendors === undefined) {
    throw new NotUnderstood(
      '',
      `providers of the kind "${prefix}" are not OpenAI-compatible, or have no api_base`,
    );
  }
  if (variable === undefined) return vendors;
  throw new NotUnderstood('', `LiteLLM would take its address from ${variable}; write it as api_base`);
}

/** Headers as they are sent. LiteLLM would send the name of a variable literally. */
function headersOf(params: JsonObject): JsonObject | undefined {
  const given = params['extra_headers'];
  if (given === undefined || given === null) return undefined;
  const isText = (value: Json): boolean =>
    typeof value === 'string' && !value.startsWith(VARIABLE) && !value.includes('${');
  if (typeof given !== 'object' || Array.isArray(given) || !Object.values(given).every(isText)) {
    throw new NotUnderstood('extra_headers', 'only headers whose values are plain text are taken over');
  }
  return asObject(given);
}
