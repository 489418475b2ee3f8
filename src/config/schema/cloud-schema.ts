import { WEB_SOCKET_APIS } from '../../protocols/web-socket/api.ts';
import { z } from 'zod';
import { flag, optional, secretText, text } from './setting.ts';
import { ownTranslationSchema } from './translation-schema.ts';

/** A word that becomes part of a host name. */
const hostWord = () =>
  z
    .string()
    .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, 'must be lower-case letters, digits and hyphens');

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

/** The fields of a provider that describe its APIs and the credentials of clouds. */
export const cloudFields = {
  apis: optional(z.array(z.enum(APIS)), {
    description:
      'The APIs that the provider serves itself. Requests in these APIs are passed through unchanged; requests in any other are translated. Default: derived from `provider_type` or the host; if neither tells, the gateway tries the API of the client first.',
    examples: [['chat', 'messages']],
  }),
  dialect: optional(z.enum(DIALECTS), {
    description:
      "The variant of OpenAI's Chat API that the server implements, for requests that are translated to it. Default: derived from the host, else `generic`.",
    examples: ['vllm'],
  }),
  api_version: optional(
    z.string().regex(/^[A-Za-z0-9.-]{1,40}$/, 'must be v1 or a date such as 2024-10-21'),
    {
      description:
        'Azure: the date of an older API version, whose URLs contain the deployment and the date. If omitted or `v1`, the current API is used.',
      examples: ['2024-10-21'],
    },
  ),
  region: optional(hostWord(), {
    description:
      'Bedrock: the region of the service, also used to sign requests. Default: derived from the host, else AWS_REGION.',
    examples: ['eu-central-1'],
  }),
  aws: optional(
    z.strictObject({
      access_key_id: secretText().min(1).meta({ description: 'Access key id.', writeOnly: true }),
      secret_access_key: secretText().min(1).meta({ description: 'Secret access key.', writeOnly: true }),
      session_token: optional(secretText(), {
        description: 'Session token of temporary credentials. If omitted, the access key is a long-term one.',
        writeOnly: true,
      }),
    }),
    {
      description:
        'Bedrock: the access key that signs requests. If this and `api_key` are omitted, it is read from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or an API key is read from AWS_BEARER_TOKEN_BEDROCK.',
      writeOnly: true,
    },
  ),
  project: optional(z.string().regex(/^[a-z0-9][a-z0-9.:-]{0,99}$/, 'is not a project id'), {
    description: 'Vertex: the project id. Default: the project of the service account.',
    examples: ['my-project'],
  }),
  location: optional(hostWord(), {
    description: 'Vertex: `global`, `us`, `eu`, or a region. Default: derived from the host, else `global`.',
    examples: ['europe-west1'],
  }),
  service_account: optional(
    z.strictObject({
      file: optional(text(), {
        description:
          'Path of the key file, which is reloaded when it changes. In a database, use `json` instead. If omitted, `json` is used.',
        examples: ['/etc/llm-proxy/service-account.json'],
      }),
      json: optional(text(), {
        description: 'The content of the key file. If omitted, it is read from `file`.',
        writeOnly: true,
      }),
    }),
    { description: 'Vertex: the service account to authenticate as.', writeOnly: true },
  ),
  access_token: optional(secretText(), {
    description:
      'Vertex: an access token. It expires after an hour, so an external process has to renew it. If omitted, the gateway fetches tokens for `service_account`.',
    writeOnly: true,
  }),
  anthropic_beta: optional(
    z.union([z.enum(['pass', 'drop']), z.array(z.string().regex(/^[A-Za-z0-9._-]{1,100}$/))], {
      error: 'must be pass, drop, or a list of names',
    }),
    {
      description:
        "Which betas of a client's `anthropic-beta` header are forwarded. A list names the betas that the provider accepts; a name without a date matches every date. Default: `pass`, but `drop` for Bedrock and Vertex, which refuse unknown betas.",
      examples: [['context-management']],
    },
  ),
  auto_cache: optional(flag(), {
    description:
      'Whether requests that are translated to the Messages API request prompt caching. Cache writes cost more than ordinary input tokens.',
    default: false,
  }),
  websockets: optional(z.array(z.enum(WEB_SOCKET_APIS)), {
    description:
      'The APIs that the provider serves over WebSockets: `realtime` (`/v1/realtime`) and `responses` (`/v1/responses`). If no provider of a model lists the API, clients get status 426 and fall back to HTTP.',
    default: [],
    examples: [['realtime', 'responses']],
  }),
  translation: optional(ownTranslationSchema, {
    description: 'Translation settings for this provider. Each overrides the top-level setting.',
  }),
};
