import { type Answer, jsonAnswer, streamAnswer, type Usage } from '../answer.ts';
import { messagesAsk } from '../ask.ts';
import { badRequest } from '../api-error.ts';
import { type Call, idOf, promptTokens } from '../call.ts';
import { fitSchema } from '../json-schema.ts';
import type { Item, Part } from '../item.ts';
import { type JsonObject, objectOf } from '../json.ts';
import type { AnswerOptions } from '../answer-options.ts';
import { type Plan, planAnswer } from '../plan.ts';
import { signatureOf } from '../signature.ts';
import { thoughts } from '../thoughts.ts';
import type { ToolCall } from '../tool-call.ts';
import { messagesUsage } from '../usage.ts';
import { inPieces, joinText, type Text, textOf } from '../words.ts';

/** One block of the answer. */
interface Block {
  /** The block in its start event. */
  readonly start: JsonObject;
  /** The delta's type, and the field with the text. */
  readonly delta: readonly [type: string, field: string];
  readonly text: Text;
  readonly signature?: string;
  /** Replaces the text in a whole answer. */
  readonly input?: JsonObject;
}

interface Message {
  readonly id: string;
  readonly model: string;
  readonly blocks: readonly Block[];
  readonly stopReason: string;
  readonly usage: Usage;
}

/** POST messages in Anthropic's API. */
export function answerMessage(call: Call): Answer {
  const plan = planMessage(call);
  const shape = { dialect: 'anthropic', usage: plan.usage } as const;
  if (call.isStream) return streamAnswer(messageEvents(plan, call.options), shape);
  return jsonAnswer(wholeMessage(plan), shape);
}

/** POST messages/count_tokens. */
export function answerTokenCount({ body }: Call): Answer {
  if (!Array.isArray(body['messages'])) throw badRequest('messages: Field required');
  return jsonAnswer(
    { input_tokens: promptTokens(body['system'], body['messages']) },
    { dialect: 'anthropic' },
  );
}

/** Plans the content of a message. */
export function planMessage(call: Call): Message {
  const { body } = call;
  if (!Array.isArray(body['messages'])) throw badRequest('messages: Field required');
  const plan = planAnswer(call, {
    ask: messagesAsk(body),
    inputTokens: promptTokens(body['system'], body['messages']),
    idPrefix: 'toolu_',
    json: jsonText(call),
  });
  const { texts, calls, usage } = plan;
  const blocks = [...thinking(plan, call), ...texts.map(textBlock), ...calls.map(toolBlock)];
  return { id: idOf(call, 'msg_'), model: call.model, blocks, stopReason: STOP_REASONS[plan.end], usage };
}

const STOP_REASONS: Readonly<Record<Plan['end'], string>> = {
  end: 'end_turn',
  length: 'max_tokens',
  tools: 'tool_use',
  malformed: 'tool_use',
  filter: 'refusal',
};

/** The JSON that `output_config.format` requires; undefined: text. */
function jsonText({ body }: Call): Text | undefined {
  const format = objectOf(objectOf(body['output_config'])['format']);
  if (format['type'] !== 'json_schema') return undefined;
  return inPieces(JSON.stringify(fitSchema(format['schema'])));
}

/** The events of a streamed message. */
export function* messageEvents(plan: Message, options: AnswerOptions): Generator<Item> {
  yield event('opening', 'message_start', { message: message(plan, [], null) });
  yield event('opening', 'ping', {});
  for (const [index, { start, delta, text, signature }] of plan.blocks.entries()) {
    yield event('opening', 'content_block_start', { index, content_block: start });
    const [type, field] = delta;
    const isThinking = start['type'] === 'thinking';
    if (isThinking) yield* thoughts(options, event('opening', 'ping', {}));
    for (let at = 0; at < text.count; at++) {
      yield event('content', 'content_block_delta', { index, delta: { type, [field]: text.piece(at) } });
    }
    if (signature !== undefined) {
      yield event('opening', 'content_block_delta', { index, delta: { type: 'signature_delta', signature } });
    }
    yield event(index === plan.blocks.length - 1 ? 'finish' : 'opening', 'content_block_stop', { index });
  }
  const usage = { output_tokens: plan.usage.outputTokens };
  yield event('finish', 'message_delta', { delta: stopFields(plan.stopReason), usage });
  yield event('done', 'message_stop', {});
}

function event(part: Part, name: string, fields: object): Item {
  return { kind: 'event', part, name, data: JSON.stringify({ type: name, ...fields }) };
}

/** The complete message of an answer without streaming. */
export function wholeMessage(plan: Message): JsonObject {
  return message(plan, plan.blocks.map(wholeBlock), plan.stopReason);
}

function message(plan: Message, content: readonly JsonObject[], stopReason: string | null): JsonObject {
  return {
    id: plan.id,
    type: 'message',
    role: 'assistant',
    model: plan.model,
    content,
    ...stopFields(stopReason),
    // When the message begins, only the first token is known.
    usage: messagesUsage(
      stopReason === null ? { ...plan.usage, outputTokens: 1, reasoningTokens: 0 } : plan.usage,
    ),
  };
}

function stopFields(stopReason: string | null): JsonObject {
  const details = { type: 'refusal', category: null, explanation: null };
  return {
    stop_reason: stopReason,
    stop_sequence: null,
    ...(stopReason === 'refusal' && { stop_details: details }),
  };
}

function thinking({ reasoning }: Plan, { options }: Call): readonly Block[] {
  if (reasoning === undefined && options.thinking === undefined) return [];
  if (options.isRedacted) {
    const data = signatureOf('anthropic', reasoning);
    return [{ start: { type: 'redacted_thinking', data }, delta: ['', 'data'], text: textOf([]) }];
  }
  return [
    {
      start: { type: 'thinking', thinking: '', signature: '' },
      delta: ['thinking_delta', 'thinking'],
      text: reasoning ?? textOf([]),
      signature: signatureOf('anthropic', reasoning),
    },
  ];
}

function textBlock(text: Text): Block {
  return { start: { type: 'text', text: '' }, delta: ['text_delta', 'text'], text };
}

function toolBlock({ id, name, text, arguments: input }: ToolCall): Block {
  return {
    start: { type: 'tool_use', id, name, input: {} },
    delta: ['input_json_delta', 'partial_json'],
    text: inPieces(text),
    input,
  };
}

function wholeBlock({ start, delta, text, signature, input }: Block): JsonObject {
  if (input !== undefined) return { ...start, input };
  if (start['type'] === 'redacted_thinking') return start;
  return { ...start, [delta[1]]: joinText(text), ...(signature !== undefined && { signature }) };
}
