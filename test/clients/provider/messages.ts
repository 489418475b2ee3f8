import { type Answer, type ApiScript, type Asked, type StreamEvent, usedBy } from './script.ts';

interface Block {
  readonly type: string;
  readonly text?: string;
  readonly content?: string | readonly Block[];
}

interface Body {
  readonly model: string;
  readonly stream?: boolean;
  readonly tools?: readonly { readonly name: string }[];
  readonly messages?: readonly { readonly content: string | readonly Block[] }[];
  readonly thinking?: { readonly type: string; readonly display?: string };
}

/** Anthropic's Messages API. */
export const messages: ApiScript = {
  read(request) {
    const body = JSON.parse(request.body) as Body;
    const blocks = (body.messages ?? []).flatMap(({ content }) =>
      typeof content === 'string' ? [] : content,
    );
    return {
      ...request,
      api: 'messages',
      model: body.model,
      streams: body.stream === true,
      tools: (body.tools ?? []).map(({ name }) => ({ name, kind: 'function' })),
      results: blocks
        .filter(({ type }) => type === 'tool_result')
        .map(({ content }) => textOf(content ?? '')),
    };
  },
  whole: (asked, answer, id) => ({
    ...head(asked, answer, id),
    content: [
      ...(answer.thinking ? [{ type: 'thinking', thinking: thought(asked, answer), signature: 'c2ln' }] : []),
      ...blocksOf(answer, id),
    ],
    stop_reason: stopReason(answer),
    usage: { input_tokens: usedBy(answer).input, output_tokens: usedBy(answer).output },
  }),
  play(asked, answer, id) {
    const from = answer.thinking ? 1 : 0;
    return {
      opening: [event('message_start', { message: head(asked, answer, id) })],
      ...(answer.thinking && { thinking: thinking(thought(asked, answer)) }),
      content: blocksOf(answer, id).flatMap((block, index) => blockEvents(block, from + index)),
      closing: [
        event('message_delta', {
          delta: { stop_reason: stopReason(answer), stop_sequence: null },
          usage: { output_tokens: usedBy(answer).output },
        }),
        event('message_stop', {}),
      ],
    };
  },
  failure: ({ code, message }) => event('error', { error: { type: code, message } }),
  refusal: ({ code, message }) => ({
    type: 'error',
    error: { type: code, message },
    request_id: 'req_scripted',
  }),
};

function textOf(content: string | readonly Block[]): string {
  if (typeof content === 'string') return content;
  return content.map((block) => block.text ?? `[${block.type}]`).join('\n');
}

function event(name: string, data: Readonly<Record<string, unknown>>): StreamEvent {
  return { name, data: { type: name, ...data } };
}

function head({ model }: Asked, answer: Answer, id: string): Record<string, unknown> {
  return {
    id: `msg_${id}`,
    type: 'message',
    role: 'assistant',
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: {
      input_tokens: usedBy(answer).input,
      output_tokens: 1,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
    },
  };
}

function stopReason(answer: Answer): string {
  return answer.calls ? 'tool_use' : 'end_turn';
}

/** Claude omits its thoughts if the client asked for that. */
function thought({ body }: Asked, answer: Answer): string {
  const { thinking } = JSON.parse(body) as Body;
  return thinking?.display === 'omitted' ? '' : (answer.thinking?.text ?? '');
}

function thinking(text: string): { start: StreamEvent[]; alive: StreamEvent; end: StreamEvent[] } {
  const delta = (change: Readonly<Record<string, unknown>>): StreamEvent =>
    event('content_block_delta', { index: 0, delta: change });
  return {
    start: [
      event('content_block_start', {
        index: 0,
        content_block: { type: 'thinking', thinking: '', signature: '' },
      }),
      ...(text === '' ? [] : [delta({ type: 'thinking_delta', thinking: text })]),
    ],
    alive: event('ping', {}),
    end: [delta({ type: 'signature_delta', signature: 'c2ln' }), event('content_block_stop', { index: 0 })],
  };
}

type AnswerBlock =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'tool_use'; readonly id: string; readonly name: string; readonly input: unknown };

function blocksOf(answer: Answer, id: string): AnswerBlock[] {
  const uses = (answer.calls ?? []).map(({ tool, input }, index) => ({
    type: 'tool_use' as const,
    id: `toolu_${id}_${index}`,
    name: tool.name,
    input,
  }));
  return answer.text === undefined ? uses : [{ type: 'text', text: answer.text }, ...uses];
}

function blockEvents(block: AnswerBlock, index: number): StreamEvent[] {
  const empty = block.type === 'text' ? { ...block, text: '' } : { ...block, input: {} };
  const text = block.type === 'text' ? block.text : JSON.stringify(block.input);
  const delta = (piece: string): StreamEvent =>
    event('content_block_delta', {
      index,
      delta:
        block.type === 'text'
          ? { type: 'text_delta', text: piece }
          : { type: 'input_json_delta', partial_json: piece },
    });
  return [
    event('content_block_start', { index, content_block: empty }),
    delta(text.slice(0, 7)),
    delta(text.slice(7)),
    event('content_block_stop', { index }),
  ];
}
