import { type Answer, errorAnswer } from '../answer.ts';
import { type ApiError, errorEvent } from '../api-error.ts';
import { type Fault, fault, withItems } from '../fault.ts';
import type { Item, StreamEvent } from '../item.ts';
import { cutAfter } from './stream.ts';

type Reason = readonly [status: number, type: string, message: string];

/** A provider's explanation of a failed stream, by its code. */
const REASONS: Readonly<Record<string, Reason>> = {
  context_length_exceeded: [
    400,
    'invalid_request_error',
    'Your input exceeds the context window of this model. prompt is too long.',
  ],
  invalid_prompt: [400, 'invalid_request_error', 'The prompt is not valid.'],
  rate_limit_exceeded: [429, 'rate_limit_error', 'Rate limit reached. Please try again in 1.5s.'],
  insufficient_quota: [429, 'insufficient_quota', 'You exceeded your current quota.'],
  server_is_overloaded: [503, 'overloaded_error', 'Our servers are currently overloaded.'],
  server_error: [500, 'server_error', 'The server had an error while processing your request.'],
};

/**
 * Streams that report why they fail, in the way of each API: `response.failed`, `event: error`, `data: {"error":…}`.
 */
export const REPORT_FAULTS: readonly Fault[] = Object.keys(REASONS).map((code) =>
  fault({
    name: `failed-${code.replaceAll('_', '-')}`,
    summary: `A stream that fails with ${code} after \`after\` tokens; response.failed in the Responses API.`,
    params: { after: 0 },
    play: (answer, { after }) => failing(answer, errorOf(code, answer), after),
  }),
);

function errorOf(code: string, { dialect }: Answer): ApiError {
  const [status, type, message] = REASONS[code] ?? [500, 'server_error', code];
  // Anthropic has a separate status for it, from which its error type follows.
  const isOverloaded = dialect === 'anthropic' && code === 'server_is_overloaded';
  return { status: isOverloaded ? 529 : status, type, code, message };
}

function failing(answer: Answer, error: ApiError, after: number): Answer {
  if (!answer.isStream) return errorAnswer(error, answer.dialect);
  const last = answer.dialect === 'responses' ? responseFailed(error) : errorEvent(error, answer.dialect);
  return withItems(answer, failed(answer.items, after, last));
}

function* failed(items: Iterable<Item>, after: number, last: StreamEvent): Generator<Item> {
  let sequence = 0;
  for (const item of cutAfter(items, after, { half: false, ending: [] })) {
    if (item.kind === 'event') sequence++;
    yield item;
  }
  yield last.name === 'response.failed' ? numbered(last, sequence) : last;
}

function responseFailed({ code, message }: ApiError): StreamEvent {
  const response = { object: 'response', status: 'failed', error: { code, message }, output: [] };
  const data = JSON.stringify({ type: 'response.failed', sequence_number: 0, response });
  return { kind: 'event', part: 'error', name: 'response.failed', data };
}

function numbered(event: StreamEvent, sequence: number): StreamEvent {
  return { ...event, data: event.data.replace('"sequence_number":0', `"sequence_number":${sequence}`) };
}
