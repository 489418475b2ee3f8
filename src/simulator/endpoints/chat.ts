import { type Answer, jsonAnswer, streamAnswer } from '../answer.ts';
import { badRequest } from '../api-error.ts';
import { answerText, type Call, CREATED, idOf, lengthOf, promptTokens } from '../call.ts';
import { isObject, objectOf, positiveOf } from '../json.ts';
import { fitSchema } from '../json-schema.ts';
import { type ToolCall, toolCallOf } from '../tool-call.ts';
import { openAiUsage } from '../usage.ts';
import { inPieces, joinText, type Text, wordText } from '../words.ts';
import type { ChatPlan } from './chat-plan.ts';
import { chatEvents } from './chat-stream.ts';

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
      choices: plan.choices.map((text, index) => choiceOf(plan, call, { text, index })),
      usage: openAiUsage(plan.usage),
      system_fingerprint: 'fp_mock',
    },
    shape,
  );
}

function planChat(call: Call): ChatPlan {
  const { body, options } = call;
  const length = lengthOf(call);
  const tool = toolCallOf(call, body['messages']);
  const json = jsonText(call);
  const count = Math.min(Math.floor(positiveOf(body['n']) ?? 1), 128);
  const choices = Array.from({ length: count }, (_, nth) => json ?? answerText(call, length.words, nth));
  const reasoning =
    options.reasoning === undefined
      ? undefined
      : wordText(call.vocabulary.plain, call.fingerprint + 7, options.reasoning.words);
  const reasoningTokens = reasoning?.count ?? 0;
  const text = tool === undefined ? choices : [];
  const toolTokens = tool === undefined ? 0 : count * inPieces(JSON.stringify(tool.arguments)).count;
  return {
    id: idOf(call, 'chatcmpl-'),
    model: call.model,
    choices,
    reasoning,
    tool,
    finishReason:
      options.finishReason ??
      finishReason(tool !== undefined, json === undefined && length.isCut, options.toolShape),
    usage: {
      inputTokens: promptTokens(body['messages']),
      outputTokens: text.reduce((sum, { count }) => sum + count, 0) + toolTokens + reasoningTokens,
      reasoningTokens,
    },
  };
}

function finishReason(isTool: boolean, isCut: boolean, toolShape: string | undefined): string {
  if (isTool && toolShape === 'legacy') return 'function_call';
  if (isTool && toolShape !== 'finish-stop') return 'tool_calls';
  return isCut ? 'length' : 'stop';
}

/** The JSON that `response_format` demands; undefined: text. */
function jsonText({ body }: Call): Text | undefined {
  const format = objectOf(body['response_format']);
  if (format['type'] === 'json_object') return inPieces('{"answer": "mock", "ok": true}');
  if (format['type'] !== 'json_schema') return undefined;
  const { schema } = objectOf(format['json_schema']);
  if (!isObject(schema))
    throw badRequest("Missing required parameter: 'response_format.json_schema.schema'.");
  return inPieces(JSON.stringify(fitSchema(schema)));
}

function choiceOf(
  plan: ChatPlan,
  { options }: Call,
  { text, index }: { text: Text; index: number },
): unknown {
  const { tool } = plan;
  const hasText = tool === undefined || options.toolShape === 'after-text';
  const reasoning =
    plan.reasoning === undefined
      ? {}
      : { [options.reasoning?.field ?? 'reasoning']: joinText(plan.reasoning) };
  return {
    index,
    message: {
      role: 'assistant',
      content: hasText ? joinText(text) : null,
      refusal: null,
      ...reasoning,
      ...(tool === undefined ? {} : toolFields(tool, options.toolShape)),
    },
    logprobs: null,
    finish_reason: plan.finishReason,
  };
}

function toolFields(tool: ToolCall, shape: string | undefined): object {
  const text = JSON.stringify(tool.arguments);
  if (shape === 'legacy') return { function_call: { name: tool.name, arguments: text } };
  const called = shape === 'object-arguments' ? tool.arguments : shape === 'empty-arguments' ? '' : text;
  const one = {
    id: shape === 'no-id' ? '' : tool.id,
    type: 'function',
    function: { name: tool.name, arguments: called },
  };
  return { tool_calls: shape === 'parallel' ? [one, { ...one, id: `${tool.id}b` }] : [one] };
}
