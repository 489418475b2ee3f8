import type { JsonObject } from '../../../src/translation/json.ts';
import { type Client as AnyClient, type Feature, inAll } from './feature.ts';

/** Completions have no tools. */
type Client = Exclude<AnyClient, 'completions'>;

const SCHEMA = {
  type: 'object',
  properties: { port: { type: 'string' } },
  required: ['port'],
  additionalProperties: false,
};
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk';
const DEPTH = { name: 'depth_of', description: 'Depth of a port' };
const TIDE = { name: 'tide_at', description: 'Tide at a port' };

type Shape = (tool: typeof DEPTH, strict?: boolean) => JsonObject;
const ofStrict = (strict: boolean | undefined) => (strict === undefined ? {} : { strict });

const SHAPES: Readonly<Record<Client, Shape>> = {
  chat: (tool, strict) => ({
    type: 'function',
    function: { ...tool, parameters: SCHEMA, ...ofStrict(strict) },
  }),
  responses: (tool, strict) => ({
    type: 'function',
    ...tool,
    parameters: SCHEMA,
    strict: strict ?? false,
  }),
  messages: (tool, strict) => ({ ...tool, input_schema: SCHEMA, ...ofStrict(strict) }),
  gemini: (tool) => ({ functionDeclarations: [{ ...tool, parametersJsonSchema: SCHEMA }] }),
};

const list = (client: Client, strict?: boolean): JsonObject[] => {
  return [SHAPES[client](DEPTH, strict), SHAPES[client](TIDE, strict)];
};
const tools = (strict?: boolean): Record<Client, JsonObject> => ({
  chat: { tools: list('chat', strict) },
  responses: { tools: list('responses', strict) },
  messages: { tools: list('messages', strict) },
  gemini: { tools: list('gemini', strict) },
});
const TOOLS = tools();

const choiceOfGemini = (functionCallingConfig: JsonObject) => ({ toolConfig: { functionCallingConfig } });

/** A call of `depth_of` and its result, in each API. */
function called(result: Readonly<Partial<Record<Client, JsonObject>>>): Partial<Record<Client, JsonObject>> {
  const call = { name: 'depth_of', arguments: '{"port":"Brest"}' };
  const all: Record<Client, (given: JsonObject) => JsonObject> = {
    chat: (given) => ({
      messages: [
        { role: 'user', content: 'Hello' },
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'call_1', type: 'function', function: call }],
        },
        { role: 'tool', tool_call_id: 'call_1', ...given },
      ],
    }),
    responses: (given) => ({
      input: [
        { type: 'message', role: 'user', content: 'Hello' },
        { type: 'function_call', call_id: 'call_1', ...call },
        { type: 'function_call_output', call_id: 'call_1', ...given },
      ],
    }),
    messages: (given) => ({
      messages: [
        { role: 'user', content: 'Hello' },
        {
          role: 'assistant',
          content: [{ type: 'tool_use', id: 'call_1', name: 'depth_of', input: { port: 'Brest' } }],
        },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1', ...given }] },
      ],
    }),
    gemini: (given) => ({
      contents: [
        { role: 'user', parts: [{ text: 'Hello' }] },
        { role: 'model', parts: [{ functionCall: { name: 'depth_of', args: { port: 'Brest' } } }] },
        { role: 'user', parts: [{ functionResponse: { name: 'depth_of', ...given } }] },
      ],
    }),
  };
  return Object.fromEntries(
    Object.entries(result).map(([client, given]) => [client, all[client as Client](given)]),
  );
}

