import type { StreamPosition } from '../protocol.ts';
import type { ErrorKind, ReportedError } from '../reported-error.ts';

/**
 * Returns a Responses stream that failed before it began (`response.created`, then `response.failed`); undefined if
 * clients do not recognise this kind of error in that form.
 */
export function failedResponseStream(error: ReportedError): string | undefined {
  const code = CODES[error.kind];
  if (code === undefined) return undefined;
  const created = responseEvent('response.created', 0, responseObject('in_progress', START, null));
  return created + failedResponseEvent({ code, message: messageWithWait(error) }, START);
}

const START: StreamPosition = { nextSequenceNumber: 1, responseId: undefined, model: undefined };

/** Returns the event that ends a failed Responses stream. */
export function failedResponseEvent(
  error: { readonly message: string; readonly code: string },
  at: StreamPosition,
): string {
  const failure = { code: error.code, message: error.message };
  return responseEvent('response.failed', at.nextSequenceNumber, responseObject('failed', at, failure));
}

/**
 * Error kinds that Codex recognises only by their code in `response.failed`. It retries an HTTP status up to thirty
 * times instead.
 */
const CODES: Readonly<Partial<Record<ErrorKind, string>>> = {
  'context-length': 'context_length_exceeded',
  quota: 'insufficient_quota',
  billing: 'insufficient_quota',
  'rate-limit': 'rate_limit_exceeded',
  overloaded: 'server_is_overloaded',
};

function messageWithWait({ kind, message, retryAfterMs }: ReportedError): string {
  if (kind !== 'rate-limit' || retryAfterMs === undefined || /try again in/i.test(message)) return message;
  return `${message} Please try again in ${retryAfterMs / 1000}s.`;
}

function responseEvent(type: string, sequenceNumber: number, response: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequenceNumber, response })}\n\n`;
}

function responseObject(status: string, { responseId, model }: StreamPosition, error: unknown): object {
  return {
    id: responseId ?? 'resp_failed',
    object: 'response',
    created_at: 0,
    status,
    background: false,
    error,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: null,
    metadata: {},
    model: model ?? '',
    output: [],
    parallel_tool_calls: true,
    previous_response_id: null,
    temperature: null,
    tool_choice: 'auto',
    tools: [],
    top_p: null,
    usage: null,
  };
}
