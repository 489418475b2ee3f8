import { type Answer, jsonAnswer, streamAnswer } from '../answer.ts';
import { badRequest } from '../api-error.ts';
import { responsesAsk } from '../ask.ts';
import { type Call, idOf, promptTokens } from '../call.ts';
import { isObject, listOf, objectOf } from '../json.ts';
import { fitSchema } from '../json-schema.ts';
import { type Plan, planAnswer } from '../plan.ts';
import { signatureOf } from '../signature.ts';
import { inPieces, joinText, type Text } from '../words.ts';
import {
  finishedResponse,
  itemStatus,
  outputItem,
  type OutputItem,
  type ResponsePlan,
} from './response-object.ts';
import { responseEvents } from './responses-stream.ts';

/** POST responses. */
export function answerResponse(call: Call): Answer {
  const { body } = call;
  if (body['input'] === undefined) throw badRequest("Missing required parameter: 'input'.");
  const plan = planResponse(call);
  const shape = { dialect: 'responses', usage: plan.usage } as const;
  if (call.isStream) return streamAnswer(responseEvents(plan, call.options), shape);
  const output = plan.items.map((item) => outputItem(item, itemStatus(plan), textOfItem(item)));
  return jsonAnswer(finishedResponse(plan, output), shape);
}

function planResponse(call: Call): ResponsePlan {
  const { body } = call;
  const plan = planAnswer(call, {
    ask: responsesAsk(body),
    inputTokens: promptTokens(body['instructions'], body['input']),
    idPrefix: 'call_',
    json: structuredText(call),
  });
  const { tool_choice: choice, parallel_tool_calls: parallel } = body;
  const echo = {
    metadata: body['metadata'] ?? {},
    tool_choice: choice ?? 'auto',
    parallel_tool_calls: parallel ?? true,
  };
  return { ...plan, id: idOf(call, 'resp_'), model: call.model, items: itemsOf(plan, call), echo };
}

function itemsOf({ reasoning, texts, calls }: Plan, call: Call): readonly OutputItem[] {
  const id = (prefix: string, nth: number): string => `${idOf(call, prefix)}${nth === 0 ? '' : nth}`;
  const item = (kind: OutputItem['kind'], fields: Partial<OutputItem>): OutputItem => {
    return { kind, id: '', text: undefined, call: undefined, encrypted: undefined, ...fields };
  };
  const thinks = reasoning !== undefined || call.options.thinking !== undefined;
  const isIncluded = listOf(call.body['include']).includes('reasoning.encrypted_content');
  const encrypted = isIncluded ? signatureOf('openai', reasoning) : undefined;
  return [
    ...(thinks
      ? [
          item('reasoning', {
            id: id('rs_', 0),
            text: call.options.isRedacted ? undefined : reasoning,
            encrypted,
          }),
        ]
      : []),
    ...texts.map((text, nth) => item('message', { id: id('msg_', nth), text })),
    ...calls.map((one, nth) => {
      const isFreeform = one.form === 'freeform';
      const text = inPieces(one.text);
      return item(isFreeform ? 'custom_tool_call' : 'function_call', {
        id: id(isFreeform ? 'ctc_' : 'fc_', nth),
        text,
        call: one,
      });
    }),
  ];
}

/** The JSON that `text.format` requires; undefined: text. */
function structuredText({ body }: Call): Text | undefined {
  const format = objectOf(objectOf(body['text'])['format']);
  if (format['type'] === 'json_object') return inPieces('{"answer": "mock", "ok": true}');
  if (format['type'] !== 'json_schema') return undefined;
  const { schema } = format;
  if (!isObject(schema)) throw badRequest("Missing required parameter: 'text.format.schema'.");
  return inPieces(JSON.stringify(fitSchema(schema)));
}

function textOfItem({ text }: OutputItem): string {
  return text === undefined ? '' : joinText(text);
}
