import { type Call, CREATED } from '../call.ts';
import type { Item, Part } from '../item.ts';
import { objectOf } from '../json.ts';
import { openAiUsage } from '../usage.ts';
import type { Plan } from '../plan.ts';
import { thoughts } from '../thoughts.ts';
import { toolDeltas } from './tool-deltas.ts';

/** The content of a chat completion, streamed or not. */
export interface ChatPlan extends Plan {
  readonly id: string;
  readonly model: string;
  /** The number of choices. */
  readonly count: number;
  readonly finishReason: string;
}

/** The events of a streamed chat completion, in OpenAI's order: roles, content, finish reasons, usage, [DONE]. */
export function* chatEvents(plan: ChatPlan, call: Call): Generator<Item> {
  const wantsUsage = objectOf(call.body['stream_options'])['include_usage'] === true;
  const chunk = createChunk(plan, wantsUsage);
  for (let index = 0; index < plan.count; index++) {
    yield chunk('opening', index, '{"role":"assistant","content":"","refusal":null}');
  }
  yield* thoughts(call.options, { kind: 'comment', text: 'keepalive' });
  const reasoningField = call.options.reasoning?.field ?? 'reasoning';
  for (let at = 0; at < (plan.reasoning?.count ?? 0); at++) {
    yield chunk('content', 0, JSON.stringify({ [reasoningField]: plan.reasoning?.piece(at) }));
  }
  yield* textEvents(plan, chunk);
  if (plan.calls.length > 0) {
    const deltas = toolDeltas(plan.calls, call.options.toolShape ?? 'split');
    for (let index = 0; index < plan.count; index++) {
      for (const delta of deltas) yield chunk('content', index, JSON.stringify(delta));
    }
  }
  for (let index = 0; index < plan.count; index++) yield chunk('finish', index, '{}');
  if (wantsUsage) yield usageEvent(plan);
  yield { kind: 'event', part: 'done', name: '', data: '[DONE]' };
}

type Chunk = (part: Part, index: number, delta: string) => Item;

function* textEvents({ texts }: ChatPlan, chunk: Chunk): Generator<Item> {
  const longest = Math.max(0, ...texts.map(({ count }) => count));
  for (let at = 0; at < longest; at++) {
    for (const [index, text] of texts.entries()) {
      if (at < text.count) yield chunk('content', index, `{"content":${JSON.stringify(text.piece(at))}}`);
    }
  }
}

/** Everything in a chunk except the delta is constant, so it is serialised once. */
function createChunk(plan: ChatPlan, wantsUsage: boolean): Chunk {
  const head = `${chunkHead(plan)},"choices":[{"index":`;
  const usage = wantsUsage ? ',"usage":null' : '';
  const open = `,"logprobs":null,"finish_reason":null}]${usage}}`;
  const finished = `,"logprobs":null,"finish_reason":${JSON.stringify(plan.finishReason)}}]${usage}}`;
  return (part, index, delta) => ({
    kind: 'event',
    part,
    name: '',
    data: `${head}${index},"delta":${delta}${part === 'finish' ? finished : open}`,
  });
}

function usageEvent(plan: ChatPlan): Item {
  const data = `${chunkHead(plan)},"choices":[],"usage":${JSON.stringify(openAiUsage(plan.usage))}}`;
  return { kind: 'event', part: 'usage', name: '', data };
}

function chunkHead({ id, model }: ChatPlan): string {
  const names = `"id":"${id}","object":"chat.completion.chunk","created":${CREATED}`;
  return `{${names},"model":${JSON.stringify(model)},"system_fingerprint":"fp_mock"`;
}
