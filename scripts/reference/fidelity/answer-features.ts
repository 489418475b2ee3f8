import type { ProviderApi } from '../../../src/translation/conversation.ts';
import type { JsonObject } from '../../../src/translation/json.ts';

/** A feature of answers, with a whole answer that has it in each provider API that can express it. */
export interface AnswerFeature {
  readonly name: string;
  readonly answers: Readonly<Partial<Record<ProviderApi, JsonObject>>>;
  /** Matches the client's body if the feature has arrived. */
  readonly arrives: RegExp;
}

const CALL = { name: 'depth_of', arguments: '{"port":"Brest"}' };
const SEAL = 'U0lHTkFUVVJF';
const SOURCE = { url: 'https://charts.example/brest', title: 'Chart' };

const chat = (message: JsonObject, more: JsonObject = {}, usage: JsonObject = {}): JsonObject => ({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: 'Nine fathoms', ...message },
      finish_reason: 'stop',
      ...more,
    },
  ],
  usage: { prompt_tokens: 5000, completion_tokens: 400, total_tokens: 5400, ...usage },
});

const responses = (output: readonly unknown[], more: JsonObject = {}): JsonObject => ({
  id: 'resp_1',
  object: 'response',
  created_at: 1,
  model: 'm',
  status: 'completed',
  output,
  usage: { input_tokens: 5000, output_tokens: 400, total_tokens: 5400 },
  ...more,
});
const outputText = (more: JsonObject = {}) => ({
  type: 'message',
  id: 'msg_1',
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text: 'Nine fathoms', annotations: [], ...more }],
});

const messages = (content: readonly unknown[], more: JsonObject = {}): JsonObject => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'm',
  content,
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: { input_tokens: 904, output_tokens: 400 },
  ...more,
});

const gemini = (parts: readonly unknown[], more: JsonObject = {}, usage: JsonObject = {}): JsonObject => ({
  candidates: [{ index: 0, content: { role: 'model', parts }, finishReason: 'STOP', ...more }],
  usageMetadata: { promptTokenCount: 5000, candidatesTokenCount: 79, totalTokenCount: 5400, ...usage },
});

const converse = (content: readonly unknown[], more: JsonObject = {}): JsonObject => ({
  output: { message: { role: 'assistant', content } },
  stopReason: 'end_turn',
  usage: { inputTokens: 904, outputTokens: 400, totalTokens: 1304 },
  metrics: { latencyMs: 1 },
  ...more,
});

const TEXT = { text: 'Nine fathoms' };
const TEXT_BLOCK = { type: 'text', ...TEXT };

