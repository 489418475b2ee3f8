import { type Feature, inAll } from './feature.ts';

const SCHEMA = {
  type: 'object',
  properties: { fathoms: { type: 'number' } },
  required: ['fathoms'],
  additionalProperties: false,
};
const gemini = (fields: Readonly<Record<string, unknown>>) => ({ generationConfig: fields });

/** Settings for sampling, length and format. */
export const SETTING_FEATURES: readonly Feature[] = [
  {
    name: 'limit on tokens',
    asked: {
      chat: { max_completion_tokens: 777 },
      completions: { max_tokens: 777 },
      responses: { max_output_tokens: 777 },
      messages: { max_tokens: 777 },
      gemini: gemini({ maxOutputTokens: 777 }),
    },
    arrives: /"(?:max_(?:completion_|output_)?tokens|max(?:Output)?Tokens)":777[,}]/,
  },
  {
    name: 'stop sequences',
    asked: {
      ...inAll(['chat', 'completions'], { stop: ['AHOY'] }),
      messages: { stop_sequences: ['AHOY'] },
      gemini: gemini({ stopSequences: ['AHOY'] }),
    },
    arrives: /"stop(?:_sequences|Sequences)?":\["AHOY"\]/,
  },
  {
    name: '`temperature`',
    asked: {
      ...inAll(['chat', 'responses', 'messages', 'completions'], { temperature: 0.25 }),
      gemini: gemini({ temperature: 0.25 }),
    },
    arrives: /"temperature":0\.25/,
  },
  {
    name: '`temperature` above 1',
    asked: {
      ...inAll(['chat', 'responses', 'completions'], { temperature: 1.5 }),
      gemini: gemini({ temperature: 1.5 }),
    },
    arrives: /"temperature":1/,
  },
  {
    name: '`top_p`',
    asked: {
      ...inAll(['chat', 'responses', 'messages', 'completions'], { top_p: 0.75 }),
      gemini: gemini({ topP: 0.75 }),
    },
    arrives: /"top_?[pP]":0\.75/,
  },
  {
    name: '`top_k`',
    asked: { messages: { top_k: 17 }, gemini: gemini({ topK: 17 }) },
    arrives: /"top_?[kK]":17/,
  },
  {
    name: 'penalties',
    asked: {
      ...inAll(['chat', 'completions'], { presence_penalty: 0.125 }),
      gemini: gemini({ presencePenalty: 0.125 }),
    },
    arrives: /"presence_?[pP]enalty":0\.125/,
  },
  {
    name: '`seed`',
    asked: { ...inAll(['chat', 'completions'], { seed: 4711 }), gemini: gemini({ seed: 4711 }) },
    arrives: /"seed":4711/,
  },
  {
    name: '`logit_bias`',
    asked: inAll(['chat', 'completions'], { logit_bias: { 1234: 5 } }),
    arrives: /"logit_bias":\{"1234":5\}/,
  },
  {
    name: 'several answers (`n`)',
    asked: { ...inAll(['chat', 'completions'], { n: 2 }), gemini: gemini({ candidateCount: 2 }) },
    arrives: /"(?:n|candidateCount)":2/,
  },
  {
    name: 'log probabilities',
    asked: {
      chat: { logprobs: true, top_logprobs: 3 },
      completions: { logprobs: 3 },
      responses: { include: ['message.output_text.logprobs'], top_logprobs: 3 },
      gemini: gemini({ responseLogprobs: true, logprobs: 3 }),
    },
    arrives: /"(?:top_)?logprobs":3/,
  },
  {
    name: 'JSON, of any form',
    asked: {
      chat: { response_format: { type: 'json_object' } },
      responses: { text: { format: { type: 'json_object' } } },
      gemini: gemini({ responseMimeType: 'application/json' }),
    },
    arrives: /json_object|application\/json|JSON/,
  },
  {
    name: 'JSON, of a schema',
    asked: {
      chat: {
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'depth', schema: SCHEMA, strict: true },
        },
      },
      responses: { text: { format: { type: 'json_schema', name: 'depth', schema: SCHEMA, strict: true } } },
      messages: { output_config: { format: { type: 'json_schema', schema: SCHEMA } } },
      gemini: gemini({ responseMimeType: 'application/json', responseJsonSchema: SCHEMA }),
    },
    arrives: /fathoms/,
  },
  {
    name: 'effort of reasoning',
    reasons: true,
    asked: {
      chat: { reasoning_effort: 'high' },
      responses: { reasoning: { effort: 'high' } },
      messages: { output_config: { effort: 'high' } },
      gemini: gemini({ thinkingConfig: { thinkingLevel: 'HIGH' } }),
    },
    arrives: /"(?:high|HIGH)"/,
  },
  {
    name: 'budget of reasoning, or the effort that it comes to',
    reasons: true,
    beside: { messages: { max_tokens: 30_000 } },
    asked: {
      messages: { thinking: { type: 'enabled', budget_tokens: 12_000 } },
      gemini: gemini({ thinkingConfig: { thinkingBudget: 12_000 } }),
    },
    arrives: /12000|"(?:medium|MEDIUM)"/,
  },
  {
    name: 'length of the answer (`verbosity`)',
    reasons: true,
    asked: { chat: { verbosity: 'low' }, responses: { text: { verbosity: 'low' } } },
    arrives: /"verbosity":"low"/,
  },
  {
    name: "the end user's id",
    asked: {
      ...inAll(['chat', 'responses'], { safety_identifier: 'sailor-7' }),
      completions: { user: 'sailor-7' },
      messages: { metadata: { user_id: 'sailor-7' } },
    },
    arrives: /"(?:user|user_id|safety_identifier)":"sailor-7"/,
  },
  {
    name: '`metadata`',
    asked: inAll(['chat', 'responses'], { metadata: { ship: 'albatros' } }),
    arrives: /"(?:m|requestM)etadata":\{"ship":"albatros"\}/,
  },
  {
    name: '`service_tier`',
    asked: {
      ...inAll(['chat', 'responses'], { service_tier: 'default' }),
      messages: { service_tier: 'standard_only' },
    },
    arrives: /"service_?[tT]ier":/,
  },
  {
    name: '`prompt_cache_key`',
    asked: inAll(['chat', 'responses'], { prompt_cache_key: 'watch-3' }),
    arrives: /"prompt_cache_key":"watch-3"/,
  },
  { name: '`store`', asked: inAll(['chat', 'responses'], { store: true }), arrives: /"store":true/ },
  {
    name: 'an earlier answer by its id',
    asked: { responses: { previous_response_id: 'resp_4711' } },
    arrives: /resp_4711/,
  },
  {
    name: 'safety settings',
    asked: {
      gemini: {
        safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_ONLY_HIGH' }],
      },
    },
    arrives: /BLOCK_ONLY_HIGH/,
  },
  {
    name: 'a stored prompt cache',
    asked: { gemini: { cachedContent: 'cachedContents/1' } },
    arrives: /cachedContents/,
  },
  {
    name: 'audio as the answer',
    asked: {
      chat: { modalities: ['text', 'audio'], audio: { voice: 'alloy', format: 'wav' } },
      gemini: gemini({ responseModalities: ['AUDIO'] }),
    },
    arrives: /"(?:audio|AUDIO)"/,
  },
  {
    name: 'a text behind the answer (`suffix`)',
    asked: { completions: { suffix: 'Farewell' } },
    arrives: /Farewell/,
  },
  { name: 'several prompts', asked: { completions: { prompt: ['Hello', 'Ahoy'] } }, arrives: /Hello.*Ahoy/ },
  { name: 'prompt in tokens', asked: { completions: { prompt: [4711, 12] } }, arrives: /4711/ },
  { name: '`best_of`', asked: { completions: { best_of: 3 } }, arrives: /"best_of":3/ },
];
