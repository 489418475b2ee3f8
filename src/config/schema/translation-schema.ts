import { z } from 'zod';
import { DEFAULTS } from './defaults.ts';
import { flag, nameText, optional } from './setting.ts';

/** The top-level settings for translating requests into another API. */
export const translationSchema = schemaOf({
  unsupported: DEFAULTS.unsupported,
  signature_ids: true,
  fetch_media: false,
  max_media_mb: DEFAULTS.maxMediaMb,
});

/** The same settings for one provider or model. */
export const ownTranslationSchema = schemaOf({});

/** `defaults` apply to settings that are left out. */
function schemaOf(defaults: Readonly<Record<string, unknown>>) {
  return z.strictObject({
    unsupported: optional(z.enum(['drop', 'warn', 'reject']), {
      description:
        "How to treat parts of a request that the provider's API cannot express. `warn`: settings such as `seed` are removed and reported, and a route that would change the meaning is skipped. `drop`: everything unsupported is removed. `reject`: only exact translations are sent. Default on a model: the provider's setting. Default on a provider: the top level's setting.",
      ...defaultOf(defaults, 'unsupported'),
    }),
    signature_ids: optional(flag(), {
      description:
        "Whether Gemini's thought signatures are embedded in the ids of tool calls, so that clients of the Chat API return them. Default on a provider or model: the more general setting.",
      ...defaultOf(defaults, 'signature_ids'),
    }),
    fetch_media: optional(flag(), {
      description:
        'Whether the gateway downloads images and files that a request references by URL, for providers that accept only their bytes. At most 16 files and 64 MB per request, and only from public addresses. Default on a provider or model: the more general setting.',
      ...defaultOf(defaults, 'fetch_media'),
    }),
    max_media_mb: optional(z.number().positive().max(100), {
      description:
        'Maximum size of such a download in MiB. Default on a provider or model: the more general setting.',
      ...defaultOf(defaults, 'max_media_mb'),
    }),
  });
}

/** Settings of a single provider or model have no default. */
function defaultOf(
  defaults: Readonly<Record<string, unknown>>,
  name: string,
): { readonly default?: unknown } {
  return name in defaults ? { default: defaults[name] } : {};
}

/** The fields of a route that control translation. */
export const routeTranslationFields = {
  api: optional(z.enum(['chat', 'responses', 'messages', 'gemini', 'converse']), {
    description:
      'The API into which requests in another API are translated. Default: chosen by provider and model.',
    examples: ['responses'],
  }),
  max_output_tokens: optional(z.int().min(1).max(10_000_000), {
    description:
      "The model's maximum number of output tokens. Translated requests are capped to it, and use it if the API requires a limit and the client sets none. Default: derived from the model's name.",
    examples: [32_000],
  }),
  efforts: optional(z.array(nameText()), {
    description:
      "The named reasoning efforts that the model accepts. An empty list means that it does not reason. Default: derived from the model's name.",
    examples: [['low', 'medium', 'high', 'xhigh']],
  }),
  claude: optional(
    z.strictObject({
      sampling: optional(z.enum(['all', 'one', 'none']), {
        description:
          '`one`: temperature or top_p, not both. `none`: neither. Default: derived from the name of the model.',
      }),
      thinking: optional(z.enum(['adaptive', 'budget', 'none']), {
        description: "How to request thinking. Default: derived from the model's name.",
      }),
      forced_tools: optional(flag(), {
        description:
          "Whether the model accepts a forced tool choice. Default: derived from the model's name.",
      }),
      mid_system: optional(flag(), {
        description:
          "Whether the model accepts system messages between the others. Default: derived from the model's name.",
      }),
      json: optional(flag(), {
        description:
          "Whether the model accepts a JSON schema for its answer. Default: derived from the model's name.",
      }),
    }),
    {
      description:
        "Capabilities of a Claude model. Set them if the model's name does not determine them. Default: derived from the model's name.",
    },
  ),
};
