import { CACHED, DEFAULT, NO_NAMES, PDF, type Place, PNG, SCHEMA, SHOWN, URL_SAYS } from './sdk-place.ts';

const MESSAGES_FILE = '@anthropic-ai/sdk/resources/messages/messages.d.ts';
const BETA_FILE = '@anthropic-ai/sdk/resources/beta/messages/messages.d.ts';
const GEMINI_FILE = '@google/genai/dist/genai.d.ts';

const MARK = { type: 'ephemeral' };
const MARKS = { cache_control: [MARK] };
const DOCUMENTATION = 'no model sees it';

const messages = (more: object): object => ({
  model: 'm',
  max_tokens: 4096,
  messages: [{ role: 'user', content: 'x' }],
  ...more,
});
const gemini = (more: object): object => ({ contents: [{ role: 'user', parts: [{ text: 'x' }] }], ...more });

const block = (part: object): object =>
  messages({ messages: [{ role: 'user', content: [part, { type: 'text', text: 'y' }] }] });

/** Members of a part that say something about its data. */
const ABOUT: ReadonlySet<string> = new Set(
  'thought thoughtSignature videoMetadata partMetadata mediaResolution mediaProcessing speechMetadata'.split(
    ' ',
  ),
);
const geminiPart = (part: object): object => ({
  contents: [{ role: 'user', parts: [part, { text: 'y' }] }],
});

const messagesHistory = (call: object, result: object): object =>
  messages({
    messages: [
      { role: 'user', content: 'x' },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'c1', name: 'f', input: {}, ...call }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c1', content: 'r', ...result }] },
    ],
    tools: [{ name: 'f', input_schema: SCHEMA }],
  });
const geminiHistory = (call: object, response: object): object => ({
  contents: [
    { role: 'user', parts: [{ text: 'x' }] },
    { role: 'model', parts: [{ functionCall: { id: 'c1', name: 'f', args: {}, ...call } }] },
    {
      role: 'user',
      parts: [{ functionResponse: { id: 'c1', name: 'f', response: { output: 'r' }, ...response } }],
    },
  ],
  tools: [{ functionDeclarations: [{ name: 'f' }] }],
});

