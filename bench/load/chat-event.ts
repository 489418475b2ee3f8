/**
 * One event of a streamed chat answer as the mock sends it. Its text is the time at which it was written, in microseconds and
 * 16 digits, so that the reader knows how long it was under way.
 */
const BEFORE = chunkAround('@');
export const EVENT = `data: ${BEFORE}\n\n`;
/** The text before the time. It is the same however a proxy writes its JSON. */
export const MARK = '"@';
export const DIGITS = 16;

/** The last events of an answer: why it ended, what it used, and the end. */
export const LAST_EVENTS = [
  JSON.stringify({ ...base(), choices: [{ index: 0, delta: {}, logprobs: null, finish_reason: 'stop' }] }),
  JSON.stringify({ ...base(), choices: [], usage: usage() }),
  '[DONE]',
]
  .map((data) => `data: ${data}\n\n`)
  .join('');

/** A whole answer, as to a request without `stream`. */
export const WHOLE = JSON.stringify({
  ...base(),
  object: 'chat.completion',
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: 'Hello! How can I help you today? '.repeat(4) },
      logprobs: null,
      finish_reason: 'stop',
    },
  ],
  usage: usage(),
});

function chunkAround(mark: string): string {
  const delta = { content: `${mark}${'0'.repeat(DIGITS)} ` };
  return JSON.stringify({
    ...base(),
    choices: [{ index: 0, delta, logprobs: null, finish_reason: null }],
  });
}

function base() {
  return {
    id: 'chatcmpl-bench0123456789',
    object: 'chat.completion.chunk',
    created: 1_735_000_000,
    model: 'bench-upstream',
    system_fingerprint: 'fp_bench',
  };
}

function usage() {
  return { prompt_tokens: 20, completion_tokens: 30, total_tokens: 50 };
}
