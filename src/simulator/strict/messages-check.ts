import type { Call } from '../call.ts';
import { checkMessageTurns } from './messages-turns.ts';
import { isObject, type JsonObject, listOf, objectOf, stringOf } from '../json.ts';
import { anthropicWords, checking } from './refuse.ts';
import {
  anyObject,
  anything,
  between,
  byField,
  type Fields,
  flag,
  integer,
  list,
  Misfit,
  nullable,
  number,
  object,
  oneOf,
  pattern,
  type Shape,
  someText,
  text,
  textOr,
} from './shape.ts';

const CACHE = { cache_control: nullable(object({ type: oneOf('ephemeral') }, { ttl: oneOf('5m', '1h') })) };
const NAME = pattern(/^[\w-]{1,128}$/);
const ID = pattern(/^[\w-]{1,}$/);
const IMAGE_TYPE = oneOf('image/jpeg', 'image/png', 'image/gif', 'image/webp');
const TEXT = object({ type: text, text: someText }, { ...CACHE, citations: nullable(list(anyObject)) });
const IMAGE = object(
  {
    type: text,
    source: byField('type', {
      base64: object({ type: text, media_type: IMAGE_TYPE, data: someText }),
      url: object({ type: text, url: someText }),
      file: object({ type: text, file_id: someText }),
    }),
  },
  { ...CACHE, transformations: nullable(anyObject) },
);
const DOCUMENT = object(
  {
    type: text,
    source: byField('type', {
      base64: object({ type: text, media_type: oneOf('application/pdf'), data: someText }),
      text: object({ type: text, media_type: oneOf('text/plain'), data: someText }),
      content: object({ type: text, content: anything }),
      url: object({ type: text, url: someText }),
      file: object({ type: text, file_id: someText }),
    }),
  },
  {
    ...CACHE,
    citations: nullable(object({}, { enabled: flag })),
    context: nullable(text),
    title: nullable(text),
  },
);
const RESULT_BLOCKS: Fields = {
  text: TEXT,
  image: IMAGE,
  document: DOCUMENT,
  search_result: anyObject,
  tool_reference: object({ type: text, tool_name: NAME }, CACHE),
};
/** The platforms' own versions. Anthropic's clients send the API's date instead from 1.14 on. */
const BEDROCK_VERSION = pattern(/^(?:bedrock-2023-05-31|\d{4}-\d{2}-\d{2})$/);
const VERTEX_VERSION = pattern(/^(?:vertex-2023-10-16|\d{4}-\d{2}-\d{2})$/);

