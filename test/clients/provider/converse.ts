import { type Answer, type ApiScript, type StreamEvent, usedBy } from './script.ts';

interface Block {
  readonly toolResult?: {
    readonly content?: readonly {
      readonly text?: string;
      readonly json?: unknown;
      readonly image?: unknown;
    }[];
  };
}

interface Body {
  readonly toolConfig?: { readonly tools?: readonly { readonly toolSpec?: { readonly name: string } }[] };
  readonly messages?: readonly { readonly content: readonly Block[] }[];
}

/** Bedrock's Converse API. The server wraps the events in frames. */
export const converse: ApiScript = {
  read(request) {
    const body = JSON.parse(request.body) as Body;
    const [, model = '', verb] = /\/model\/([^/?]+)\/([\w-]+)/.exec(request.path) ?? [];
    const blocks = (body.messages ?? []).flatMap(({ content }) => content);
    return {
      ...request,
      api: 'converse',
      model: decodeURIComponent(model),
      streams: verb === 'converse-stream',
      tools: (body.toolConfig?.tools ?? []).flatMap(({ toolSpec }) =>
        toolSpec ? [{ name: toolSpec.name, kind: 'function' as const }] : [],
      ),
      results: blocks.flatMap(({ toolResult }) => (toolResult ? [textOf(toolResult)] : [])),
    };
  },
  whole: (_asked, answer, id) => ({
    output: { message: { role: 'assistant', content: blocksOf(answer, id) } },
    stopReason: stopReason(answer),
    usage: usageOf(answer),
    metrics: { latencyMs: 1 },
  }),
  play: (_asked, answer, id) => ({
    opening: [{ name: 'messageStart', data: { role: 'assistant' } }],
    ...(answer.thinking && {
      thinking: {
        start: [delta(0, { reasoningContent: { text: answer.thinking.text } })],
        alive: delta(0, { reasoningContent: { text: ' ' } }),
        end: [
          delta(0, { reasoningContent: { signature: 'c2ln' } }),
          { name: 'contentBlockStop', data: { contentBlockIndex: 0 } },
        ],
      },
    }),
    content: blocksOf(answer, id).flatMap((block, index) =>
      blockEvents(block, index + (answer.thinking ? 1 : 0)),
    ),
    closing: [
      { name: 'messageStop', data: { stopReason: stopReason(answer) } },
      { name: 'metadata', data: { usage: usageOf(answer), metrics: { latencyMs: 1 } } },
    ],
  }),
  failure: ({ code, message }) => ({ name: `exception:${code}`, data: { message } }),
  refusal: ({ message }) => ({ message }),
};

function usageOf(answer: Answer) {
  const { input, output } = usedBy(answer);
  return { inputTokens: input, outputTokens: output, totalTokens: input + output };
}

function textOf({ content }: NonNullable<Block['toolResult']>): string {
  return (content ?? [])
    .map((part) => part.text ?? (part.json === undefined ? '[image]' : JSON.stringify(part.json)))
    .join('\n');
}

function stopReason(answer: Answer): string {
  return answer.calls ? 'tool_use' : 'end_turn';
}

type AnswerBlock =
  | { readonly text: string }
  | { readonly toolUse: { readonly toolUseId: string; readonly name: string; readonly input: unknown } };

function blocksOf(answer: Answer, id: string): AnswerBlock[] {
  const uses = (answer.calls ?? []).map(({ tool, input }, index) => ({
    toolUse: { toolUseId: `tooluse_${id}_${index}`, name: tool.name, input },
  }));
  return answer.text === undefined ? uses : [{ text: answer.text }, ...uses];
}

function delta(contentBlockIndex: number, change: object): StreamEvent {
  return { name: 'contentBlockDelta', data: { contentBlockIndex, delta: change } };
}

function blockEvents(block: AnswerBlock, contentBlockIndex: number): StreamEvent[] {
  const stop: StreamEvent = { name: 'contentBlockStop', data: { contentBlockIndex } };
  if ('text' in block) return [delta(contentBlockIndex, { text: block.text }), stop];
  const { toolUseId, name, input } = block.toolUse;
  return [
    { name: 'contentBlockStart', data: { contentBlockIndex, start: { toolUse: { toolUseId, name } } } },
    delta(contentBlockIndex, { toolUse: { input: JSON.stringify(input) } }),
    stop,
  ];
}
