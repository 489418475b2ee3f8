import { type Answer, jsonAnswer, streamAnswer, type Usage } from '../answer.ts';
import { badRequest } from '../api-error.ts';
import { answerText, type Call, CREATED, idOf, lengthOf, promptTokens } from '../call.ts';
import type { Item, Part, StreamEvent } from '../item.ts';
import { isObject, type JsonObject, objectOf } from '../json.ts';
import { fitSchema } from '../json-schema.ts';
import { thoughts } from '../thoughts.ts';
import { type ToolCall, toolCallOf } from '../tool-call.ts';
import { responsesUsage } from '../usage.ts';
import { inPieces, joinText, type Text } from '../words.ts';

interface Plan {
  readonly id: string;
  readonly model: string;
  readonly text: Text;
  readonly tool: ToolCall | undefined;
  readonly isCut: boolean;
  readonly usage: Usage;
}

/** POST responses. */
export function answerResponse(call: Call): Answer {
  const { body } = call;
  if (body['input'] === undefined) throw badRequest("Missing required parameter: 'input'.");
  const length = lengthOf(call);
  const tool = toolCallOf(call, body['input']);
  const text =
    tool === undefined
      ? (structuredText(call) ?? answerText(call, length.words))
      : inPieces(JSON.stringify(tool.arguments));
  const usage: Usage = {
    inputTokens: promptTokens(body['instructions'], body['input']),
    outputTokens: text.count,
    reasoningTokens: 0,
  };
  const plan = { id: idOf(call, 'resp_'), model: call.model, text, tool, isCut: length.isCut, usage };
  const shape = { dialect: 'responses', usage } as const;
  return call.isStream
    ? streamAnswer(events(plan, call), shape)
    : jsonAnswer(finished(plan, joinText(text)), shape);
}

/** The JSON that `text.format` demands; undefined: text. */
function structuredText({ body }: Call): Text | undefined {
  const format = objectOf(objectOf(body['text'])['format']);
  if (format['type'] === 'json_object') return inPieces('{"answer": "mock", "ok": true}');
  if (format['type'] !== 'json_schema') return undefined;
  const { schema } = format;
  if (!isObject(schema)) throw badRequest("Missing required parameter: 'text.format.schema'.");
  return inPieces(JSON.stringify(fitSchema(schema)));
}

function* events(plan: Plan, { options }: Call): Generator<Item> {
  let sequence = 0;
  const event = (part: Part, name: string, fields: object): StreamEvent => ({
    kind: 'event',
    part,
    name,
    data: JSON.stringify({ type: name, sequence_number: sequence++, ...fields }),
  });
  const place = { item_id: itemId(plan), output_index: options.thinking === undefined ? 0 : 1 };
  yield event('opening', 'response.created', { response: response(plan, 'in_progress', []) });
  yield event('opening', 'response.in_progress', { response: response(plan, 'in_progress', []) });
  if (options.thinking !== undefined) yield* reasoningEvents(event);
  yield event('opening', 'response.output_item.added', {
    output_index: place.output_index,
    item: outputItem(plan, 'in_progress', undefined),
  });
  const said = plan.tool === undefined ? yield* textEvents(plan, event) : yield* argumentEvents(plan, event);
  yield event('finish', 'response.output_item.done', {
    output_index: place.output_index,
    item: outputItem(plan, 'completed', said),
  });
  yield event('done', plan.isCut ? 'response.incomplete' : 'response.completed', {
    response: finished(plan, said),
  });

  /** Reasoning without a summary: it begins, and then there is silence, or comments. */
  function* reasoningEvents(event: MakeEvent): Generator<Item> {
    const item = { id: plan.id.replace('resp_', 'rs_'), type: 'reasoning', summary: [] };
    yield event('opening', 'response.output_item.added', { output_index: 0, item });
    yield* thoughts(options, { kind: 'comment', text: 'keepalive' });
    yield event('opening', 'response.output_item.done', {
      output_index: 0,
      item: { ...item, encrypted_content: 'bW9jaw==' },
    });
  }

  function* textEvents({ text }: Plan, event: MakeEvent): Generator<Item, string> {
    const where = { ...place, content_index: 0 };
    yield event('opening', 'response.content_part.added', { ...where, part: textPart('') });
    let said = '';
    for (let at = 0; at < text.count; at++) {
      const delta = text.piece(at);
      // An endless answer is never told as a whole, so it need not be remembered.
      if (text.count !== Infinity) said += delta;
      yield event('content', 'response.output_text.delta', { ...where, delta, logprobs: [] });
    }
    yield event('finish', 'response.output_text.done', { ...where, text: said, logprobs: [] });
    yield event('finish', 'response.content_part.done', { ...where, part: textPart(said) });
    return said;
  }

  function* argumentEvents({ text }: Plan, event: MakeEvent): Generator<Item, string> {
    for (let at = 0; at < text.count; at++) {
      yield event('content', 'response.function_call_arguments.delta', { ...place, delta: text.piece(at) });
    }
    const said = joinText(text);
    yield event('finish', 'response.function_call_arguments.done', { ...place, arguments: said });
    return said;
  }
}

type MakeEvent = (part: Part, name: string, fields: object) => StreamEvent;

function finished(plan: Plan, said: string): JsonObject {
  const status = plan.isCut ? 'incomplete' : 'completed';
  return {
    ...response(plan, status, [outputItem(plan, 'completed', said)]),
    usage: responsesUsage(plan.usage),
  };
}

function response(plan: Plan, status: string, output: readonly JsonObject[]): JsonObject {
  return {
    id: plan.id,
    object: 'response',
    created_at: CREATED,
    status,
    error: null,
    incomplete_details: status === 'incomplete' ? { reason: 'max_output_tokens' } : null,
    instructions: null,
    metadata: {},
    model: plan.model,
    output,
    parallel_tool_calls: true,
    temperature: 1,
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    usage: null,
  };
}

function itemId({ id, tool }: Plan): string {
  return id.replace('resp_', tool === undefined ? 'msg_' : 'fc_');
}

function outputItem(plan: Plan, status: string, said: string | undefined): JsonObject {
  const { tool } = plan;
  if (tool !== undefined) {
    return {
      id: itemId(plan),
      type: 'function_call',
      status,
      call_id: tool.id,
      name: tool.name,
      arguments: said ?? '',
    };
  }
  const content = said === undefined ? [] : [textPart(said)];
  return { id: itemId(plan), type: 'message', status, role: 'assistant', content };
}

function textPart(text: string): JsonObject {
  return { type: 'output_text', text, annotations: [], logprobs: [] };
}
