import type { Call } from '../call.ts';
import { isObject, type Json, type JsonObject, listOf, objectOf, stringOf } from '../json.ts';
import { isSignature } from '../signature.ts';
import { openAiNumbers, reasons, SHARED_FIELDS } from './openai-fields.ts';
import { checking, openAiWords } from './refuse.ts';
import {
  anyObject,
  anything,
  byField,
  type Fields,
  flag,
  integer,
  list,
  Misfit,
  nullable,
  object,
  oneOf,
  type Path,
  pattern,
  type Shape,
  text,
  textOr,
} from './shape.ts';

const NAME = pattern(/^[\w-]{1,64}$/);
const CALL_ID = pattern(/^.{1,64}$/s);
const STATUS = nullable(oneOf('in_progress', 'completed', 'incomplete'));
const BREAKPOINT = { prompt_cache_breakpoint: anyObject };
const INPUT_PARTS: Fields = {
  input_text: object({ type: text, text }, BREAKPOINT),
  input_image: object(
    { type: text },
    {
      detail: oneOf('low', 'high', 'auto', 'original'),
      image_url: nullable(text),
      file_id: nullable(text),
      ...BREAKPOINT,
    },
  ),
  input_file: object(
    { type: text },
    { detail: text, file_data: text, file_id: nullable(text), file_url: text, filename: text, ...BREAKPOINT },
  ),
};
const OUTPUT_PARTS: Fields = {
  output_text: object({ type: text, text }, { annotations: list(anyObject), logprobs: list(anyObject) }),
  refusal: object({ type: text, refusal: text }),
};
const inputMessage = object(
  { role: text, content: textOr(list(byField('type', INPUT_PARTS))) },
  { type: text, id: text, status: STATUS, phase: nullable(text) },
);
const outputMessage = object(
  { role: text, content: textOr(list(byField('type', OUTPUT_PARTS))) },
  { type: text, id: pattern(/^msg_/), status: STATUS, phase: nullable(text) },
);
const MESSAGE = byField('role', {
  user: inputMessage,
  system: inputMessage,
  developer: inputMessage,
  assistant: outputMessage,
});
const OUTPUT = textOr(list(byField('type', INPUT_PARTS)));
const CALL_FIELDS: Fields = {
  id: nullable(text),
  status: STATUS,
  namespace: nullable(text),
  caller: nullable(anyObject),
  async: flag,
};
const ITEMS: Fields = {
  message: MESSAGE,
  function_call: object(
    { type: text, call_id: CALL_ID, name: NAME, arguments: text },
    { ...CALL_FIELDS, id: pattern(/^fc_/) },
  ),
  function_call_output: object(
    { type: text, call_id: CALL_ID, output: OUTPUT },
    { ...CALL_FIELDS, name: nullable(text) },
  ),
  custom_tool_call: object(
    { type: text, call_id: CALL_ID, name: NAME, input: text },
    { ...CALL_FIELDS, id: pattern(/^ctc_/) },
  ),
  custom_tool_call_output: object({ type: text, call_id: CALL_ID, output: OUTPUT }, CALL_FIELDS),
  reasoning: object(
    { type: text, summary: list(object({ type: oneOf('summary_text'), text })) },
    {
      id: pattern(/^rs_/),
      content: nullable(list(anyObject)),
      encrypted_content: nullable(text),
      status: STATUS,
    },
  ),
  ...Object.fromEntries(
    [
      'additional_tools',
      'apply_patch_call',
      'apply_patch_call_output',
      'code_interpreter_call',
      'compaction',
      'compaction_trigger',
      'computer_call',
      'computer_call_output',
      'configuration_update',
      'file_search_call',
      'image_generation_call',
      'item_reference',
      'local_shell_call',
      'local_shell_call_output',
      'mcp_approval_request',
      'mcp_approval_response',
      'mcp_call',
      'mcp_list_tools',
      'shell_call',
      'shell_call_output',
      'tool_search_call',
      'tool_search_output',
      'web_search_call',
    ].map((type) => [type, anyObject]),
  ),
};
const FUNCTION_TOOL = object(
  { type: text, name: NAME, parameters: nullable(anyObject), strict: nullable(flag) },
  {
    description: nullable(text),
    defer_loading: flag,
    allowed_callers: nullable(anything),
    async: flag,
    output_schema: nullable(anyObject),
  },
);
const TOOL: Shape = (value, path) => {
  const kind = stringOf(objectOf(value)['type']);
  if (kind === undefined) throw new Misfit('missing', [...path, 'type']);
  if (kind === 'function') FUNCTION_TOOL(value, path);
  else if (!TOOL_KINDS.test(kind))
    throw new Misfit('value', [...path, 'type'], "'function', 'custom', 'web_search'");
};
const TOOL_KINDS =
  /^(?:custom|namespace|web_search|web_search_preview|file_search|code_interpreter|image_generation|mcp|local_shell|shell|apply_patch|computer|tool_search|programmatic_tool_calling)/;
