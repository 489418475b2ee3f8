import { REFUSALS, type RefusalCode } from '../gateway/refusal-table.ts';
import type { Response, Schema } from './types.ts';

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
