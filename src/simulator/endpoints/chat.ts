import { type Answer, jsonAnswer, streamAnswer } from '../answer.ts';
import { badRequest } from '../api-error.ts';
import { chatAsk } from '../ask.ts';
import { type Call, CREATED, idOf, promptTokens } from '../call.ts';
import { isObject, objectOf, positiveOf } from '../json.ts';
import { fitSchema } from '../json-schema.ts';
import { type Plan, planAnswer } from '../plan.ts';
import type { ToolCall } from '../tool-call.ts';
import { openAiUsage } from '../usage.ts';
import { inPieces, joinText, type Text } from '../words.ts';
import { chatEvents, type ChatPlan } from './chat-stream.ts';

/** POST chat/completions. */
export function answerChat(call: Call): Answer {
  if (!Array.isArray(call.body['messages'])) throw badRequest("Missing required parameter: 'messages'.");
  const plan = planChat(call);
  const shape = { dialect: 'openai', usage: plan.usage } as const;
  if (call.isStream) return streamAnswer(chatEvents(plan, call), shape);
  return jsonAnswer(
    {
      id: plan.id,
      object: 'chat.completion',
      created: CREATED,
      model: plan.model,
      choices: Array.from({ length: plan.count }, (_, index) => choiceOf(plan, call, index)),
      usage: openAiUsage(plan.usage),
      system_fingerprint: 'fp_mock',
    },
    shape,
  );
}

function planChat(call: Call): ChatPlan {
  const { body, options } = call;
  const plan = planAnswer(call, {
    ask: chatAsk(body),
    inputTokens: promptTokens(body['messages']),
    idPrefix: 'call_',
    choices: positiveOf(body['n']) ?? 1,
    json: jsonText(call),
  });
  return {
    ...plan,
    id: idOf(call, 'chatcmpl-'),
    model: call.model,
    count: Math.min(Math.floor(positiveOf(body['n']) ?? 1), 128),
    finishReason: finishReason(plan, options.toolShape),
  };
}

function finishReason({ end }: Plan, toolShape: string | undefined): string {
  switch (end) {
    case 'filter':
      return 'content_filter';
    case 'length':
      return 'length';
    case 'tools':
    case 'malformed':
      return toolShape === 'legacy' ? 'function_call' : 'tool_calls';
    case 'end':
      return 'stop';
  }
}

/** The JSON that `response_format` requires; undefined: text. */
function jsonText({ body }: Call): Text | undefined {
  const format = objectOf(body['response_format']);
  if (format['type'] === 'json_object') return inPieces('{"answer": "mock", "ok": true}');
  if (format['type'] !== 'json_schema') return undefined;
  const { schema } = objectOf(format['json_schema']);
  if (!isObject(schema))
    throw badRequest("Missing required parameter: 'response_format.json_schema.schema'.");
  return inPieces(JSON.stringify(fitSchema(schema)));
}

function choiceOf(plan: ChatPlan, { options }: Call, index: number): unknown {
  const text = plan.texts[index];
  const reasoning =
    plan.reasoning === undefined
      ? {}
      : { [options.reasoning?.field ?? 'reasoning']: joinText(plan.reasoning) };
  return {
    index,
    message: {
      role: 'assistant',
      content: text === undefined ? null : joinText(text),
      refusal: null,
      ...reasoning,
      ...(plan.calls.length > 0 && toolFields(plan.calls, options.toolShape)),
    },
    logprobs: null,
    finish_reason: plan.finishReason,
  };
}

function toolFields(calls: readonly ToolCall[], shape: string | undefined): object {
  if (shape === 'legacy') return { function_call: { name: calls[0]?.name, arguments: calls[0]?.text } };
  return { tool_calls: calls.map((call) => toolCall(call, shape)) };
}

function toolCall(call: ToolCall, shape: string | undefined): object {
  const id = shape === 'no-id' ? '' : call.id;
  if (call.form === 'freeform') return { id, type: 'custom', custom: { name: call.name, input: call.text } };
  const called = shape === 'object-arguments' ? call.arguments : shape === 'empty-arguments' ? '' : call.text;
  return { id, type: 'function', function: { name: call.name, arguments: called } };
}
