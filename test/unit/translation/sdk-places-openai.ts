import { CACHED, DEFAULT, NO_NAMES, PDF, type Place, PNG, SCHEMA, SHOWN, URL_SAYS } from './sdk-place.ts';

const OPENAI = 'openai/resources/';
const CHAT_FILE = `${OPENAI}chat/completions/completions.d.ts`;
const RESPONSES_FILE = `${OPENAI}responses/responses.d.ts`;

const FUNCTION = { name: 'f', description: 'd', parameters: SCHEMA };
const BREAKPOINT = { prompt_cache_breakpoint: [{ mode: 'explicit' }] };
const IDENTITY = 'the writer numbers its own items';

const chat = (more: object): object => ({ model: 'm', messages: [{ role: 'user', content: 'x' }], ...more });
const responses = (more: object): object => ({ model: 'm', input: 'x', ...more });

/** A turn with this part, before another one. */
const chatPart = (part: object): object =>
  chat({ messages: [{ role: 'user', content: [part, { type: 'text', text: 'y' }] }] });
const inputPart = (part: object): object =>
  responses({ input: [{ role: 'user', content: [part, { type: 'input_text', text: 'y' }] }] });

/** Histories of one call, whose items have these members. */
const chatHistory = (call: object, result: object): object =>
  chat({
    messages: [
      { role: 'user', content: 'x' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } }],
        ...call,
      },
      { role: 'tool', tool_call_id: 'c1', content: 'r', ...result },
    ],
    tools: [{ type: 'function', function: FUNCTION }],
  });
