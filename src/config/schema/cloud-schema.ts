import { WEB_SOCKET_APIS } from '../../protocols/web-socket/api.ts';
import { z } from 'zod';
import { optional, secretText } from './setting.ts';
import { ownTranslationSchema } from './translation-schema.ts';

/** A word that becomes a part of a host's name. */
const hostWord = () =>
  z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, 'must be small letters, digits and hyphens');

const APIS = ['chat', 'completions', 'responses', 'messages', 'gemini', 'converse', 'embeddings'] as const;

const DIALECTS = [
  'openai',
  'azure',
  'deepseek',
  'mistral',
  'groq',
  'openrouter',
  'vllm',
  'ollama',
  'generic',
] as const;

/** The fields of a provider that say what it speaks, and what the clouds need. */
export const cloudFields = {
  apis: optional(z.array(z.enum(APIS)), {
    description:
      'The APIs that the provider speaks itself: requests in them pass untouched, those in any other are translated. Left out: as `provider_type` or the host says; where neither does, the API of the client is tried first.',
    examples: [['chat', 'messages']],
  }),
  dialect: optional(z.enum(DIALECTS), {
    description:
      "How a server of OpenAI's Chat API differs from OpenAI's own, for requests that are translated to it. Left out: by its host, else `generic`.",
    examples: ['vllm'],
  }),
  api_version: optional(
    z.string().regex(/^[A-Za-z0-9.-]{1,40}$/, 'must be v1 or a date such as 2024-10-21'),
    {
      description:
        'Azure: the date of an older API, which puts deployment and date into every URL. Left out, as `v1`: the current API.',
      examples: ['2024-10-21'],
    },
  ),
  region: optional(hostWord(), {
    description:
      'Bedrock: the region of the service, for which requests are signed too. Left out: as the host says, else AWS_REGION.',
    examples: ['eu-central-1'],
  }),
  aws: optional(
    z.strictObject({
      access_key_id: secretText().min(1).meta({ description: 'Id of the access key.', writeOnly: true }),
      secret_access_key: secretText().min(1).meta({ description: 'The access key.', writeOnly: true }),
      session_token: optional(secretText(), {
        description: 'Of temporary credentials. Left out: the access key is no temporary one.',
        writeOnly: true,
      }),
    }),
    {
      description:
        'Bedrock: the access key that requests are signed with. Left out, as `api_key`: that of AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or the key in AWS_BEARER_TOKEN_BEDROCK.',
      writeOnly: true,
    },
  ),
  project: optional(z.string().regex(/^[a-z0-9][a-z0-9.:-]{0,99}$/, 'is not the id of a project'), {
    description: "Vertex: id of the project. Left out: the service account's.",
    examples: ['my-project'],
  }),
  location: optional(hostWord(), {
    description: 'Vertex: `global`, `us`, `eu`, or a region. Left out: as the host says, else `global`.',
    examples: ['europe-west1'],
  }),
  service_account: optional(
    z.strictObject({
      file: optional(z.string().min(1), {
        description:
          'Its key file. Read again when it changes. In a database, use `json` instead. Left out: `json` has it.',
        examples: ['/etc/llm-proxy/service-account.json'],
      }),
      json: optional(z.string().min(1), {
        description: 'What is in its key file. Left out: `file` names it.',
        writeOnly: true,
      }),
    }),
    { description: 'Vertex: the service account that calls it.', writeOnly: true },
  ),
  access_token: optional(secretText(), {
    description:
      'Vertex: an access token that something else renews; it lasts an hour. Left out: one is fetched for `service_account`.',
    writeOnly: true,
  }),
  anthropic_beta: optional(
    z.union([z.enum(['pass', 'drop']), z.array(z.string().regex(/^[A-Za-z0-9._-]{1,100}$/))], {
      error: 'must be pass, drop, or a list of names',
    }),
    {
      description:
        "What of a client's `anthropic-beta` the provider sees; a list names what it takes, without the date for every date. Left out: `pass`, and `drop` for Bedrock and Vertex, which refuse what they do not know.",
      examples: [['context-management']],
    },
  ),
  auto_cache: optional(z.boolean(), {
    description:
      'Whether requests that are translated to the Messages API ask for prompt caching. A cache write costs more than a plain token.',
    default: false,
  }),
  websockets: optional(z.array(z.enum(WEB_SOCKET_APIS)), {
    description:
      'The APIs that the provider serves over WebSockets: `realtime` (`/v1/realtime`) and `responses` (`/v1/responses`). Where no provider of a model lists the API, a client gets 426 and uses HTTP.',
    default: [],
    examples: [['realtime', 'responses']],
  }),
  translation: optional(ownTranslationSchema, {
    description:
      'How requests are translated for this provider, each in place of the setting at the top level.',
  }),
};
