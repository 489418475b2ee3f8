import { type Answer, jsonAnswer, streamAnswer, type Usage } from '../answer.ts';
import { badRequest } from '../api-error.ts';
import { answerText, type Call, idOf, lengthOf, promptTokens } from '../call.ts';
import type { Item, Part } from '../item.ts';
import type { JsonObject } from '../json.ts';
import type { AnswerOptions } from '../answer-options.ts';
import { thoughts } from '../thoughts.ts';
import { type ToolCall, toolCallOf } from '../tool-call.ts';
import { inPieces, joinText, type Text, wordText } from '../words.ts';

interface Block {
  readonly start: JsonObject;
  /** The field of a delta that carries the text, and the delta's type. */
  readonly delta: readonly [type: string, field: string];
  readonly text: Text;
}

interface Plan {
  readonly id: string;
  readonly model: string;
  readonly blocks: readonly Block[];
  readonly tool: ToolCall | undefined;
  readonly stopReason: string;
  readonly usage: Usage;
}

/** POST messages, as Anthropic's API has it. */
export function answerMessage(call: Call): Answer {
  const { body, options } = call;
  if (!Array.isArray(body['messages'])) throw badRequest('messages: Field required');
  const length = lengthOf(call);
  const tool = toolCallOf(call, body['messages']);
  const blocks = [
    ...thinking(call),
    tool === undefined ? textBlock(answerText(call, length.words)) : toolBlock(tool),
  ];
  const reasoningTokens = options.reasoning?.words ?? 0;
  const usage: Usage = {
    inputTokens: promptTokens(body['system'], body['messages']),
    outputTokens: blocks.reduce((sum, { text }) => sum + text.count, 0),
    reasoningTokens,
  };
  const refusal = options.finishReason === undefined ? undefined : 'refusal';
  const stopReason =
    refusal ?? (tool === undefined ? (length.isCut ? 'max_tokens' : 'end_turn') : 'tool_use');
  const plan = { id: idOf(call, 'msg_'), model: call.model, blocks, tool, stopReason, usage };
  const shape = { dialect: 'anthropic', usage } as const;
  if (call.isStream) return streamAnswer(events(plan, call), shape);
  return jsonAnswer(
    message(
      plan,
      blocks.map((block) => wholeBlock(block, tool)),
      stopReason,
    ),
    shape,
  );
}

/** POST messages/count_tokens. */
export function answerTokenCount({ body }: Call): Answer {
  if (!Array.isArray(body['messages'])) throw badRequest('messages: Field required');
  return jsonAnswer(
    { input_tokens: promptTokens(body['system'], body['messages']) },
    { dialect: 'anthropic' },
  );
}

function* events(plan: Plan, { options }: Call): Generator<Item> {
  yield event('opening', 'message_start', { message: message(plan, [], null) });
  yield event('opening', 'ping', {});
  for (const [index, { start, delta, text }] of plan.blocks.entries()) {
    yield event('opening', 'content_block_start', { index, content_block: start });
    const [type, field] = delta;
    if (start['type'] === 'thinking' && options.thinking !== undefined) yield* omitted(index, options);
    for (let at = 0; at < text.count; at++) {
      yield event('content', 'content_block_delta', { index, delta: { type, [field]: text.piece(at) } });
    }
    yield event(index === plan.blocks.length - 1 ? 'finish' : 'opening', 'content_block_stop', { index });
  }
  const delta = { stop_reason: plan.stopReason, stop_sequence: null };
  yield event('finish', 'message_delta', { delta, usage: { output_tokens: plan.usage.outputTokens } });
  yield event('done', 'message_stop', {});
}

/** A block of thinking that is not shown: pings while it lasts, and its signature. */
function* omitted(index: number, options: AnswerOptions): Generator<Item> {
  yield* thoughts(options, event('opening', 'ping', {}));
  const delta = { type: 'signature_delta', signature: 'bW9jaw==' };
  yield event('opening', 'content_block_delta', { index, delta });
}

function event(part: Part, name: string, fields: object): Item {
  return { kind: 'event', part, name, data: JSON.stringify({ type: name, ...fields }) };
}

function message(plan: Plan, content: readonly JsonObject[], stopReason: string | null): JsonObject {
  return {
    id: plan.id,
    type: 'message',
    role: 'assistant',
    model: plan.model,
    content,
    stop_reason: stopReason,
    stop_sequence: null,
    usage: {
      input_tokens: plan.usage.inputTokens,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      // As the message begins nothing but the first token is known.
      output_tokens: stopReason === null ? 1 : plan.usage.outputTokens,
    },
  };
}

function thinking({ options, vocabulary, fingerprint }: Call): readonly Block[] {
  if (options.reasoning === undefined && options.thinking === undefined) return [];
  const text = wordText(vocabulary.plain, fingerprint + 7, options.reasoning?.words ?? 0);
  return [
    { start: { type: 'thinking', thinking: '', signature: '' }, delta: ['thinking_delta', 'thinking'], text },
  ];
}

function textBlock(text: Text): Block {
  return { start: { type: 'text', text: '' }, delta: ['text_delta', 'text'], text };
}

function toolBlock(tool: ToolCall): Block {
  return {
    start: { type: 'tool_use', id: tool.id, name: tool.name, input: {} },
    delta: ['input_json_delta', 'partial_json'],
    text: inPieces(JSON.stringify(tool.arguments)),
  };
}

function wholeBlock({ start, delta, text }: Block, tool: ToolCall | undefined): JsonObject {
  if (start['type'] === 'tool_use') return { ...start, input: tool?.arguments ?? {} };
  return { ...start, [delta[1]]: joinText(text) };
}