const responsesHistory = (call: object, result: object): object =>
  responses({
    input: [
      { role: 'user', content: 'x' },
      { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{}', ...call },
      { type: 'function_call_output', call_id: 'c1', output: 'r', ...result },
    ],
    tools: [{ type: 'function', ...FUNCTION }],
  });

const OF_CHAT: readonly Place[] = [
  {
    api: 'chat',
    name: 'ChatCompletionCreateParamsBase',
    file: CHAT_FILE,
    path: '',
    body: (members) => chat({ tools: [{ type: 'function', function: FUNCTION }], ...members }),
    samples: {
      audio: [{ voice: 'alloy', format: 'wav' }],
      function_call: ['none', { name: 'f' }],
      functions: [[FUNCTION]],
      logit_bias: [{ 1: 2 }],
      logprobs: [true],
      metadata: [{ a: 'b' }],
      modalities: [['text', 'audio']],
      moderation: [{ model: 'x' }],
      n: [2],
      parallel_tool_calls: [false],
      prediction: [{ type: 'content', content: 'x' }],
      prompt_cache_options: [{ mode: 'x' }],
      reasoning_effort: ['minimal', 'low', 'medium', 'high', 'xhigh', 'max'],
      response_format: [
        { type: 'json_object' },
        { type: 'json_schema', json_schema: { name: 'n', schema: SCHEMA } },
      ],
      store: [true],
      stream_options: [{ include_usage: true }],
      tool_choice: ['none', 'required', { type: 'function', function: { name: 'f' } }],
      tools: [[{ type: 'custom', custom: { name: 'c' } }]],
      web_search_options: [{}],
    },
    silent: {
      stream: URL_SAYS,
      stream_options: 'the gateway answers it',
      functions: 'tools are there',
      top_logprobs: 'it means nothing without logprobs',
    },
  },
  {
    api: 'chat',
    name: 'FunctionDefinition',
    file: `${OPENAI}shared.d.ts`,
    path: 'tools[0]',
    body: (members) => chat({ tools: [{ type: 'function', function: { name: 'f', ...members } }] }),
    samples: { parameters: [SCHEMA], strict: [true] },
  },
  {
    api: 'chat',
    name: 'ChatCompletionAssistantMessageParam',
    file: CHAT_FILE,
    path: 'messages[1]',
    body: (members) => chatHistory({ content: 'said', ...members }, {}),
    samples: {
      audio: [{ id: 'audio_1' }],
      content: ['other'],
      function_call: [{ name: 'f', arguments: '{"a":1}' }],
      tool_calls: [[{ id: 'c1', type: 'custom', custom: { name: 'f', input: 'i' } }]],
    },
  },
  ...['User', 'System'].map((role): Place => ({
    api: 'chat',
    name: `ChatCompletion${role}MessageParam`,
    file: CHAT_FILE,
    path: 'messages[1]',
    body: (members) =>
      chat({
        messages: [
          { role: 'user', content: 'x' },
          { role: role.toLowerCase(), content: 'y', ...members },
        ],
      }),
    samples: {},
  })),
  {
    api: 'chat',
    name: 'ChatCompletionContentPartText',
    file: CHAT_FILE,
    path: 'messages[0].content[0]',
    body: (members) => chatPart({ type: 'text', text: 'x', ...members }),
    samples: BREAKPOINT,
    silent: { prompt_cache_breakpoint: CACHED },
  },
  {
    api: 'chat',
    name: 'ChatCompletionContentPartImage',
    file: CHAT_FILE,
    path: 'messages[0].content[0]',
    body: (members) =>
      chatPart({ type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` }, ...members }),
    samples: BREAKPOINT,
    silent: { prompt_cache_breakpoint: CACHED },
  },
];

const OF_RESPONSES: readonly Place[] = [
  {
    api: 'responses',
    name: 'ResponseCreateParamsBase',
    file: RESPONSES_FILE,
    path: '',
    body: (members) => responses({ tools: [{ type: 'function', ...FUNCTION }], ...members }),
    samples: {
      access_programs: [{ a: 1 }],
      background: [true],
      context_management: [[{ type: 'compaction' }]],
      image: [{ a: 1 }],
      include: [['message.output_text.logprobs'], ['file_search_call.results']],
      input: ['other', [{ role: 'user', content: 'z' }]],
      metadata: [{ a: 'b' }],
      model: [],
      moderation: [{ model: 'x' }],
      parallel_tool_calls: [false],
      prompt: [{ id: 'p' }],
      prompt_cache_options: [{ mode: 'x' }],
      reasoning: [{ effort: 'high' }],
      service_tier: ['default', 'flex', 'priority'],
      store: [true],
      stream_options: [{ include_obfuscation: false }],
      text: [
        { format: { type: 'json_object' } },
        { format: { type: 'json_schema', name: 'n', schema: SCHEMA } },
      ],
      tool_choice: ['none', 'required', { type: 'function', name: 'f' }],
      tools: [[{ type: 'custom', name: 'c' }]],
      truncation: ['auto'],
    },
    silent: {
      stream: URL_SAYS,
      stream_options: 'the gateway writes the stream',
      top_logprobs: 'it means nothing without logprobs',
    },
  },
  {
    api: 'responses',
    name: 'Reasoning',
    file: `${OPENAI}shared.d.ts`,
    path: 'reasoning',
    body: (members) => responses({ reasoning: { effort: 'medium', ...members } }),
    samples: { effort: ['low', 'high'] },
    silent: { summary: SHOWN, generate_summary: SHOWN },
  },
  {
    api: 'responses',
    name: 'ResponseTextConfig',
    file: RESPONSES_FILE,
    path: 'text',
    body: (members) => responses({ text: members }),
    samples: { format: [{ type: 'json_object' }] },
  },
  {
    api: 'responses',
    name: 'FunctionTool',
    file: RESPONSES_FILE,
    path: 'tools[0]',
    body: (members) => responses({ tools: [{ type: 'function', name: 'f', ...members }] }),
    samples: {
      allowed_callers: [['programmatic']],
      output_schema: [SCHEMA],
      defer_loading: [true],
      async: [true],
    },
    silent: { defer_loading: 'the loss is that of tool_search' },
  },
  {
    api: 'responses',
    name: 'CustomTool',
    file: RESPONSES_FILE,
    path: 'tools[0]',
    body: (members) => responses({ tools: [{ type: 'custom', name: 'f', ...members }] }),
    samples: {
      format: [{ type: 'grammar', syntax: 'lark', definition: 'x' }],
      allowed_callers: [['programmatic']],
      defer_loading: [true],
      async: [true],
    },
    silent: { defer_loading: 'the loss is that of tool_search' },
  },
  {
    api: 'responses',
    name: 'EasyInputMessage',
    file: RESPONSES_FILE,
    path: 'input[1]',
    body: (members) =>
      responses({
        input: [
          { role: 'user', content: 'x' },
          { role: 'assistant', content: 'y', ...members },
          { role: 'user', content: 'z' },
        ],
      }),
    samples: {},
    silent: { type: DEFAULT, phase: 'it describes an output that is past' },
  },
  {
    api: 'responses',
    name: 'ResponseFunctionToolCall',
    file: RESPONSES_FILE,
    path: 'input[1]',
    body: (members) => responsesHistory(members, {}),
    samples: { caller: [{ type: 'program', caller_id: 'x' }], async: [true] },
    silent: { id: IDENTITY, status: 'a history is complete' },
  },
  {
    api: 'responses',
    name: 'ResponseInputText',
    file: RESPONSES_FILE,
    path: 'input[0].content[0]',
    body: (members) => inputPart({ type: 'input_text', text: 'x', ...members }),
    samples: BREAKPOINT,
    silent: { prompt_cache_breakpoint: CACHED },
  },
  {
    api: 'responses',
    name: 'ResponseInputImage',
    file: RESPONSES_FILE,
    path: 'input[0].content[0]',
    body: (members) =>
      inputPart({ type: 'input_image', image_url: `data:image/png;base64,${PNG}`, ...members }),
    samples: { ...BREAKPOINT, image_url: [`data:image/jpeg;base64,${PNG}`], file_id: [] },
    silent: { prompt_cache_breakpoint: CACHED },
  },
  {
    api: 'responses',
    name: 'ResponseInputFile',
    file: RESPONSES_FILE,
    path: 'input[0].content[0]',
    body: (members) =>
      inputPart({ type: 'input_file', file_data: `data:application/pdf;base64,${PDF}`, ...members }),
    samples: {
      ...BREAKPOINT,
      file_data: [`data:application/pdf;base64,${PDF}AA`],
      file_id: [],
      file_url: [],
    },
    silent: {
      detail: DEFAULT,
      prompt_cache_breakpoint: CACHED,
      filename: NO_NAMES,
    },
  },
];

/** What requests of OpenAI's clients may hold. */
export const OPENAI_PLACES: readonly Place[] = [...OF_CHAT, ...OF_RESPONSES];