/** Blocks of the provider's own tools, which only occur when they are sent back to it. */
const SERVER_BLOCKS: Fields = Object.fromEntries(
  [
    'server_tool_use',
    'web_search_tool_result',
    'web_fetch_tool_result',
    'code_execution_tool_result',
    'bash_code_execution_tool_result',
    'text_editor_code_execution_tool_result',
    'tool_search_tool_result',
    'container_upload',
    'search_result',
  ].map((type) => [type, anyObject]),
);
const USER_BLOCK = byField('type', {
  text: TEXT,
  image: IMAGE,
  document: DOCUMENT,
  tool_result: object(
    { type: text, tool_use_id: ID },
    {
      ...CACHE,
      content: textOr(list(byField('type', RESULT_BLOCKS))),
      is_error: flag,
      toolset_name: nullable(text),
    },
  ),
  ...SERVER_BLOCKS,
});
const ASSISTANT_BLOCK = byField('type', {
  text: TEXT,
  thinking: object({ type: text, thinking: text, signature: text }),
  redacted_thinking: object({ type: text, data: someText }),
  tool_use: object(
    { type: text, id: ID, name: NAME, input: anyObject },
    { ...CACHE, caller: nullable(anyObject), toolset_name: nullable(text) },
  ),
  ...SERVER_BLOCKS,
});
const MESSAGE = byField('role', {
  user: object({ role: text, content: someTextOr(list(USER_BLOCK)) }),
  assistant: object({ role: text, content: someTextOr(list(ASSISTANT_BLOCK)) }),
  system: object({ role: text, content: someTextOr(list(TEXT)) }),
});
const OWN_TOOL = object(
  { name: NAME, input_schema: anyObject },
  {
    ...CACHE,
    type: nullable(oneOf('custom')),
    description: text,
    strict: flag,
    defer_loading: flag,
    eager_input_streaming: nullable(flag),
    allowed_callers: list(text),
    input_examples: list(anyObject),
  },
);
const TOOL: Shape = (value, path) => {
  const kind = objectOf(value)['type'];
  if (typeof kind !== 'string' || kind === 'custom') OWN_TOOL(value, path);
  else if (!/_\d{8}$/.test(kind)) throw new Misfit('value', [...path, 'type'], "a known tool's type");
};
const PARALLEL = { disable_parallel_tool_use: flag };
const FIELDS: Fields = {
  ...CACHE,
  container: nullable(textOr(anyObject)),
  diagnostics: nullable(anyObject),
  inference_geo: nullable(text),
  metadata: object({}, { user_id: nullable(text) }),
  output_config: object(
    {},
    {
      effort: nullable(oneOf('low', 'medium', 'high', 'xhigh', 'max')),
      format: nullable(object({ type: oneOf('json_schema'), schema: anyObject })),
    },
  ),
  service_tier: oneOf('auto', 'standard_only'),
  speed: nullable(oneOf('standard', 'fast')),
  stop_sequences: list(pattern(/\S/)),
  stream: flag,
  system: textOr(list(TEXT)),
  temperature: between(0, 1),
  thinking: byField('type', {
    enabled: object({ type: text, budget_tokens: number }, { display: nullable(text) }),
    adaptive: object({ type: text }, { display: nullable(text) }),
    disabled: object({ type: text }),
    between_tools: object({ type: text }),
  }),
  tool_choice: byField('type', {
    auto: object({ type: text }, PARALLEL),
    any: object({ type: text }, PARALLEL),
    tool: object({ type: text, name: NAME }, PARALLEL),
    none: object({ type: text }),
  }),
  tools: list(TOOL),
  top_k: integer,
  top_p: between(0, 1),
  user_profile_id: text,
  workspace_id: text,
};
/** Beta fields. Anthropic accepts them with the header that names the beta. */
const BETA_FIELDS: Fields = {
  context_management: nullable(anyObject),
  mcp_servers: list(anyObject),
  fallbacks: anything,
  safeguards: anything,
};
const NEEDED: Fields = { max_tokens: number, messages: list(MESSAGE, 1) };

/** Refuses what Anthropic refuses in a Messages request. */
export const checkMessages = checking(anthropicWords, (call: Call) => {
  const hasBeta = call.headers['anthropic-beta'] !== undefined;
  object({ model: someText, ...NEEDED }, { ...FIELDS, ...(hasBeta && BETA_FIELDS) })(call.body, []);
  checkRules(call.body);
});

/** Refuses what Anthropic refuses in a count request. */
export const checkTokenCount = checking(anthropicWords, (call: Call) => {
  const { max_tokens: _, ...needed } = NEEDED;
  object({ model: someText, ...needed }, FIELDS)(call.body, []);
  checkMessageTurns(listOf(call.body['messages']).map(objectOf));
});

/** Refuses what Bedrock refuses in a Messages request. The body contains the version, the path the model. */
export const checkInvoked = checking(anthropicWords, (call: Call) => {
  const { body } = call;
  const version = { anthropic_version: BEDROCK_VERSION };
  object({ ...version, ...NEEDED }, { ...withoutStream(carriedFields(call)), anthropic_beta: list(text) })(
    body,
    [],
  );
  refuseUrls(body);
  checkRules(body);
});

/** Refuses what Vertex AI refuses in a Messages request. */
export const checkRawPredict = checking(anthropicWords, (call: Call) => {
  const { body } = call;
  const version = { anthropic_version: VERTEX_VERSION };
  object({ ...version, ...NEEDED }, { ...carriedFields(call), anthropic_beta: list(text) })(body, []);
  refuseUrls(body);
  checkRules(body);
});

