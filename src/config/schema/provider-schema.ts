import { z } from 'zod';
import { cloudFields } from './cloud-schema.ts';
import { DEFAULTS } from './defaults.ts';
import { flag, nameText, optional, seconds, secretText, text } from './setting.ts';

/** Timeouts. At the top level they apply to every provider, within a provider to that one. */
export const providerTimeoutsSchema = z.strictObject({
  connect_timeout: optional(seconds(), {
    description: 'Connect timeout in seconds. 0: no limit.',
    default: DEFAULTS.connectTimeoutSeconds,
  }),
  first_byte_timeout: optional(seconds(), {
    description:
      'Seconds until the answer must begin, and for which a stream may be silent before its first content. Every event and comment from the provider restarts the limit; the response headers do not. 0: no limit.',
    default: DEFAULTS.firstByteTimeoutSeconds,
  }),
  answer_timeout: optional(seconds(), {
    description:
      'Seconds until the answer to a request without `stream` must begin, where one is generated: chat, completions, responses, messages, images, audio and Gemini. A model may think for minutes before it sends the whole answer. Default: the value of `first_byte_timeout` if that is not the default. 0: no limit.',
    default: DEFAULTS.answerTimeoutSeconds,
  }),
  thinking_timeout: optional(seconds(), {
    description:
      'Seconds for which a stream may show signs of life but no content, counted from its first event or comment: the model is thinking. 0: no limit.',
    default: DEFAULTS.thinkingTimeoutSeconds,
  }),
  commit_after: optional(seconds(), {
    description:
      'Seconds for which a stream without content is held back from the client, counted from its first event or comment. After that time, or once the model is thinking, the stream is committed to its route and passed on. 0: streams are held back until their first content.',
    default: DEFAULTS.commitAfterSeconds,
  }),
  idle_timeout: optional(seconds(), {
    description: 'Longest pause in seconds between two pieces of an answer. 0: no limit.',
    default: DEFAULTS.idleTimeoutSeconds,
  }),
  request_timeout: optional(seconds(), {
    description:
      'Total time in seconds. At the top level: for a request with all its attempts, including streams. On a provider: for one attempt. 0: no limit.',
    default: 0,
  }),
});

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** An upstream account, as an entry of `providers` or `backends`. Both lists accept both notations. */
export const providerSchema = z.strictObject({
  name: nameText().meta({
    description: 'The unique name of the provider in routes, metrics and logs.',
    examples: ['openai'],
  }),
  api_base: optional(text(), {
    description:
      'Base URL, http or https, such as https://api.openai.com/v1. A trailing `/v1` is not repeated with the `/v1` of a request. Optional for anthropic, gemini, vertex and bedrock.',
    examples: ['https://api.openai.com/v1'],
  }),
  url: optional(text(), {
    description: 'Synonym for `api_base`. Set one of the two.',
    examples: ['https://api.openai.com/v1'],
  }),
  api_key: optional(secretText(), {
    description: 'The credential for the provider. If omitted or empty, none is sent.',
    examples: ['${OPENAI_API_KEY}'],
    writeOnly: true,
  }),
  enabled: optional(flag(), {
    description: 'false disables the provider, as if it were not in the file.',
    default: true,
  }),
  weight: optional(z.number().min(0).max(1_000_000), {
    description:
      'Share of requests among providers of one priority; may be fractional. 0: only if no other provider is left.',
    default: DEFAULTS.weight,
  }),
  model_mapping: optional(z.record(nameText(), nameText()), {
    description:
      "Models that this provider serves: the client's name to the provider's. `*` in a name matches any text. The longest matching pattern wins, and `*` alone matches all other names. `*` in the provider's name is replaced by the whole name that the client sent.",
    default: {},
    examples: [{ 'gpt-4': 'gpt-4-turbo', 'deepseek-*': '*' }],
  }),
  provider_type: optional(nameText(), {
    description:
      'The kind of API that the provider has. It determines the protocol and how the key is sent. Use `openai` for every API compatible with OpenAI, `openai-responses` for providers with only the Responses API, `azure`, `anthropic`, `gemini`, `vertex` or `bedrock`. Default: derived from the host, else `openai`.',
    examples: ['openai', 'anthropic', 'azure', 'gemini', 'vertex', 'bedrock'],
  }),
  path_version: optional(z.enum(['add', 'as_sent']), {
    description:
      "`add`: the API's root is the version in `api_base`, or `/v1` behind it; a request's `/v1` refers to that root and may be omitted. `as_sent`: a request's path is appended to `api_base` unchanged, for paths without a version, such as `/tokenize`.",
    default: DEFAULTS.pathVersion,
  }),
  headers: optional(
    z.record(
      z.string().regex(HEADER_NAME, 'is not a name that an HTTP header can have'),
      z.string().regex(/^[\t\x20-\x7e\x80-\uffff]*$/, 'must not contain line breaks or control characters'),
    ),
    {
      description: 'Headers to add to every request to this provider. They replace headers of the same name.',
      default: {},
      examples: [{ 'OpenAI-Organization': 'org-example' }],
      writeOnly: true,
    },
  ),
  timeouts: optional(providerTimeoutsSchema, {
    description: 'Timeouts of this provider. Each overrides the one at the top level.',
  }),
  verify_ssl: optional(flag(), {
    description: "Whether the provider's certificate is checked. false is for tests only.",
    default: true,
  }),
  ca_file: optional(text(), {
    description: "A PEM file of certificate authorities to trust for this provider. Default: the system's.",
    examples: ['/etc/ssl/private-ca.pem'],
  }),
  proxy: optional(text(), {
    description:
      'URL of an HTTP proxy for this provider. If omitted, the environment variables HTTPS_PROXY and NO_PROXY apply.',
    examples: ['http://127.0.0.1:3128'],
    writeOnly: true,
  }),
  price_provider: optional(nameText(), {
    description:
      'The catalogue provider whose prices apply. Default: the provider whose address matches `api_base`, else the provider of the same name.',
    examples: ['azure'],
  }),
  discount_percent: optional(z.number().min(0).max(100), {
    description: 'Discount on every price of this provider, in percent.',
    default: 0,
  }),
  free: optional(flag(), {
    description: 'Whether the provider is free of charge, such as a server of your own.',
    default: false,
  }),
  trust_provider_cost: optional(z.enum(['off', 'record']), {
    description:
      "`record`: the cost that the provider itself reports, such as OpenRouter's `usage.cost`, is stored in the records of requests next to the cost that the gateway computes. The computed cost is charged.",
    default: 'off',
  }),
  forward_client_auth: optional(flag(), {
    description:
      "Whether the client's own credential goes to this provider, if the provider has no `api_key` and the credential is not a master key of the gateway.",
    default: false,
  }),
  stream_usage: optional(z.enum(['include', 'passthrough']), {
    description:
      "`include`: requests token usage for streams even if the client did not. `passthrough`: leaves the request as it is. Default: the top level's `stream_usage`.",
    default: 'include',
  }),
  ...cloudFields,
});
