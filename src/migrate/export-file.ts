import { buildFile } from '../store/revision-file.ts';
import type { Json, JsonObject, Revision } from '../store/revision.ts';
import { hashedKeyText, storedKey } from '../store/stored-key.ts';

/**
 * A revision as the configuration file that it could have come from. Master keys are there by their hashes. Without
 * secrets, each is a variable of the environment instead, whose name says what it is for.
 */
export function exportFile(
  revision: Revision,
  { withSecrets }: { readonly withSecrets: boolean },
): JsonObject {
  const { providers, master_keys: _, models, ...settings } = buildFile(revision);
  const keys = [...revision.resources.master_keys.values()].map(({ fields }) => {
    const { hash: _, preview: __, previous: ___, is_enabled: enabled, ...rest } = fields;
    return { ...rest, key: hashedKeyText(storedKey(fields)), ...(enabled !== undefined && { enabled }) };
  });
  const list = asList(providers).map((provider) => (withSecrets ? provider : withVariables(provider)));
  const { metrics } = settings;
  return {
    ...(escaped(settings) as JsonObject),
    ...(!withSecrets && isObject(metrics) && { metrics: hidden(metrics, 'token', 'METRICS_TOKEN') }),
    ...(keys.length > 0 && { master_keys: escaped(keys) }),
    ...(list.length > 0 && { providers: withSecrets ? escaped(list) : list }),
    ...(isObject(models) && Object.keys(models).length > 0 && { models: escaped(models) }),
  };
}

function withVariables(provider: JsonObject): JsonObject {
  const name = variableName(provider['name']);
  const { api_key: key, proxy, headers, ...rest } = provider;
  return {
    ...(escaped(rest) as JsonObject),
    ...(key !== undefined && { api_key: variable(`${name}_API_KEY`) }),
    ...(proxy !== undefined && { proxy: variable(`${name}_PROXY`) }),
    ...(isObject(headers) && {
      headers: Object.fromEntries(
        Object.keys(headers).map((header) => [header, variable(`${name}_${variableName(header)}`)]),
      ),
    }),
  };
}

function hidden(section: JsonObject, field: string, name: string): JsonObject {
  return section[field] === undefined ? section : { ...section, [field]: variable(name) };
}

/** A name in the letters that variables may have. */
function variableName(name: Json | undefined): string {
  return typeof name === 'string' ? name.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_') : '';
}

function variable(name: string): string {
  return `\${${name}}`;
}

/** In a file `${` begins a variable; in the database it is just text. */
function escaped(value: Json): Json {
  if (typeof value === 'string') return value.replaceAll('${', () => '$${');
  if (Array.isArray(value)) return value.map(escaped);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, escaped(inner)]));
}

function asList(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? (value as readonly JsonObject[]) : [];
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