const OF_MESSAGES: readonly Place[] = [
  ...[MESSAGES_FILE, BETA_FILE].map((file): Place => ({
    api: 'messages',
    name: 'MessageCreateParamsBase',
    file,
    path: '',
    body: (members) => messages({ tools: [{ name: 'f', input_schema: SCHEMA }], ...members }),
    samples: {
      billing_policy: [{ a: 1 }],
      betas: [],
      cache_control: [MARK],
      compaction: [{ a: 1 }],
      container: ['container_1', { skills: [] }],
      context_management: [{ edits: [] }],
      diagnostics: [{ previous_message_id: 'x' }],
      fallback_credit_token: ['x'],
      fallbacks: [[{ model: 'x' }]],
      mcp_servers: [[{ type: 'url', url: 'https://x', name: 'n' }]],
      metadata: [{ user_id: 'u' }],
      output_config: [{ effort: 'high' }, { format: { type: 'json_schema', schema: SCHEMA } }],
      output_format: [{ type: 'json_schema', schema: SCHEMA }],
      safeguards: [{ a: 1 }],
      system: ['s', [{ type: 'text', text: 't' }]],
      thinking: [{ type: 'enabled', budget_tokens: 2048 }, { type: 'disabled' }],
      thread: [{ id: 't' }],
      tool_choice: [
        { type: 'none' },
        { type: 'any' },
        { type: 'tool', name: 'f' },
        { type: 'auto', disable_parallel_tool_use: true },
      ],
      tools: [[{ name: 'g', input_schema: SCHEMA }]],
    },
    silent: {
      stream: URL_SAYS,
      cache_control: CACHED,
      thinking: DEFAULT,
    },
  })),
  ...(['OutputConfig', 'BetaOutputConfig'] as const).map((name): Place => ({
    api: 'messages',
    name,
    file: name === 'OutputConfig' ? MESSAGES_FILE : BETA_FILE,
    path: 'output_config',
    body: (members) => messages({ output_config: { effort: 'medium', ...members } }),
    samples: {
      effort: ['low', 'high', 'max'],
      format: [{ type: 'json_schema', schema: SCHEMA }],
      task_budget: [{ type: 'tokens', total: 9 }],
    },
  })),
  ...(['ThinkingConfigEnabled', 'BetaThinkingConfigEnabled'] as const).map((name): Place => ({
    api: 'messages',
    name,
    file: name === 'ThinkingConfigEnabled' ? MESSAGES_FILE : BETA_FILE,
    path: 'thinking',
    body: (members) => messages({ thinking: { type: 'enabled', budget_tokens: 2048, ...members } }),
    samples: { block_binding: [{ type: 'x' }], display: ['summarized', 'omitted'] },
    silent: { display: SHOWN },
  })),
  {
    api: 'messages',
    name: 'Tool',
    file: MESSAGES_FILE,
    path: 'tools[0]',
    body: (members) => messages({ tools: [{ name: 'f', input_schema: SCHEMA, ...members }] }),
    samples: {
      ...MARKS,
      allowed_callers: [['code_execution_20260120']],
      defer_loading: [true],
      eager_input_streaming: [true],
      input_examples: [[{ a: 'x' }]],
      strict: [true],
    },
    silent: { cache_control: CACHED, type: DEFAULT },
  },
  {
    api: 'messages',
    name: 'TextBlockParam',
    file: MESSAGES_FILE,
    path: 'messages[0].content[0]',
    body: (members) => block({ type: 'text', text: 'x', ...members }),
    samples: { ...MARKS, citations: [[{ type: 'char_location', cited_text: 'c', document_index: 0 }]] },
    silent: { cache_control: CACHED },
  },
  {
    api: 'messages',
    name: 'ImageBlockParam',
    file: MESSAGES_FILE,
    path: 'messages[0].content[0]',
    body: (members) =>
      block({ type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG }, ...members }),
    samples: { ...MARKS, transformations: [{ resize: 1 }] },
    silent: { cache_control: CACHED },
  },
  {
    api: 'messages',
    name: 'DocumentBlockParam',
    file: MESSAGES_FILE,
    path: 'messages[0].content[0]',
    body: (members) =>
      block({
        type: 'document',
        source: { type: 'base64', media_type: 'application/pdf', data: PDF },
        ...members,
      }),
    samples: { ...MARKS, citations: [{ enabled: true }] },
    silent: { cache_control: CACHED, title: NO_NAMES },
  },
  {
    api: 'messages',
    name: 'SearchResultBlockParam',
    file: MESSAGES_FILE,
    path: 'messages[0].content[0]',
    body: (members) =>
      block({
        type: 'search_result',
        source: 's',
        title: 't',
        content: [{ type: 'text', text: 'c' }],
        ...members,
      }),
    samples: { ...MARKS, citations: [{ enabled: true }] },
  },
  {
    api: 'messages',
    name: 'ToolUseBlockParam',
    file: MESSAGES_FILE,
    path: 'messages[1].content[0]',
    body: (members) => messagesHistory(members, {}),
    samples: { ...MARKS, caller: [{ type: 'code_execution_20260120', tool_id: 'x' }] },
    silent: { cache_control: CACHED },
  },
  {
    api: 'messages',
    name: 'ToolResultBlockParam',
    file: MESSAGES_FILE,
    path: 'messages[2].content[0]',
    body: (members) => messagesHistory({}, members),
    samples: {
      ...MARKS,
      content: ['other', [{ type: 'text', text: 'z' }]],
      is_error: [true],
    },
    silent: { cache_control: CACHED },
  },
];

