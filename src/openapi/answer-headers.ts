import type { Header, Reference } from './types.ts';

const text = { type: 'string' } as const;
const count = { type: 'integer', minimum: 0 } as const;

/** The headers that the gateway adds to responses, by lower-case name. A test compares them with real responses. */
export const ANSWER_HEADERS = {
  'x-llm-proxy-request-id': {
    description: 'What the log calls the request.',
    schema: text,
  },
  'x-request-id': {
    description: "The provider's id of the request, or ours; `request-id` for clients of Anthropic.",
    schema: text,
  },
  'x-llm-proxy-provider': { description: 'The provider that answered.', schema: text },
  'x-llm-proxy-model': {
    description:
      'The model under which it answered: the one that was asked for, or a fallback. Missing where a request names no model.',
    schema: text,
  },
  'x-llm-proxy-attempts': { description: 'How many attempts it took.', schema: count },
  'x-llm-proxy-trail': {
    description: 'The attempts in order, and how each ended.',
    schema: text,
  },
  'x-llm-proxy-cost': {
    description: 'What the request cost in US dollars; for answers in one piece whose price is known.',
    schema: { type: 'number', minimum: 0 },
  },
  'x-llm-proxy-cache': {
    description: 'What the response cache did; for requests for which one is configured.',
    schema: { type: 'string', enum: ['hit', 'joined', 'miss', 'bypass'] },
  },
  'x-llm-proxy-translation': {
    description:
      'The APIs of client and provider and what the translation changed, such as `messages>openai-chat; dropped=top_k`; for requests that were translated.',
    schema: text,
  },
  'x-llm-proxy-estimated': {
    description: '`true` where the gateway itself counted the tokens that were asked for.',
    schema: { type: 'string', enum: ['true'] },
  },
  'server-timing': {
    description: '`gateway;dur=`: the milliseconds that the gateway itself took.',
    schema: text,
  },
  'x-ratelimit-limit-requests': {
    description: 'The most requests that may come at once; for keys with a limit.',
    schema: count,
  },
  'x-ratelimit-remaining-requests': { description: 'How many may come now.', schema: count },
  'x-ratelimit-reset-requests': {
    description: 'Until all of them may come again, such as `1.5s`.',
    schema: text,
  },
} as const satisfies Record<string, Header>;

/** References to all of them. */
export const ANSWER_HEADER_REFERENCES: Readonly<Record<string, Reference>> = Object.fromEntries(
  Object.keys(ANSWER_HEADERS).map((name) => [name, { $ref: `#/components/headers/${name}` }]),
);
