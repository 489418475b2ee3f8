import { type Answer, jsonAnswer, streamAnswer } from '../answer.ts';
import { badRequest } from '../api-error.ts';
import { converseAsk } from '../ask.ts';
import { type Call, promptTokens } from '../call.ts';
import type { Item, Part } from '../item.ts';
import { type Json, type JsonObject, isObject, objectOf, stringOf } from '../json.ts';
import { fitSchema } from '../json-schema.ts';
import { type Plan, planAnswer } from '../plan.ts';
import { signatureOf } from '../signature.ts';
import { thoughts } from '../thoughts.ts';
import { converseUsage } from '../usage.ts';
import { inPieces, joinText, type Text, textOf } from '../words.ts';

/** One block of the answer: its start event, its deltas and its complete form. */
interface Block {
  readonly start: JsonObject | undefined;
  readonly text: Text;
  readonly delta: (piece: string) => JsonObject;
  readonly last: JsonObject | undefined;
  readonly whole: JsonObject;
}

/** POST model/{id}/converse. */
export function answerConverse(call: Call): Answer {
  const plan = planConverse(call);
  return jsonAnswer(
    {
      output: { message: { role: 'assistant', content: blocksOf(plan, call).map(({ whole }) => whole) } },
      stopReason: STOP_REASONS[plan.end],
      usage: converseUsage(plan.usage),
      metrics: { latencyMs: 12 },
    },
    { dialect: 'bedrock', usage: plan.usage },
  );
}

/** POST model/{id}/converse-stream. */
export function answerConverseStream(call: Call): Answer {
  const plan = planConverse(call);
  return streamAnswer(events(plan, call), { dialect: 'bedrock', usage: plan.usage, framing: 'frames' });
}

/** POST model/{id}/count-tokens. */
export function answerBedrockCount({ body }: Call): Answer {
  const input = objectOf(body['input']);
  const asked = isObject(input['converse']) ? input['converse'] : invokedBody(input['invokeModel']);
  const tokens = promptTokens(asked['system'], asked['messages']);
  return jsonAnswer({ inputTokens: tokens }, { dialect: 'bedrock' });
}

function invokedBody(invoke: Json | undefined): JsonObject {
  const encoded = stringOf(objectOf(invoke)['body']);
  if (encoded === undefined) throw badRequest('input: exactly one of converse and invokeModel must be set');
  try {
    return objectOf(JSON.parse(Buffer.from(encoded, 'base64').toString()) as Json);
  } catch {
    throw badRequest('input.invokeModel.body: not the base64 of a JSON object');
  }
}

const STOP_REASONS: Readonly<Record<Plan['end'], string>> = {
  end: 'end_turn',
  length: 'max_tokens',
  tools: 'tool_use',
  malformed: 'malformed_tool_use',
  filter: 'content_filtered',
};

function planConverse(call: Call): Plan {
  const { body } = call;
  return planAnswer(call, {
    ask: converseAsk(body),
    inputTokens: promptTokens(body['system'], body['messages']),
    idPrefix: 'tooluse_',
    json: jsonText(body),
  });
}

/** The JSON that `outputConfig.textFormat` requires, whose schema is a string; undefined: text. */
function jsonText(body: JsonObject): Text | undefined {
  const format = objectOf(objectOf(body['outputConfig'])['textFormat']);
  const schema = stringOf(objectOf(objectOf(format['structure'])['jsonSchema'])['schema']);
  if (schema === undefined) return undefined;
  try {
    return inPieces(JSON.stringify(fitSchema(JSON.parse(schema) as Json)));
  } catch {
    throw badRequest('The schema in outputConfig.textFormat is not valid JSON.');
  }
}

function blocksOf({ reasoning, texts, calls }: Plan, { options }: Call): readonly Block[] {
  const thinks = reasoning !== undefined || options.thinking !== undefined;
  return [
    ...(thinks ? [reasoningBlock(reasoning ?? textOf([]), options.isRedacted)] : []),
    ...texts.map(textBlock),
    ...calls.map(({ id, name, text, arguments: input }): Block => {
      const start = { toolUse: { toolUseId: id, name } };
      const whole = { toolUse: { toolUseId: id, name, input } };
      return {
        start,
        text: inPieces(text),
        delta: (piece) => ({ toolUse: { input: piece } }),
        last: undefined,
        whole,
      };
    }),
  ];
}

function textBlock(text: Text): Block {
  const delta = (piece: string): JsonObject => ({ text: piece });
  // An endless text is always streamed and never needed as a whole.
  const whole = { text: text.count === Infinity ? '' : joinText(text) };
  return { start: undefined, text, delta, last: undefined, whole };
}

function reasoningBlock(text: Text, isRedacted: boolean): Block {
  const signature = signatureOf('anthropic', text);
  const redacted = { reasoningContent: { redactedContent: Buffer.from(signature).toString('base64') } };
  if (isRedacted)
    return { start: undefined, text: textOf([]), delta: () => redacted, last: redacted, whole: redacted };
  return {
    start: undefined,
    text,
    delta: (piece) => ({ reasoningContent: { text: piece } }),
    last: { reasoningContent: { signature } },
    whole: { reasoningContent: { reasoningText: { text: joinText(text), signature } } },
  };
}

/** The events in Bedrock's order. A text block has no start event, and the counts follow the end. */
function* events(plan: Plan, call: Call): Generator<Item> {
  const { options } = call;
  yield event('opening', 'messageStart', { role: 'assistant' });
  const blocks = blocksOf(plan, call);
  for (const [index, { start, text, delta, last }] of blocks.entries()) {
    const where = { contentBlockIndex: index };
    if (start !== undefined) yield event('opening', 'contentBlockStart', { ...where, start });
    if (index === 0)
      yield* thoughts(
        { ...options, thinking: options.thinking && { ...options.thinking, everyMs: 0 } },
        NO_SIGN,
      );
    for (let at = 0; at < text.count; at++) {
      yield event('content', 'contentBlockDelta', { ...where, delta: delta(text.piece(at)) });
    }
    if (last !== undefined) yield event('opening', 'contentBlockDelta', { ...where, delta: last });
    yield event(index === blocks.length - 1 ? 'finish' : 'opening', 'contentBlockStop', where);
  }
  yield event('done', 'messageStop', { stopReason: STOP_REASONS[plan.end] });
  yield event('usage', 'metadata', { usage: converseUsage(plan.usage), metrics: { latencyMs: 12 } });
}

const NO_SIGN: Item = { kind: 'wait', ms: 0 };

/** Bedrock pads its events so that their lengths reveal nothing. */
function event(part: Part, name: string, fields: JsonObject): Item {
  return { kind: 'event', part, name, data: JSON.stringify({ ...fields, p: 'abcdefghijk' }) };
}
