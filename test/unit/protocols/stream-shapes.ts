import type { StreamSign, Usage } from '../../../src/protocols/protocol.ts';

/** A real stream of one provider, and the expected result of reading it. */
export interface StreamShape {
  readonly name: string;
  readonly path: string;
  readonly stream: string;
  /** The meaning of each event, comments included. */
  readonly signs: readonly StreamSign[];
  readonly usage: Partial<Usage> | undefined;
}

const CHAT = '/v1/chat/completions';

function data(...events: readonly (object | string)[]): string {
  return events
    .map((event) => `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`)
    .join('');
}

function named(...events: readonly ({ readonly type: string } & Record<string, unknown>)[]): string {
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('');
}

function chunk(delta: object | null, finish: string | null = null, rest: object = {}): object {
  const choices = delta === null ? [] : [{ index: 0, delta, logprobs: null, finish_reason: finish }];
  return { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'm', choices, ...rest };
}

export const SHAPES: readonly StreamShape[] = [
  {
    name: 'OpenAI with usage asked for, and obfuscation',
    path: CHAT,
    stream: data(
      chunk({ role: 'assistant', content: '', refusal: null }, null, { usage: null, obfuscation: 'aK3' }),
      chunk({ content: 'Hello' }, null, { usage: null, obfuscation: 'x9' }),
      chunk({ content: ' "usage":{} 世界' }, null, { usage: null, obfuscation: 'Zq1p' }),
      chunk({}, 'stop', { usage: null, obfuscation: '' }),
      chunk(null, null, {
        usage: {
          prompt_tokens: 9,
          completion_tokens: 4,
          total_tokens: 13,
          prompt_tokens_details: { cached_tokens: 2, audio_tokens: 0 },
          completion_tokens_details: { reasoning_tokens: 1 },
        },
      }),
      '[DONE]',
    ),
    signs: ['preamble', 'content', 'content', 'content', 'usage-only', 'done'],
    usage: { inputTokens: 9, outputTokens: 4, totalTokens: 13, cachedTokens: 2, reasoningTokens: 1 },
  },
  {
    name: 'OpenAI without usage',
    path: CHAT,
    stream: data(
      chunk({ role: 'assistant', content: '' }),
      chunk({ content: 'Hi' }),
      chunk({}, 'stop'),
      '[DONE]',
    ),
    signs: ['preamble', 'content', 'content', 'done'],
    usage: undefined,
  },
  {
    name: 'OpenAI with a tool call',
    path: CHAT,
    stream: data(
      chunk({
        role: 'assistant',
        content: null,
        tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'f', arguments: '' } }],
      }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: '{"usage":' } }] }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: '{"a":1}}' } }] }),
      chunk({}, 'tool_calls'),
      '[DONE]',
    ),
    signs: ['content', 'content', 'content', 'content', 'done'],
    usage: undefined,
  },
  {
    name: 'Azure, with the judgement of the prompt first',
    path: '/openai/deployments/gpt-4o/chat/completions',
    stream: data(
      {
        choices: [],
        created: 0,
        id: '',
        model: '',
        object: '',
        prompt_filter_results: [{ prompt_index: 0, content_filter_results: { hate: { filtered: false } } }],
      },
      chunk({ role: 'assistant', content: '' }),
      chunk({ content: 'Bonjour' }),
      chunk({}, 'stop', { usage: null }),
      chunk(null, null, { usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } }),
      '[DONE]',
    ),
    signs: ['preamble', 'preamble', 'content', 'content', 'usage-only', 'done'],
    usage: { inputTokens: 3, outputTokens: 2 },
  },
  {
    name: 'DeepSeek, which reasons before it speaks and reports with the finish',
    path: CHAT,
    stream: `: keep-alive\n\n${data(
      chunk({ role: 'assistant', content: null, reasoning_content: '' }),
      chunk({ content: null, reasoning_content: 'Hmm' }),
      chunk({ content: null, reasoning_content: '…' }),
      chunk({ content: 'Yes', reasoning_content: null }),
      chunk({ content: '', reasoning_content: null }, 'stop', {
        usage: {
          prompt_tokens: 20,
          completion_tokens: 10,
          total_tokens: 30,
          prompt_cache_hit_tokens: 16,
          completion_tokens_details: { reasoning_tokens: 8 },
        },
      }),
      '[DONE]',
    )}`,
    signs: ['preamble', 'preamble', 'content', 'content', 'content', 'content', 'done'],
    usage: { inputTokens: 20, outputTokens: 10, cachedTokens: 16, reasoningTokens: 8 },
  },
  {
    name: 'Groq, which reports under a name of its own',
    path: CHAT,
    stream: data(
      chunk({ role: 'assistant', content: '' }, null, { x_groq: { id: 'req_1' } }),
      chunk({ content: 'Hey' }),
      chunk({}, 'stop', {
        x_groq: {
          id: 'req_1',
          usage: { queue_time: 0.1, prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 },
        },
      }),
      '[DONE]',
    ),
    signs: ['preamble', 'content', 'content', 'done'],
    usage: { inputTokens: 7, outputTokens: 3, totalTokens: 10 },
  },
  {
    name: 'OpenRouter, with comments and two ways to reason',
    path: CHAT,
    stream: `: OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\n${data(
      chunk({
        role: 'assistant',
        content: '',
        reasoning: 'a',
        reasoning_details: [{ type: 'reasoning.text', text: 'a' }],
      }),
      chunk({ role: 'assistant', content: 'b', reasoning: null }),
      chunk({ role: 'assistant', content: '' }, 'stop', { native_finish_reason: 'STOP' }),
      chunk({ role: 'assistant', content: '' }, null, {
        usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7, cost: 0.001 },
      }),
      '[DONE]',
    )}`,
    signs: ['preamble', 'content', 'content', 'content', 'preamble', 'done'],
    usage: { totalTokens: 7 },
  },
  {
    name: 'vLLM with running totals',
    path: CHAT,
    stream: data(
      chunk({ role: 'assistant', content: '' }, null, {
        usage: { prompt_tokens: 4, completion_tokens: 0, total_tokens: 4 },
      }),
      chunk({ content: 'a' }, null, { usage: { prompt_tokens: 4, completion_tokens: 1, total_tokens: 5 } }),
      chunk({ content: 'b' }, null, { usage: { prompt_tokens: 4, completion_tokens: 2, total_tokens: 6 } }),
      chunk({ content: '' }, 'length', {
        stop_reason: null,
        usage: { prompt_tokens: 4, completion_tokens: 2, total_tokens: 6 },
      }),
      chunk(null, null, { usage: { prompt_tokens: 4, completion_tokens: 3, total_tokens: 7 } }),
      '[DONE]',
    ),
    signs: ['preamble', 'content', 'content', 'content', 'usage-only', 'done'],
    usage: { inputTokens: 4, outputTokens: 3, totalTokens: 7 },
  },
  {
    name: 'a provider that says 0 until it knows, and 0 again at the end',
    path: CHAT,
    stream: data(
      chunk({ content: 'a' }, null, { usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 } }),
      chunk({}, 'stop', { usage: { prompt_tokens: 4, completion_tokens: 2, total_tokens: 6 } }),
      chunk(null, null, { usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 } }),
      '[DONE]',
    ),
    signs: ['content', 'content', 'usage-only', 'done'],
    usage: { totalTokens: 6 },
  },
  {
    name: 'Ollama, which repeats the role',
    path: CHAT,
    stream: data(
      chunk({ role: 'assistant', content: 'a' }, null, { system_fingerprint: 'fp_ollama' }),
      chunk({ role: 'assistant', content: 'b' }),
      chunk({ role: 'assistant', content: '' }, 'stop'),
      chunk(null, null, { usage: { prompt_tokens: 2, completion_tokens: 2, total_tokens: 4 } }),
      '[DONE]',
    ),
    signs: ['content', 'content', 'content', 'usage-only', 'done'],
    usage: { totalTokens: 4 },
  },
  {
    name: 'Gemini behind its OpenAI face, in two large pieces with CRLF and spaces in its JSON',
    path: CHAT,
    stream:
      'data: {"choices": [{"delta": {"content": "Long \\u4eca", "role": "assistant"}, "index": 0}], "usage": {"completion_tokens": 1, "prompt_tokens": 8, "total_tokens": 9}}\r\n\r\n' +
      'data: {"choices": [{"delta": {"content": "text"}, "finish_reason": "stop", "index": 0}], "usage": {"completion_tokens": 3, "prompt_tokens": 8, "total_tokens": 20}}\r\n\r\n' +
      'data: [DONE]\r\n\r\n',
    signs: ['content', 'content', 'done'],
    usage: { inputTokens: 8, outputTokens: 3, totalTokens: 20 },
  },
  {
    name: 'an answer that is complete and empty',
    path: CHAT,
    stream: data(chunk({ role: 'assistant', content: '' }), chunk({}, 'stop'), '[DONE]'),
    signs: ['preamble', 'content', 'done'],
    usage: undefined,
  },
  {
    name: 'text completions',
    path: '/v1/completions',
    stream: data(
      { choices: [{ text: '', index: 0, finish_reason: null }], usage: null },
      { choices: [{ text: 'Once', index: 0, finish_reason: null }], usage: null },
      { choices: [{ text: '', index: 0, finish_reason: 'length' }], usage: null },
      { choices: [], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } },
      '[DONE]',
    ),
    signs: ['preamble', 'content', 'content', 'usage-only', 'done'],
    usage: { totalTokens: 2 },
  },
  {
    name: 'Anthropic messages',
    path: '/v1/messages',
    stream: named(
      {
        type: 'message_start',
        message: {
          id: 'msg_1',
          type: 'message',
          role: 'assistant',
          content: [],
          stop_reason: null,
          usage: {
            input_tokens: 25,
            cache_creation_input_tokens: 0,
            cache_read_input_tokens: 100,
            output_tokens: 1,
          },
        },
      },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'ping' },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: '!' } },
      { type: 'content_block_stop', index: 0 },
      {
        type: 'message_delta',
        delta: { stop_reason: 'end_turn', stop_sequence: null },
        usage: { output_tokens: 15 },
      },
      { type: 'message_stop' },
    ),
    signs: ['preamble', 'preamble', 'preamble', 'content', 'content', 'preamble', 'content', 'done'],
    usage: { inputTokens: 125, outputTokens: 15, totalTokens: 140, cachedTokens: 100 },
  },
  {
    name: 'Anthropic with thinking and a tool',
    path: '/v1/messages',
    stream: named(
      { type: 'message_start', message: { content: [], usage: { input_tokens: 5, output_tokens: 1 } } },
      {
        type: 'content_block_start',
        index: 0,
        content_block: { type: 'thinking', thinking: '', signature: '' },
      },
      { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'Hm' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: 'abc' } },
      { type: 'content_block_stop', index: 0 },
      {
        type: 'content_block_start',
        index: 1,
        content_block: { type: 'tool_use', id: 't', name: 'f', input: {} },
      },
      { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '{"a":1}' } },
      { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 9 } },
      { type: 'message_stop' },
    ),
    signs: [
      'preamble',
      'thinking',
      'content',
      'preamble',
      'preamble',
      'preamble',
      'content',
      'content',
      'done',
    ],
    usage: { inputTokens: 5, outputTokens: 9 },
  },
  {
    name: 'Responses',
    path: '/v1/responses',
    stream: named(
      { type: 'response.created', response: { status: 'in_progress', error: null, usage: null } },
      { type: 'response.in_progress', response: { status: 'in_progress', error: null, usage: null } },
      { type: 'response.output_item.added', item: { type: 'message', status: 'in_progress', content: [] } },
      { type: 'response.content_part.added', part: { type: 'output_text', text: '' } },
      { type: 'response.output_text.delta', delta: 'Hi', obfuscation: 'x' },
      { type: 'response.output_text.delta', delta: ' there', obfuscation: 'yy' },
      { type: 'response.output_text.done', text: 'Hi there' },
      {
        type: 'response.completed',
        response: {
          status: 'completed',
          error: null,
          output: [{ content: [{ text: 'Hi there', usage: { input_tokens: 99 } }] }],
          usage: {
            input_tokens: 8,
            input_tokens_details: { cached_tokens: 4 },
            output_tokens: 3,
            output_tokens_details: { reasoning_tokens: 0 },
            total_tokens: 11,
          },
        },
      },
    ),
    signs: ['preamble', 'preamble', 'preamble', 'preamble', 'content', 'content', 'preamble', 'content'],
    usage: { inputTokens: 8, outputTokens: 3, totalTokens: 11, cachedTokens: 4, reasoningTokens: 0 },
  },
];
