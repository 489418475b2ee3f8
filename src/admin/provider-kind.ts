import { z } from 'zod';
import { previewKey } from '../config/compile/compile-access.ts';
import { DEFAULTS } from '../config/schema/defaults.ts';
import { providerSchema } from '../config/schema/provider-schema.ts';
import { nameText, optional, secretText } from '../config/schema/setting.ts';
import type { Json, JsonObject } from '../store/revision.ts';
import { findUnsentCredentials } from './credential-again.ts';
import { DATES, ENABLED, ID, WARNINGS } from './fields.ts';
import { AdminProblem, listed } from './problem.ts';
import { asText, dates, merged, type ResourceKind, withoutNulls } from './resource-kind.ts';

const fields = providerSchema.omit({ name: true, url: true, enabled: true }).extend({
  // The configuration file's example has a variable, which is not expanded here.
  api_key: optional(secretText(), {
    description:
      'The credential for the provider. If omitted or empty, none is sent. The credential and `headers` have to be sent again when a write sets an `api_base` of another host, a `proxy`, a `ca_file` or `verify_ssl: false`.',
    examples: ['sk-your-key'],
    writeOnly: true,
  }),
  is_enabled: ENABLED,
});

/** Providers in the Admin API: as in the configuration file, with `id` for the name and `is_enabled` for `enabled`. */
export const providerKind: ResourceKind = {
  kind: 'providers',
  createSchema: fields.extend({ id: ID }).meta({ id: 'ProviderCreate' }),
  updateSchema: fields.meta({ id: 'ProviderUpdate' }),
  examples: {
    create: { id: 'openai', api_base: 'https://api.openai.com/v1', api_key: 'sk-your-key' },
    update: { weight: 2 },
  },
  viewSchema: fields
    .omit({
      api_key: true,
      headers: true,
      proxy: true,
      aws: true,
      service_account: true,
      access_token: true,
    })
    .extend({
      id: nameText(),
      api_key_preview: z
        .string()
        .nullable()
        .meta({ description: 'Enough of the credential to recognise it; null: there is none.' }),
      credential_kind: z
        .enum(['api_key', 'aws', 'service_account', 'access_token'])
        .nullable()
        .meta({ description: 'The kind of credential that is set; null: none.' }),
      header_names: z
        .array(z.string())
        .meta({ description: 'The headers that are set; their values are secret.' }),
      proxy_host: z.string().nullable().meta({ description: 'Host and port of the proxy.' }),
      ...DATES,
      ...WARNINGS,
    })
    .meta({ id: 'Provider' }),
  create: ({ id, ...input }) => ({ id: asText(id), fields: withoutNulls(input), shown: {} }),
  update(before, input) {
    const details = findUnsentCredentials(before, input);
    if (details.length > 0)
      throw new AdminProblem('invalid_fields', listed('The change was refused', details), { details });
    return merged(before, input);
  },
  view: (resource) => ({ ...visible(resource.id, resource.fields), ...dates(resource) }),
  findConflict: () => undefined,
};

function visible(id: string, fields: JsonObject): JsonObject {
  const {
    api_key: key,
    headers,
    proxy,
    aws,
    service_account: account,
    access_token: token,
    ...rest
  } = fields;
  return {
    id,
    provider_type: DEFAULTS.providerType,
    weight: DEFAULTS.weight,
    model_mapping: {},
    is_enabled: true,
    ...rest,
    api_key_preview: typeof key === 'string' && key !== '' ? previewKey(key) : null,
    credential_kind: kindOfCredential({ key, aws, account, token }),
    header_names: Object.keys(headers ?? {}),
    proxy_host: typeof proxy === 'string' ? (URL.parse(proxy)?.host ?? null) : null,
  };
}

function kindOfCredential(
  set: Readonly<Record<'key' | 'aws' | 'account' | 'token', Json | undefined>>,
): Json {
  if (set.key) return 'api_key';
  if (set.aws) return 'aws';
  if (set.account) return 'service_account';
  return set.token ? 'access_token' : null;
}