/** Tools, the choice among them, and their calls and results. */
export const TOOL_FEATURES: readonly Feature[] = [
  { name: 'functions', asked: TOOLS, arrives: /depth_of.*"port".*tide_at/ },
  {
    name: 'strict arguments',
    beside: TOOLS,
    asked: { chat: tools(true).chat, responses: tools(true).responses, messages: tools(true).messages },
    arrives: /"strict":true|"VALIDATED"/,
  },
  {
    name: 'a call is required',
    beside: TOOLS,
    asked: {
      ...inAll(['chat', 'responses'], { tool_choice: 'required' }),
      messages: { tool_choice: { type: 'any' } },
      gemini: choiceOfGemini({ mode: 'ANY' }),
    },
    arrives: /"required"[,}]|"any"|"ANY"/,
  },
  {
    name: 'one function is chosen',
    beside: TOOLS,
    asked: {
      chat: { tool_choice: { type: 'function', function: { name: 'tide_at' } } },
      responses: { tool_choice: { type: 'function', name: 'tide_at' } },
      messages: { tool_choice: { type: 'tool', name: 'tide_at' } },
      gemini: choiceOfGemini({ mode: 'ANY', allowedFunctionNames: ['tide_at'] }),
    },
    arrives: /(?:tool_choice|toolChoice|allowedFunctionNames)[^;]{0,60}tide_at/,
  },
  {
    name: 'calls are forbidden',
    beside: TOOLS,
    asked: {
      ...inAll(['chat', 'responses'], { tool_choice: 'none' }),
      messages: { tool_choice: { type: 'none' } },
      gemini: choiceOfGemini({ mode: 'NONE' }),
    },
    arrives: /"none"|"NONE"/,
  },
  {
    name: 'no parallel calls',
    beside: TOOLS,
    asked: {
      ...inAll(['chat', 'responses'], { parallel_tool_calls: false }),
      messages: { tool_choice: { type: 'auto', disable_parallel_tool_use: true } },
    },
    arrives: /parallel_tool_calls":false|disable_parallel_tool_use":true/,
  },
  {
    name: 'calls and results',
    beside: TOOLS,
    asked: called({
      chat: { content: '9 fathoms' },
      responses: { output: '9 fathoms' },
      messages: { content: '9 fathoms' },
      gemini: { response: { output: '9 fathoms' } },
    }),
    arrives: /depth_of.*Brest.*9 fathoms|Brest.*depth_of.*9 fathoms/,
  },
  {
    name: 'a result is an error',
    beside: TOOLS,
    asked: called({
      messages: { content: 'no such port', is_error: true },
      gemini: { response: { error: 'no such port' } },
    }),
    arrives: /"is_error":true|"status":"error"|"error":"no such port"|\[error\] no such port/,
  },
  {
    name: 'image in a result',
    beside: TOOLS,
    asked: called({
      responses: { output: [{ type: 'input_image', image_url: `data:image/png;base64,${PNG}` }] },
      messages: {
        content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } }],
      },
    }),
    arrives: new RegExp(PNG),
  },
  {
    name: 'free-form tool',
    asked: {
      chat: { tools: [{ type: 'custom', custom: { name: 'apply_patch', description: 'Patch' } }] },
      responses: { tools: [{ type: 'custom', name: 'apply_patch', description: 'Patch' }] },
    },
    arrives: /apply_patch/,
  },
  {
    name: 'namespaces of functions',
    asked: {
      responses: {
        tools: [{ type: 'namespace', name: 'chart', description: '', tools: [SHAPES.responses(DEPTH)] }],
      },
    },
    arrives: /depth_of/,
  },
  {
    name: 'web search, as the only tool',
    asked: {
      chat: { web_search_options: {} },
      responses: { tools: [{ type: 'web_search' }] },
      messages: { tools: [{ type: 'web_search_20250305', name: 'web_search' }] },
      gemini: { tools: [{ googleSearch: {} }] },
    },
    arrives: /web_search|googleSearch/,
  },
  {
    name: 'web search beside functions',
    beside: TOOLS,
    asked: {
      chat: { web_search_options: {} },
      responses: { tools: [...list('responses'), { type: 'web_search' }] },
      messages: { tools: [...list('messages'), { type: 'web_search_20250305', name: 'web_search' }] },
      gemini: { tools: [...list('gemini'), { googleSearch: {} }] },
    },
    arrives: /web_search|googleSearch/,
  },
  {
    name: "other tools of the provider's",
    asked: {
      responses: { tools: [{ type: 'code_interpreter', container: { type: 'auto' } }] },
      messages: { tools: [{ type: 'code_execution_20250825', name: 'code_execution' }] },
      gemini: { tools: [{ codeExecution: {} }] },
    },
    arrives: /code_interpreter|code_execution|codeExecution/,
  },
];
