import type { Item, Part, StreamEvent } from '../item.ts';
import type { JsonObject } from '../json.ts';
import type { AnswerOptions } from '../answer-options.ts';
import { thoughts } from '../thoughts.ts';
import {
  endStatus,
  finishedResponse,
  itemStatus,
  outputItem,
  type OutputItem,
  response,
  type ResponsePlan,
  summaryPart,
  textPart,
} from './response-object.ts';

type MakeEvent = (part: Part, name: string, fields: object) => StreamEvent;

/** The context for the events of one item. */
interface Stage {
  readonly event: MakeEvent;
  readonly item: OutputItem;
  /** The role of the item's closing events in the response. */
  readonly end: 'opening' | 'finish';
  readonly place: { readonly item_id: string; readonly output_index: number };
}

/** The events of a streamed response, numbered. The last event contains the complete output. */
export function* responseEvents(plan: ResponsePlan, options: AnswerOptions): Generator<Item> {
  let sequence = 0;
  const event: MakeEvent = (part, name, fields) => ({
    kind: 'event',
    part,
    name,
    data: JSON.stringify({ type: name, sequence_number: sequence++, ...fields }),
  });
  yield event('opening', 'response.created', { response: response(plan, 'in_progress', []) });
  yield event('opening', 'response.in_progress', { response: response(plan, 'in_progress', []) });
  const output: JsonObject[] = [];
  for (const [index, item] of plan.items.entries()) {
    const where = { output_index: index };
    const end = index === plan.items.length - 1 ? 'finish' : 'opening';
    const stage: Stage = { event, item, end, place: { item_id: item.id, output_index: index } };
    yield event('opening', 'response.output_item.added', {
      ...where,
      item: outputItem(item, 'in_progress', undefined),
    });
    const said = yield* item.kind === 'reasoning' ? reasoningEvents(stage, options) : spokenEvents(stage);
    const done = outputItem(item, itemStatus(plan), said);
    output.push(done);
    yield event(end, 'response.output_item.done', { ...where, item: done });
  }
  yield event('done', `response.${endStatus(plan)}`, { response: finishedResponse(plan, output) });
}

function spokenEvents(stage: Stage): Generator<Item, string> {
  return stage.item.kind === 'message' ? textEvents(stage) : argumentEvents(stage);
}

/** Hidden thoughts for their duration, then the summary of visible thoughts. */
function* reasoningEvents({ event, item, place }: Stage, options: AnswerOptions): Generator<Item, string> {
  yield* thoughts(options, { kind: 'comment', text: 'keepalive' });
  if (item.text === undefined) return '';
  const where = { ...place, summary_index: 0 };
  yield event('opening', 'response.reasoning_summary_part.added', { ...where, part: summaryPart('') });
  let said = '';
  for (let at = 0; at < item.text.count; at++) {
    const delta = item.text.piece(at);
    said += delta;
    yield event('content', 'response.reasoning_summary_text.delta', { ...where, delta });
  }
  yield event('opening', 'response.reasoning_summary_text.done', { ...where, text: said });
  yield event('opening', 'response.reasoning_summary_part.done', { ...where, part: summaryPart(said) });
  return said;
}

function* textEvents({ event, end, item: { text }, place }: Stage): Generator<Item, string> {
  const where = { ...place, content_index: 0 };
  yield event('opening', 'response.content_part.added', { ...where, part: textPart('') });
  let said = '';
  for (let at = 0; at < (text?.count ?? 0); at++) {
    const delta = text?.piece(at) ?? '';
    // An endless answer is never repeated as a whole, so it is not collected.
    if (text?.count !== Infinity) said += delta;
    yield event('content', 'response.output_text.delta', { ...where, delta, logprobs: [] });
  }
  yield event(end, 'response.output_text.done', { ...where, text: said, logprobs: [] });
  yield event(end, 'response.content_part.done', { ...where, part: textPart(said) });
  return said;
}

function* argumentEvents({ event, end, item: { kind, text }, place }: Stage): Generator<Item, string> {
  const [name, field] =
    kind === 'custom_tool_call'
      ? ['response.custom_tool_call_input', 'input']
      : ['response.function_call_arguments', 'arguments'];
  let said = '';
  for (let at = 0; at < (text?.count ?? 0); at++) {
    const delta = text?.piece(at) ?? '';
    said += delta;
    yield event('content', `${name}.delta`, { ...place, delta });
  }
  yield event(end, `${name}.done`, { ...place, [field]: said });
  return said;
}
