import { errorBody, type ErrorShape, type LimitFacts } from '../protocols/error-body.ts';
import { type RefusalCode, type RefusalEntry, REFUSALS } from './refusal-table.ts';

/** A request refused for a reason in the table. Any other exception is a bug. */
export class Refusal extends Error {
  readonly code: RefusalCode;
  readonly status: number;
  readonly param: string | null;
  readonly headers: Readonly<Record<string, string>>;
  /** The limit that refuses the request. */
  readonly limit: LimitFacts | undefined;

  constructor(code: RefusalCode, values: Readonly<Record<string, string>> = {}, extra: RefusalExtra = {}) {
    super(fill(REFUSALS[code].message, values));
    this.name = 'Refusal';
    this.code = code;
    this.status = extra.status ?? REFUSALS[code].status;
    this.param = extra.param ?? null;
    this.limit = extra.limit;
    const entry: RefusalEntry = REFUSALS[code];
    this.headers = entry.isFinal ? { ...extra.headers, ...NO_RETRY } : (extra.headers ?? {});
  }

  /** Returns the error body in the shape of the client's API. */
  body(shape: ErrorShape = 'openai', requestId = ''): string {
    const { message, status, code, param, limit } = this;
    return errorBody(shape, { message, status, code, param, type: REFUSALS[code].type, requestId, limit });
  }
}

/** Tells the SDKs of OpenAI and Anthropic not to retry, whatever the status. */
export const NO_RETRY = { 'x-should-retry': 'false' } as const;

export interface RefusalExtra {
  /** The path in the body of the parameter at fault. */
  readonly param?: string | undefined;
  /** Replaces the status of the table. */
  readonly status?: number;
  readonly limit?: LimitFacts;
  /** Response header fields by lower-case name. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Maximum length of a client's string quoted in a message. */
const LONGEST_VALUE = 200;

function fill(message: string, values: Readonly<Record<string, string>>): string {
  return message.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name] ?? '';
    return value.length > LONGEST_VALUE ? `${value.slice(0, LONGEST_VALUE)}…` : value;
  });
}
