import type { Call } from '../call.ts';
import { type Json, type JsonObject, listOf, objectOf, stringOf } from '../json.ts';
import { openAiNumbers, reasons, SHARED_FIELDS } from './openai-fields.ts';
import { checking, openAiWords } from './refuse.ts';
import {
  anyObject,
  between,
  byField,
  flag,
  integer,
  list,
  Misfit,
  nullable,
  number,
  object,
  oneOf,
  type Path,
  pattern,
  text,
  textOr,
} from './shape.ts';

const NAME = pattern(/^[\w-]{1,64}$/);
const TEXT_PART = object({ type: text, text }, { prompt_cache_breakpoint: anyObject });
const TEXTS = list(byField('type', { text: TEXT_PART }), 1);
const PARTS = list(
  byField('type', {
    text: TEXT_PART,
    image_url: object({
      type: text,
      image_url: object({ url: text }, { detail: oneOf('auto', 'low', 'high', 'original') }),
    }),
    input_audio: object({ type: text, input_audio: object({ data: text, format: oneOf('wav', 'mp3') }) }),
    file: object({ type: text, file: object({}, { file_data: text, file_id: text, filename: text }) }),
  }),
  1,
);
const ASSISTANT_PARTS = list(
  byField('type', { text: TEXT_PART, refusal: object({ type: text, refusal: text }) }),
  1,
);
/** OpenAI accepts call ids of up to 40 characters. */
const CALL_ID = pattern(/^.{1,40}$/s);
const CALL = byField('type', {
  function: object({ id: CALL_ID, type: text, function: object({ name: NAME, arguments: text }) }),
  custom: object({ id: CALL_ID, type: text, custom: object({ name: NAME, input: text }) }),
});
const SYSTEM = object({ role: text, content: textOr(TEXTS) }, { name: text });
const MESSAGE = byField('role', {
  system: SYSTEM,
  developer: SYSTEM,
  user: object({ role: text, content: textOr(PARTS) }, { name: text }),
  assistant: object(
    { role: text },
    {
      content: nullable(textOr(ASSISTANT_PARTS)),
      refusal: nullable(text),
      name: text,
      audio: nullable(anyObject),
      annotations: list(anyObject),
      tool_calls: list(CALL, 1),
      function_call: nullable(object({ name: NAME, arguments: text })),
    },
  ),
  // LangChain sends the tool's name. OpenAI accepts it, although no type declares it.
  tool: object({ role: text, tool_call_id: CALL_ID, content: textOr(TEXTS) }, { name: text }),
  function: object({ role: text, name: NAME, content: nullable(text) }),
});
const FUNCTION = object({ name: NAME }, { description: text, parameters: anyObject, strict: nullable(flag) });
const TOOL = byField('type', {
  function: object({ type: text, function: FUNCTION }),
  custom: object({ type: text, custom: object({ name: NAME }, { description: text, format: anyObject }) }),
});
const REQUEST = object(
  { model: text, messages: list(MESSAGE, 1) },
  {
    ...SHARED_FIELDS,
    audio: nullable(anyObject),
    frequency_penalty: nullable(between(-2, 2)),
    function_call: textOr(object({ name: NAME })),
    functions: list(FUNCTION, 1),
    logit_bias: nullable(anyObject),
    logprobs: nullable(flag),
    max_completion_tokens: nullable(integer),
    max_tokens: nullable(integer),
    modalities: nullable(list(oneOf('text', 'audio'))),
    n: nullable(between(1, 128)),
    prediction: nullable(anyObject),
    presence_penalty: nullable(between(-2, 2)),
    reasoning_effort: nullable(oneOf('none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max')),
    response_format: byField('type', {
      text: object({ type: text }),
      json_object: object({ type: text }),
      json_schema: object({
        type: text,
        json_schema: object({ name: NAME }, { description: text, schema: anyObject, strict: nullable(flag) }),
      }),
    }),
    seed: nullable(number),
    stop: nullable(textOr(list(text, 1))),
    stream: nullable(flag),
    stream_options: nullable(object({}, { include_usage: flag, include_obfuscation: flag })),
    tool_choice: textOr(anyObject),
    tools: list(TOOL),
    verbosity: nullable(oneOf('low', 'medium', 'high')),
    web_search_options: anyObject,
  },
);