const FORMAT = byField('type', {
  text: object({ type: text }),
  json_object: object({ type: text }),
  json_schema: object(
    { type: text, name: NAME, schema: anyObject },
    { description: text, strict: nullable(flag) },
  ),
});
const INPUT: Shape = textOr(list(byField('type', ITEMS, 'message'), 1));
const REQUEST = object(
  { model: text, input: INPUT },
  {
    ...SHARED_FIELDS,
    access_programs: anything,
    background: nullable(flag),
    context_management: nullable(list(anyObject)),
    conversation: nullable(textOr(anyObject)),
    image: anyObject,
    include: nullable(list(text)),
    instructions: nullable(text),
    max_output_tokens: nullable(integer),
    max_tool_calls: nullable(integer),
    previous_response_id: nullable(text),
    prompt: nullable(anyObject),
    reasoning: nullable(
      object(
        {},
        {
          effort: nullable(oneOf('none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max')),
          summary: nullable(oneOf('auto', 'concise', 'detailed')),
          generate_summary: nullable(text),
          context: nullable(text),
          mode: nullable(text),
        },
      ),
    ),
    stream: nullable(flag),
    stream_options: nullable(object({}, { include_obfuscation: flag })),
    text: object({}, { format: FORMAT, verbosity: nullable(oneOf('low', 'medium', 'high')) }),
    tool_choice: textOr(anyObject),
    tools: list(TOOL),
    truncation: nullable(oneOf('auto', 'disabled')),
  },
);

/** Refuses what OpenAI refuses in a Responses request. */
export const checkResponse = checking(openAiWords, (call: Call) => {
  const { body } = call;
  REQUEST(body, []);
  openAiNumbers(body);
  const least = body['max_output_tokens'];
  if (typeof least === 'number' && least < 16)
    throw new Misfit('rule', ['max_output_tokens'], 'integer below minimum value. Expected a value >= 16.');
  if (body['tools'] === undefined && isObject(body['tool_choice']))
    throw new Misfit('rule', ['tool_choice'], "only allowed when 'tools' are specified.");
  checkModel(body);
  if (body['previous_response_id'] === undefined && body['conversation'] === undefined)
    checkItems(listOf(body['input']).map(objectOf));
});

/** Refuses what OpenAI refuses in a count request. */
export const checkInputTokens = checking(openAiWords, ({ body }: Call) => {
  object(
    {},
    {
      model: text,
      input: nullable(INPUT),
      instructions: nullable(text),
      conversation: nullable(anything),
      parallel_tool_calls: nullable(flag),
      personality: nullable(text),
      previous_response_id: nullable(text),
      reasoning: nullable(anyObject),
      text: nullable(anyObject),
      tool_choice: nullable(anything),
      tools: nullable(list(TOOL)),
      truncation: text,
    },
  )(body, []);
});

function checkModel(body: JsonObject): void {
  if (reasons(stringOf(body['model']) ?? '') !== false) return;
  if (isObject(body['reasoning'])) throw new Misfit('rule', ['reasoning'], 'not supported with this model.');
  if (listOf(body['include']).includes('reasoning.encrypted_content'))
    throw new Misfit('rule', ['include'], 'Encrypted content is not supported with this model.');
}

/** Checks that an output follows each call, a call precedes each output, and an item follows each reasoning. */
function checkItems(items: readonly JsonObject[]): void {
  const waiting = new Map<Json, string>();
  for (const [index, item] of items.entries()) {
    const kind = stringOf(item['type']) ?? 'message';
    const path: Path = ['input', index];
    const id = item['call_id'] ?? null;
    if (kind === 'reasoning') checkReasoning(item, path, items[index + 1]);
    else if (kind === 'function_call' || kind === 'custom_tool_call') waiting.set(id, `${kind}_output`);
    else if (kind === 'function_call_output' || kind === 'custom_tool_call_output') {
      if (waiting.get(id) !== kind)
        throw new Misfit('rule', path, `No tool call found for ${kind} with call_id ${stringOf(id)}.`);
      waiting.delete(id);
    }
  }
  for (const id of waiting.keys())
    throw new Misfit('rule', ['input'], `No tool output found for function call ${stringOf(id)}.`);
}

function checkReasoning(item: JsonObject, path: Path, next: JsonObject | undefined): void {
  const encrypted = item['encrypted_content'];
  const id = stringOf(item['id']);
  if (typeof encrypted !== 'string')
    throw new Misfit(
      'rule',
      path,
      `Item with id '${id}' not found. Items are not persisted when \`store\` is set to false.`,
    );
  if (!isSignature('openai', encrypted))
    throw new Misfit('rule', path, `The encrypted content for item ${id} could not be verified.`);
  const kind = next === undefined ? undefined : (stringOf(next['type']) ?? 'message');
  const isFollowed =
    kind === 'message' ? next?.['role'] === 'assistant' : kind !== undefined && !kind.endsWith('_output');
  if (!isFollowed)
    throw new Misfit(
      'rule',
      path,
      `Item '${id}' of type 'reasoning' was provided without its required following item.`,
    );
}
