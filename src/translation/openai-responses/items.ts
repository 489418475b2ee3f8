import type { AnswerCall, Citation } from '../answer.ts';
import type { Seal } from '../conversation.ts';
import { envelopeOf } from '../envelope.ts';
import type { Exchange } from '../exchange.ts';
import type { JsonTree, RawJson } from '../json.ts';

/** A text, or one that is JSON already. */
export type HeldValue = string | RawJson;

/** An output item's status. `in_progress` while it is open. */
export type ItemStatus = 'in_progress' | 'completed' | 'incomplete';

/** An item's place in the output, and the part from which its id is formed. */
export interface ItemPlace {
  readonly suffix: string;
  readonly index: number;
  readonly status: ItemStatus;
}

export function messageItem({ suffix, index, status }: ItemPlace, content: readonly JsonTree[]): JsonTree {
  return { id: `msg_${suffix}_${index}`, type: 'message', role: 'assistant', status, content };
}

export function textPart(
  text: HeldValue,
  annotations: readonly JsonTree[],
  logprobs: readonly JsonTree[],
): JsonTree {
  return { type: 'output_text', text, annotations, logprobs };
}

export function refusalPart(refusal: HeldValue): JsonTree {
  return { type: 'refusal', refusal };
}

export function reasoningItem(
  { suffix, index }: Pick<ItemPlace, 'suffix' | 'index'>,
  text: HeldValue,
  encrypted: string | undefined,
): JsonTree {
  return {
    id: `rs_${suffix}_${index}`,
    type: 'reasoning',
    summary: text === '' ? [] : [{ type: 'summary_text', text }],
    encrypted_content: encrypted,
  };
}

/** A call item. `input` is the arguments, or the text of a freeform tool. */
export function callItem(
  { suffix, index, status }: ItemPlace,
  call: Pick<AnswerCall, 'id' | 'name' | 'namespace' | 'form'>,
  input: HeldValue,
): JsonTree {
  const { id: call_id, name, namespace } = call;
  if (call.form === 'freeform') {
    return { id: `ctc_${suffix}_${index}`, type: 'custom_tool_call', call_id, name, input, namespace };
  }
  const id = `fc_${suffix}_${index}`;
  return { id, type: 'function_call', status, call_id, name, arguments: input, namespace };
}

/** Writes a citation. Offsets count within the text of its part. */
export function annotation({ url, title, start, end }: Citation, textLength: number): JsonTree {
  return {
    type: 'url_citation',
    url,
    title: title ?? '',
    start_index: start ?? 0,
    end_index: end ?? textLength,
  };
}

/** The `encrypted_content` of a seal: an envelope. undefined: the client did not ask for it, or it is too long. */
export function encryptedContent(
  seal: Seal | undefined,
  redacted: boolean,
  { conversation, losses }: Exchange,
): string | undefined {
  if (seal === undefined) return undefined;
  if (!conversation.seesSeals) {
    losses.dropped('reasoning', 'the client did not request reasoning.encrypted_content');
    return undefined;
  }
  const envelope = envelopeOf(seal, redacted);
  if (envelope === undefined) losses.dropped('reasoning', 'the seal is too long');
  return envelope;
}