/** Refuses what Vertex AI refuses in a count request. It must name a model and may have a version. */
export const checkRawCount = checking(anthropicWords, ({ body }: Call) => {
  object({ model: someText, messages: list(MESSAGE, 1) }, { ...FIELDS, anthropic_version: VERTEX_VERSION })(
    body,
    [],
  );
});

/** Fields of Anthropic's own service. The platforms know some of them as betas. */
const OF_ANTHROPIC = new Set(
  'cache_control container diagnostics inference_geo service_tier speed user_profile_id workspace_id'.split(
    ' ',
  ),
);
const OF_PLATFORMS: Fields = Object.fromEntries(
  Object.entries(FIELDS).filter(([name]) => !OF_ANTHROPIC.has(name)),
);

function carriedFields({ body, headers }: Call): Fields {
  const hasBeta = body['anthropic_beta'] !== undefined || headers['anthropic-beta'] !== undefined;
  return hasBeta ? { ...FIELDS, ...BETA_FIELDS } : OF_PLATFORMS;
}

function withoutStream({ stream: _, ...rest }: Fields): Fields {
  return rest;
}

/** Neither platform fetches URLs or accepts system messages in the middle. */
function refuseUrls(body: JsonObject): void {
  for (const [index, message] of listOf(body['messages']).map(objectOf).entries()) {
    if (message['role'] === 'system')
      throw new Misfit('value', ['messages', index, 'role'], "'user' or 'assistant'");
    for (const [at, block] of listOf(message['content']).map(objectOf).entries()) {
      if (objectOf(block['source'])['type'] === 'url')
        throw new Misfit('rule', ['messages', index, 'content', at], 'URL sources are not supported');
    }
  }
}

function checkRules(body: JsonObject): void {
  const { max_tokens: max, thinking, tool_choice: choice } = body;
  if (typeof max === 'number' && max < 0) throw new Misfit('rule', ['max_tokens'], 'must not be negative');
  const { type, budget_tokens: budget } = objectOf(thinking);
  if (type === 'enabled' && typeof budget === 'number') {
    if (budget < 1024)
      throw new Misfit(
        'rule',
        ['thinking', 'enabled', 'budget_tokens'],
        'Input should be greater than or equal to 1024',
      );
    if (typeof max === 'number' && budget >= max)
      throw new Misfit('rule', ['max_tokens'], 'must be greater than `thinking.budget_tokens`');
  }
  const kind = stringOf(objectOf(choice)['type']);
  if (type === 'enabled' && (kind === 'any' || kind === 'tool'))
    throw new Misfit(
      'rule',
      ['tool_choice'],
      'Thinking may not be enabled when tool_choice forces tool use.',
    );
  if (isObject(choice) && body['tools'] === undefined)
    throw new Misfit('rule', ['tool_choice'], 'may only be specified while providing tools');
  checkTools(body);
  checkMessageTurns(listOf(body['messages']).map(objectOf));
}

function checkTools(body: JsonObject): void {
  const names = new Set<unknown>();
  for (const [index, tool] of listOf(body['tools']).map(objectOf).entries()) {
    if (names.has(tool['name'])) throw new Misfit('rule', ['tools', index], 'Tool names must be unique.');
    names.add(tool['name']);
    const schema = objectOf(tool['input_schema']);
    const bad = ['oneOf', 'allOf', 'anyOf'].some((word) => schema[word] !== undefined);
    if (tool['input_schema'] === undefined) continue;
    const path = ['tools', index, 'custom', 'input_schema'];
    if (schema['type'] !== 'object') throw new Misfit('missing', [...path, 'type']);
    if (bad) throw new Misfit('rule', path, 'does not support oneOf, allOf, or anyOf at the top level');
  }
}

function someTextOr(other: Shape): Shape {
  return (value, path) => (typeof value === 'string' ? text(value, path) : other(value, path));
}