/** Refuses what OpenAI refuses in a chat completion request. */
export const checkChat = checking(openAiWords, (call: Call) => {
  const { body } = call;
  REQUEST(body, []);
  openAiNumbers(body);
  if (listOf(body['stop']).length > 4) throw new Misfit('rule', ['stop'], 'at most 4 are allowed.');
  if (body['stream_options'] !== undefined && body['stream'] !== true)
    throw new Misfit('rule', ['stream_options'], "only allowed when 'stream' is enabled.");
  if (body['tools'] === undefined) {
    for (const field of ['tool_choice', 'parallel_tool_calls'])
      if (body[field] !== undefined)
        throw new Misfit('rule', [field], "only allowed when 'tools' are specified.");
  } else if (listOf(body['tools']).length === 0) throw new Misfit('rule', ['tools'], 'array too short.');
  checkModelFields(body);
  checkPairs(listOf(body['messages']).map(objectOf));
});

/** Refuses fields that reasoning models, or the other models, do not accept. */
function checkModelFields(body: JsonObject): void {
  const model = stringOf(body['model']) ?? '';
  const isReasoning = reasons(model);
  if (isReasoning === true) {
    if (body['max_tokens'] !== undefined)
      throw new Misfit(
        'rule',
        ['max_tokens'],
        "not supported with this model. Use 'max_completion_tokens' instead.",
      );
    for (const field of ['presence_penalty', 'frequency_penalty', 'logit_bias', 'temperature', 'top_p']) {
      const isFree = field === 'temperature' || field === 'top_p';
      if (body[field] === undefined || body[field] === 1 || (isFree && body['reasoning_effort'] === 'none'))
        continue;
      throw new Misfit('rule', [field], 'not supported with this model.');
    }
    const hasTools = listOf(body['tools']).length > 0;
    if (hasTools && TOOLS_WITHOUT_EFFORT.test(model) && body['reasoning_effort'] !== 'none')
      throw new Misfit(
        'rule',
        ['reasoning_effort'],
        `Function tools with reasoning_effort are not supported for ${model} in /v1/chat/completions.`,
      );
  }
  if (isReasoning === false && body['reasoning_effort'] !== undefined)
    throw new Misfit(
      'rule',
      ['reasoning_effort'],
      'Unrecognized request argument supplied: reasoning_effort',
    );
}

/** Models whose function tools OpenAI accepts only in the Responses API, unless reasoning is off. */
const TOOLS_WITHOUT_EFFORT = /^(?:gpt-5[.-][4-9]|gpt-[6-9])/;

/** Checks that results follow each call, and that each result answers a call. */
function checkPairs(messages: readonly JsonObject[]): void {
  let waiting = new Set<Json>();
  for (const [index, message] of messages.entries()) {
    const path: Path = ['messages', index];
    if (message['role'] === 'tool') {
      if (!waiting.delete(message['tool_call_id'] ?? null))
        throw new Misfit(
          'rule',
          [...path, 'role'],
          "messages with role 'tool' must be a response to a preceding message with 'tool_calls'.",
        );
      continue;
    }
    if (waiting.size > 0) throw unanswered(path, waiting);
    const calls = listOf(message['tool_calls']).map((one) => objectOf(one)['id'] ?? null);
    if (message['role'] === 'assistant' && calls.length === 0 && hasNothing(message))
      throw new Misfit('type', [...path, 'content'], 'a string');
    waiting = new Set(calls);
  }
  if (waiting.size > 0) throw unanswered(['messages'], waiting);
}

function hasNothing({ content, function_call: call, refusal, audio }: JsonObject): boolean {
  return [content, call, refusal, audio].every((field) => field === undefined || field === null);
}

function unanswered(path: Path, ids: ReadonlySet<Json>): Misfit {
  const which = [...ids].map((id) => stringOf(id)).join(', ');
  const rule =
    "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'.";
  return new Misfit(
    'rule',
    path,
    `${rule} The following tool_call_ids did not have response messages: ${which}`,
  );
}