/** The features that an answer may have. */
export const ANSWER_FEATURES: readonly AnswerFeature[] = [
  {
    name: 'text',
    answers: {
      chat: chat({}),
      responses: responses([outputText()]),
      messages: messages([TEXT_BLOCK]),
      gemini: gemini([TEXT]),
      converse: converse([TEXT]),
    },
    arrives: /Nine fathoms/,
  },
  {
    name: 'calls of functions',
    answers: {
      chat: chat(
        { content: null, tool_calls: [{ id: 'call_1', type: 'function', function: CALL }] },
        { finish_reason: 'tool_calls' },
      ),
      responses: responses([{ type: 'function_call', id: 'fc_1', call_id: 'call_1', ...CALL }]),
      messages: messages([{ type: 'tool_use', id: 'toolu_1', name: 'depth_of', input: { port: 'Brest' } }], {
        stop_reason: 'tool_use',
      }),
      gemini: gemini([{ functionCall: { name: 'depth_of', args: { port: 'Brest' } } }]),
      converse: converse([{ toolUse: { toolUseId: 't1', name: 'depth_of', input: { port: 'Brest' } } }], {
        stopReason: 'tool_use',
      }),
    },
    arrives: /depth_of.*Brest|Brest.*depth_of/,
  },
  {
    name: 'text of the reasoning',
    answers: {
      chat: chat({ reasoning_content: 'Sounding the lead' }),
      responses: responses([
        { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'Sounding the lead' }] },
        outputText(),
      ]),
      messages: messages([{ type: 'thinking', thinking: 'Sounding the lead', signature: SEAL }, TEXT_BLOCK]),
      gemini: gemini([{ text: 'Sounding the lead', thought: true }, TEXT]),
      converse: converse([
        { reasoningContent: { reasoningText: { text: 'Sounding the lead', signature: SEAL } } },
        TEXT,
      ]),
    },
    arrives: /Sounding the lead/,
  },
  {
    name: 'signature of the reasoning',
    answers: {
      responses: responses([
        { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: SEAL },
        outputText(),
      ]),
      messages: messages([{ type: 'thinking', thinking: 'Sounding the lead', signature: SEAL }, TEXT_BLOCK]),
      gemini: gemini([
        { functionCall: { name: 'depth_of', args: { port: 'Brest' } }, thoughtSignature: SEAL },
      ]),
      converse: converse([
        { reasoningContent: { reasoningText: { text: 'Sounding the lead', signature: SEAL } } },
        TEXT,
      ]),
    },
    arrives: new RegExp(SEAL),
  },
  {
    name: 'end by the limit on tokens',
    answers: {
      chat: chat({}, { finish_reason: 'length' }),
      responses: responses([outputText()], {
        status: 'incomplete',
        incomplete_details: { reason: 'max_output_tokens' },
      }),
      messages: messages([TEXT_BLOCK], { stop_reason: 'max_tokens' }),
      gemini: gemini([TEXT], { finishReason: 'MAX_TOKENS' }),
      converse: converse([TEXT], { stopReason: 'max_tokens' }),
    },
    arrives: /:"(?:length|max_tokens|max_output_tokens|MAX_TOKENS)"/,
  },
  {
    name: 'end by a filter',
    answers: {
      chat: chat({}, { finish_reason: 'content_filter' }),
      responses: responses([outputText()], {
        status: 'incomplete',
        incomplete_details: { reason: 'content_filter' },
      }),
      messages: messages([TEXT_BLOCK], { stop_reason: 'refusal' }),
      gemini: gemini([TEXT], { finishReason: 'SAFETY' }),
      converse: converse([TEXT], { stopReason: 'content_filtered' }),
    },
    arrives: /:"(?:content_filter|refusal|SAFETY)"/,
  },
  {
    name: 'sources',
    answers: {
      chat: chat({
        annotations: [{ type: 'url_citation', url_citation: { ...SOURCE, start_index: 0, end_index: 4 } }],
      }),
      responses: responses([
        outputText({ annotations: [{ type: 'url_citation', ...SOURCE, start_index: 0, end_index: 4 }] }),
      ]),
      messages: messages([
        {
          ...TEXT_BLOCK,
          citations: [
            { type: 'web_search_result_location', ...SOURCE, cited_text: 'Nine', encrypted_index: 'x' },
          ],
        },
      ]),
      gemini: gemini([TEXT], {
        groundingMetadata: {
          groundingChunks: [{ web: { uri: SOURCE.url, title: SOURCE.title } }],
          groundingSupports: [{ segment: { startIndex: 0, endIndex: 4 }, groundingChunkIndices: [0] }],
        },
      }),
    },
    arrives: /charts\.example/,
  },
  {
    name: 'cached tokens',
    answers: {
      chat: chat({}, {}, { prompt_tokens_details: { cached_tokens: 4096 } }),
      responses: responses([outputText()], {
        usage: {
          input_tokens: 5000,
          input_tokens_details: { cached_tokens: 4096 },
          output_tokens: 400,
          total_tokens: 5400,
        },
      }),
      messages: messages([TEXT_BLOCK], {
        usage: { input_tokens: 904, cache_read_input_tokens: 4096, output_tokens: 400 },
      }),
      gemini: gemini([TEXT], {}, { cachedContentTokenCount: 4096 }),
      converse: converse([TEXT], {
        usage: { inputTokens: 904, cacheReadInputTokens: 4096, outputTokens: 400, totalTokens: 5400 },
      }),
    },
    arrives: /4096/,
  },
  {
    name: 'tokens of reasoning',
    answers: {
      chat: chat({}, {}, { completion_tokens_details: { reasoning_tokens: 321 } }),
      responses: responses([outputText()], {
        usage: {
          input_tokens: 5000,
          output_tokens: 400,
          output_tokens_details: { reasoning_tokens: 321 },
          total_tokens: 5400,
        },
      }),
      messages: messages([TEXT_BLOCK], {
        usage: { input_tokens: 904, output_tokens: 400, output_tokens_details: { thinking_tokens: 321 } },
      }),
      gemini: gemini([TEXT], {}, { thoughtsTokenCount: 321 }),
    },
    arrives: /:321\b/,
  },
];
