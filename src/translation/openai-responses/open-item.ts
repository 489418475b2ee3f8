import type { Citation } from '../answer.ts';
import { HeldText, type LargeTexts } from '../held-text.ts';
import { type JsonTree, writeJson } from '../json.ts';
import type { EventOf } from '../stream.ts';
import {
  annotation,
  callItem,
  type HeldValue,
  type ItemStatus,
  messageItem,
  reasoningItem,
  refusalPart,
  textPart,
} from './items.ts';
import { fullLogprobs } from './logprobs.ts';

/** Writes one event. `members` is the JSON text after type and number, each member with a leading comma. */
export type Emit = (type: string, members: string) => string;

/** The output item being streamed. Keeps its text, because the closing events repeat it. */
export interface OpenItem {
  readonly kind: 'text' | 'refusal' | 'reasoning' | 'call';
  /** Adds a piece of the text or the arguments. */
  readonly delta: (text: string, logprobs: readonly unknown[]) => string;
  /** Adds a web citation. Only for texts. */
  readonly cite: (citation: Citation) => string;
  /** Returns the item's closing events, and the item as it appears in the response. */
  readonly close: (status: ItemStatus, encrypted: string | undefined) => ClosedItem;
}

export interface ClosedItem {
  readonly events: string;
  readonly item: JsonTree;
}

interface Opened {
  readonly events: string;
  readonly open: OpenItem;
}

/** The members that all events of an item share. */
interface Base {
  readonly emit: Emit;
  readonly suffix: string;
  readonly index: number;
  readonly texts: LargeTexts;
}

/** Starts a message with one part of text or refusal. */
export function openMessage(base: Base, kind: 'text' | 'refusal'): Opened {
  const { emit, suffix, index } = base;
  const item = (status: ItemStatus, content: readonly JsonTree[]) =>
    messageItem({ suffix, index, status }, content);
  const place = placeOf(`msg_${suffix}_${index}`, index, ',"content_index":0');
  const name = kind === 'text' ? 'response.output_text' : 'response.refusal';
  const held = new HeldText();
  const annotations: JsonTree[] = [];
  const tokens: JsonTree[] = [];
  let length = 0;
  const part = (text: HeldValue) =>
    kind === 'text' ? textPart(text, annotations, tokens) : refusalPart(text);
  const events =
    added(base, item('in_progress', [])) +
    emit('response.content_part.added', `${place},"part":${writeJson(part(''))}`);
  const open: OpenItem = {
    kind,
    delta(text, logprobs) {
      const delta = held.add(text);
      length += text.length;
      const full = logprobs.length === 0 ? NONE : fullLogprobs(logprobs);
      for (const token of full) tokens.push(token);
      const told = kind === 'refusal' ? '' : `,"logprobs":${full === NONE ? '[]' : writeJson(full)}`;
      return emit(`${name}.delta`, `${place},"delta":${delta}${told}`);
    },
    cite(citation) {
      if (kind === 'refusal') return '';
      const written = annotation(citation, length);
      const at = annotations.push(written) - 1;
      return emit(
        'response.output_text.annotation.added',
        `${place},"annotation_index":${at},"annotation":${writeJson(written)}`,
      );
    },
    close(status) {
      const text = held.whole(base.texts);
      const told =
        kind === 'text' ? `"text":${text.text},"logprobs":${writeJson(tokens)}` : `"refusal":${text.text}`;
      const whole = item(status, [part(text)]);
      const closing =
        emit(`${name}.done`, `${place},${told}`) +
        emit('response.content_part.done', `${place},"part":${writeJson(part(text))}`) +
        done(base, whole);
      return { events: closing, item: whole };
    },
  };
  return { events, open };
}

/** Starts a reasoning item, whose summary starts with its first text. */
export function openReasoning(base: Base): Opened {
  const { emit, suffix, index } = base;
  const place = placeOf(`rs_${suffix}_${index}`, index, ',"summary_index":0');
  const name = 'response.reasoning_summary';
  const held = new HeldText();
  const part = (text: HeldValue) => writeJson({ type: 'summary_text', text });
  const open: OpenItem = {
    kind: 'reasoning',
    delta(text) {
      const begin = held.isEmpty ? emit(`${name}_part.added`, `${place},"part":${part('')}`) : '';
      return begin + emit(`${name}_text.delta`, `${place},"delta":${held.add(text)}`);
    },
    cite: () => '',
    close(_status, encrypted) {
      const text = held.whole(base.texts);
      const whole = reasoningItem({ suffix, index }, held.isEmpty ? '' : text, encrypted);
      const closing = held.isEmpty
        ? ''
        : emit(`${name}_text.done`, `${place},"text":${text.text}`) +
          emit(`${name}_part.done`, `${place},"part":${part(text)}`);
      return { events: closing + done(base, whole), item: whole };
    },
  };
  return { events: added(base, reasoningItem({ suffix, index }, '', undefined)), open };
}

/** Starts a call. */
export function openCall(base: Base, call: EventOf<'call'>): Opened {
  const { emit, suffix, index } = base;
  const isFreeform = call.form === 'freeform';
  const name = isFreeform ? 'response.custom_tool_call_input' : 'response.function_call_arguments';
  const place = placeOf(`${isFreeform ? 'ctc' : 'fc'}_${suffix}_${index}`, index, '');
  const held = new HeldText();
  const delta = (text: string) => emit(`${name}.delta`, `${place},"delta":${held.add(text)}`);
  const open: OpenItem = {
    kind: 'call',
    delta,
    cite: () => '',
    close(status) {
      const begin = held.isEmpty && !isFreeform ? delta('{}') : '';
      const input = held.whole(base.texts);
      const whole = callItem({ suffix, index, status }, call, input);
      const told = `${place},"${isFreeform ? 'input' : 'arguments'}":${input.text}`;
      return { events: begin + emit(`${name}.done`, told) + done(base, whole), item: whole };
    },
  };
  return { events: added(base, callItem({ suffix, index, status: 'in_progress' }, call, '')), open };
}

const NONE: readonly JsonTree[] = [];

function placeOf(id: string, index: number, more: string): string {
  return `,"item_id":${JSON.stringify(id)},"output_index":${index}${more}`;
}

function added({ emit, index }: Base, item: JsonTree): string {
  return emit('response.output_item.added', `,"output_index":${index},"item":${writeJson(item)}`);
}

function done({ emit, index }: Base, item: JsonTree): string {
  return emit('response.output_item.done', `,"output_index":${index},"item":${writeJson(item)}`);
}
