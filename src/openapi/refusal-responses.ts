import { REFUSALS, type RefusalCode } from '../gateway/refusal-table.ts';
import type { ScopeKind } from '../limits/claim.ts';
import type { Response, Schema } from './types.ts';

const LIMIT_SCHEMA: Schema = {
  description: 'The limit that the request does not fit in; absent on other refusals.',
  type: 'object',
  required: ['scope', 'name', 'id', 'amount', 'used', 'held', 'resets_at'],
  properties: {
    scope: {
      enum: ['global', 'team', 'team_user', 'user', 'key', 'end_user'] satisfies ScopeKind[],
      description: 'Whose requests it counts.',
    },
    name: { type: 'string', description: "The owner's name; empty for the whole gateway." },
    id: { type: 'string', description: 'Such as `cost/month`.' },
    amount: { type: 'number', description: 'Dollars, tokens or requests, here and below.' },
    used: { type: 'number' },
    held: { type: 'number', description: 'For requests under way.' },
    resets_at: { type: ['string', 'null'], description: 'RFC 3339; null: it opens at no certain time.' },
  },
};

/** OpenAI's error object in the gateway's own refusals. */
export const ERROR_SCHEMA: Schema = {
  description:
    'Why the gateway turned a request down, in the shape of OpenAI. Clients of Anthropic and Google get that of their API.',
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['message', 'type', 'param', 'code'],
      properties: {
        message: { type: 'string', description: 'What is wrong, and what to do about it.' },
        type: { enum: [...new Set(Object.values(REFUSALS).map(({ type }) => type))] },
        param: { type: ['string', 'null'], description: 'The field of the body that is to blame.' },
        code: { enum: Object.keys(REFUSALS), description: 'The reason, for programs.' },
        limit: LIMIT_SCHEMA,
      },
    },
  },
};

/** The codes of all refusals, ordered by status. */
export const REFUSAL_CODES = (Object.keys(REFUSALS) as RefusalCode[]).sort(
  (one, other) => REFUSALS[one].status - REFUSALS[other].status,
);

/** The responses for these refusals, by status. */
export function refusalResponses(codes: readonly RefusalCode[]): Record<string, Response> {
  const statuses = [...new Set(codes.map((code) => REFUSALS[code].status))];
  return Object.fromEntries(
    statuses.map((status) => [
      String(status),
      refusalResponse(codes.filter((code) => REFUSALS[code].status === status)),
    ]),
  );
}

function refusalResponse(codes: readonly RefusalCode[]): Response {
  return {
    description: codes.map((code) => `- \`${code}\`: ${REFUSALS[code].message}`).join('\n'),
    content: {
      'application/json': {
        schema: { $ref: '#/components/schemas/GatewayError' },
        examples: Object.fromEntries(codes.map((code) => [code, { value: exampleOf(code) }])),
      },
    },
  };
}

function exampleOf(code: RefusalCode) {
  const { message, type } = REFUSALS[code];
  return { error: { message, type, param: null, code } };
}
