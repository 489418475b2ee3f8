import { z } from 'zod';
import { DEFAULTS } from './defaults.ts';
import { nameText, optional } from './setting.ts';

/** How requests are put into another API, for everything. */
export const translationSchema = schemaOf({
  unsupported: DEFAULTS.unsupported,
  signature_ids: true,
  fetch_media: false,
  max_media_mb: DEFAULTS.maxMediaMb,
});

/** The same for one provider or one model. */
export const ownTranslationSchema = schemaOf({});

/** `defaults`: what holds where nothing is said. */
function schemaOf(defaults: Readonly<Record<string, unknown>>) {
  return z.strictObject({
    unsupported: optional(z.enum(['drop', 'warn', 'reject']), {
      description:
        "What becomes of what the provider's API can't express. `warn`: settings such as `seed` are left out and reported, and a route that would change the meaning is passed over. `drop`: everything is left out. `reject`: only an exact translation is sent. Left out on a model: as its provider says; on a provider: as the top level does.",
      ...defaultOf(defaults, 'unsupported'),
    }),
    signature_ids: optional(z.boolean(), {
      description:
        "Whether Gemini's thought signatures travel in the ids of tool calls, so that clients of the Chat API bring them back. Left out below the top level: as there.",
      ...defaultOf(defaults, 'signature_ids'),
    }),
    fetch_media: optional(z.boolean(), {
      description:
        'Whether the gateway fetches images and files that a request names by URL, for providers that take only their bytes: 16 files and 64 MB a request at most, and only from public addresses. Left out below the top level: as there.',
      ...defaultOf(defaults, 'fetch_media'),
    }),
    max_media_mb: optional(z.number().positive().max(100), {
      description: 'The largest of them in MiB. Left out below the top level: as there.',
      ...defaultOf(defaults, 'max_media_mb'),
    }),
  });
}

/** A setting of one provider or model has no default of its own. */
function defaultOf(
  defaults: Readonly<Record<string, unknown>>,
  name: string,
): { readonly default?: unknown } {
  return name in defaults ? { default: defaults[name] } : {};
}

/** The fields of a route that steer translation. */
export const routeTranslationFields = {
  api: optional(z.enum(['chat', 'responses', 'messages', 'gemini', 'converse']), {
    description:
      "The provider's API that requests in another one are translated to. Left out: as the provider and the model suggest.",
    examples: ['responses'],
  }),
  max_output_tokens: optional(z.int().min(1).max(10_000_000), {
    description:
      'The most tokens that the model puts out. A translated request asks for no more, and for so many where the API demands a limit and the client gave none. Left out: as its name says.',
    examples: [32_000],
  }),
  efforts: optional(z.array(nameText()), {
    description:
      'The efforts of reasoning that the model takes by name. An empty list says that it does not reason. Left out: as its name says.',
    examples: [['low', 'medium', 'high', 'xhigh']],
  }),
  claude: optional(
    z.strictObject({
      sampling: optional(z.enum(['all', 'one', 'none']), {
        description: '`one`: temperature or top_p, not both. `none`: neither. Left out: as its name says.',
      }),
      thinking: optional(z.enum(['adaptive', 'budget', 'none']), {
        description: 'How thinking is asked for. Left out: as its name says.',
      }),
      forced_tools: optional(z.boolean(), {
        description: 'Whether it takes a forced choice of a tool. Left out: as its name says.',
      }),
      mid_system: optional(z.boolean(), {
        description: 'Whether it takes messages of role system among the others. Left out: as its name says.',
      }),
      json: optional(z.boolean(), {
        description: 'Whether it takes a JSON schema for its answer. Left out: as its name says.',
      }),
    }),
    { description: 'What a Claude model takes, where its name does not tell. Left out: as its name says.' },
  ),
};
