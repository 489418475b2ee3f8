import { type Answer, type ApiScript, type Asked, argumentsOf, type StreamEvent, usedBy } from './script.ts';

interface Body {
  readonly model: string;
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean };
  readonly tools?: readonly {
    readonly type: string;
    readonly function?: { readonly name: string };
    readonly custom?: { readonly name: string };
  }[];
  readonly messages?: readonly { readonly role: string; readonly content?: unknown }[];
}

/** OpenAI's Chat Completions API. */
export const chat: ApiScript = {
  read(request) {
    const body = JSON.parse(request.body) as Body;
    return {
      ...request,
      api: 'chat',
      model: body.model,
      streams: body.stream === true,
      tools: (body.tools ?? []).map((tool) => ({
        name: tool.function?.name ?? tool.custom?.name ?? '',
        kind: tool.type === 'custom' ? 'custom' : 'function',
      })),
      results: (body.messages ?? [])
        .filter(({ role }) => role === 'tool')
        .map(({ content }) => textOf(content)),
    };
  },
  whole: (asked, answer, id) => ({
    ...base(asked, id),
    object: 'chat.completion',
    choices: [
      {
        index: 0,
        finish_reason: finishReason(answer),
        message: {
          role: 'assistant',
          content: answer.text ?? null,
          ...(answer.thinking && { reasoning_content: answer.thinking.text }),
          ...(answer.calls && { tool_calls: callsOf(answer, id) }),
        },
      },
    ],
    usage: usageOf(answer),
  }),
  play(asked, answer, id) {
    const chunk = (delta: object, finish: string | null = null): StreamEvent => ({
      data: {
        ...base(asked, id),
        object: 'chat.completion.chunk',
        choices: [{ index: 0, delta, finish_reason: finish }],
      },
    });
    const body = JSON.parse(asked.body) as Body;
    const usage: StreamEvent = {
      data: { ...base(asked, id), object: 'chat.completion.chunk', choices: [], usage: usageOf(answer) },
    };
    return {
      opening: [chunk({ role: 'assistant', content: '' })],
      ...(answer.thinking && {
        thinking: { start: [chunk({ reasoning_content: answer.thinking.text })], alive: chunk({}), end: [] },
      }),
      content: [
        ...(answer.text === undefined ? [] : [chunk({ content: answer.text })]),
        ...callsOf(answer, id).flatMap((call) => [
          chunk({ tool_calls: [{ ...call, function: { ...call.function, arguments: '' } }] }),
          chunk({ tool_calls: [{ index: call.index, function: { arguments: call.function.arguments } }] }),
        ]),
      ],
      closing: [
        chunk({}, finishReason(answer)),
        ...(body.stream_options?.include_usage === true ? [usage] : []),
        { data: '[DONE]' },
      ],
    };
  },
  failure: ({ code, message }) => ({ data: { error: { message, type: code, param: null, code } } }),
  refusal: ({ code, message }) => ({ error: { message, type: code, param: null, code } }),
};

function usageOf(answer: Answer) {
  const { input, output } = usedBy(answer);
  return { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  const parts = content as readonly { readonly type: string; readonly text?: string }[];
  return parts.map((part) => part.text ?? `[${part.type}]`).join('\n');
}

function base({ model }: Asked, id: string): Record<string, unknown> {
  return { id: `chatcmpl-${id}`, created: 1_790_000_000, model };
}

function finishReason(answer: Answer): string {
  return answer.calls ? 'tool_calls' : 'stop';
}

interface ChatCall {
  readonly index: number;
  readonly id: string;
  readonly type: 'function';
  readonly function: { readonly name: string; readonly arguments: string };
}

function callsOf(answer: Answer, id: string): ChatCall[] {
  return (answer.calls ?? []).map((call, index) => ({
    index,
    id: `call_${id}_${index}`,
    type: 'function',
    function: { name: call.tool.name, arguments: argumentsOf(call) },
  }));
}