const OF_GEMINI: readonly Place[] = [
  {
    api: 'gemini',
    name: 'GenerationConfig',
    file: GEMINI_FILE,
    path: 'generationConfig',
    body: (members) => gemini({ generationConfig: members }),
    samples: {
      modelSelectionConfig: [{ a: 1 }],
      responseJsonSchema: [SCHEMA],
      audioTranscriptionConfig: [{ a: 1 }],
      audioTimestamp: [true],
      candidateCount: [2],
      mediaResolution: ['MEDIA_RESOLUTION_LOW'],
      responseFormat: [[{ text: { mimeType: 'application/json', schema: SCHEMA } }]],
      responseMimeType: ['application/json'],
      responseModalities: [['AUDIO']],
      responseSchema: [{ type: 'OBJECT' }],
      routingConfig: [{ a: 1 }],
      speechConfig: [{ a: 1 }],
      thinkingConfig: [{ thinkingLevel: 'HIGH' }, { thinkingBudget: 2048 }],
      translationConfig: [{ a: 1 }],
      enableAffectiveDialog: [true],
      enableEnhancedCivicAnswers: [true],
      responseLogprobs: [true],
    },
    silent: {
      logprobs: 'it means nothing without responseLogprobs',
    },
  },
  {
    api: 'gemini',
    name: 'ThinkingConfig',
    file: GEMINI_FILE,
    path: 'generationConfig.thinkingConfig',
    body: (members) =>
      gemini({ generationConfig: { thinkingConfig: { thinkingLevel: 'MEDIUM', ...members } } }),
    samples: { thinkingLevel: ['LOW', 'HIGH'], thinkingBudget: [20_000] },
    silent: {
      includeThoughts: SHOWN,
      thinkingBudget: 'the level is there',
    },
  },
  {
    api: 'gemini',
    name: 'Tool',
    file: GEMINI_FILE,
    path: 'tools[0]',
    body: (members) => gemini({ tools: [members, { functionDeclarations: [{ name: 'f' }] }] }),
    samples: new Proxy<Record<string, readonly unknown[]>>(
      { functionDeclarations: [[{ name: 'g' }]], mcpServers: [[{ name: 'n' }]] },
      { get: (given, key) => given[String(key)] ?? [{ a: 1 }] },
    ),
  },
  {
    api: 'gemini',
    name: 'FunctionDeclaration',
    file: GEMINI_FILE,
    path: 'tools[0].functionDeclarations[0]',
    body: (members) => gemini({ tools: [{ functionDeclarations: [{ name: 'f', ...members }] }] }),
    samples: {
      behavior: ['NON_BLOCKING'],
      name: [],
      parameters: [{ type: 'OBJECT', properties: { a: { type: 'STRING' } } }],
      parametersJsonSchema: [SCHEMA],
      response: [{ type: 'OBJECT' }],
      responseJsonSchema: [SCHEMA],
    },
    silent: { response: DOCUMENTATION, responseJsonSchema: DOCUMENTATION },
  },
  {
    api: 'gemini',
    name: 'ToolConfig',
    file: GEMINI_FILE,
    path: 'toolConfig',
    body: (members) => gemini({ tools: [{ functionDeclarations: [{ name: 'f' }] }], toolConfig: members }),
    samples: {
      functionCallingConfig: [{ mode: 'ANY' }, { mode: 'NONE' }],
      retrievalConfig: [{ languageCode: 'de' }],
      includeServerSideToolInvocations: [true],
    },
  },
  {
    api: 'gemini',
    name: 'FunctionCallingConfig',
    file: GEMINI_FILE,
    path: 'toolConfig.functionCallingConfig',
    body: (members) =>
      gemini({
        tools: [{ functionDeclarations: [{ name: 'f' }, { name: 'g' }] }],
        toolConfig: { functionCallingConfig: { mode: 'ANY', ...members } },
      }),
    samples: {
      allowedFunctionNames: [['f']],
      mode: ['AUTO', 'VALIDATED'],
      streamFunctionCallArguments: [true],
    },
  },
  {
    api: 'gemini',
    name: 'Part',
    file: GEMINI_FILE,
    path: 'contents[0].parts[0]',
    takes: (name) => !ABOUT.has(name),
    body: geminiPart,
    samples: {
      toolCall: [{ id: 'a' }],
      toolResponse: [{ id: 'a' }],
      audioTranscription: [{ text: 'x' }],
      codeExecutionResult: [{ outcome: 'OUTCOME_OK', output: 'o' }],
      executableCode: [{ language: 'PYTHON', code: 'c' }],
      fileData: [{ fileUri: 'https://x/y.png', mimeType: 'image/png' }],
      functionCall: [{ name: 'f', args: {} }],
      functionResponse: [{ name: 'f', response: {} }],
      inlineData: [{ mimeType: 'image/png', data: PNG }],
    },
  },
  {
    api: 'gemini',
    name: 'Part',
    file: GEMINI_FILE,
    path: 'contents[0].parts[0]',
    takes: (name) => ABOUT.has(name),
    body: (members) => geminiPart({ text: 'x', ...members }),
    samples: {
      mediaResolution: [{ level: 'x' }],
      thought: [true],
      videoMetadata: [{ fps: 1 }],
      partMetadata: [{ a: 1 }],
      mediaProcessing: [{ a: 1 }],
      speechMetadata: [{ a: 1 }],
    },
    silent: { thoughtSignature: 'only the model that signed it can read it' },
  },
  {
    api: 'gemini',
    name: 'FunctionCall',
    file: GEMINI_FILE,
    path: 'contents[1].parts[0].functionCall',
    body: (members) => geminiHistory(members, {}),
    samples: {
      args: [{ b: 1 }],
      id: [],
      name: [],
      partialArgs: [[{ jsonPath: '$.a' }]],
      willContinue: [true],
    },
  },
  {
    api: 'gemini',
    name: 'Blob_2',
    file: GEMINI_FILE,
    path: 'contents[0].parts[0]',
    body: (members) => geminiPart({ inlineData: { mimeType: 'application/pdf', data: PDF, ...members } }),
    samples: { data: [`${PDF}AA`], mimeType: ['image/png'] },
  },
];

/** What requests of Anthropic's and Google's clients may hold. */
export const OTHER_PLACES: readonly Place[] = [...OF_MESSAGES, ...OF_GEMINI];
