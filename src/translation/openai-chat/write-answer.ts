import type { Answer, AnswerCall, AnswerPart, AnswerReasoning, Choice } from '../answer.ts';
import type { Seal } from '../conversation.ts';
import { envelopeOf } from '../envelope.ts';
import { type Exchange, modelInAnswer } from '../exchange.ts';
import { idWithSignature } from '../ids.ts';
import { type JsonTree, writeJson } from '../json.ts';
import { writeFinish } from './finish.ts';
import { writeUsage } from './usage.ts';

/** The body of a whole answer. */
export function writeAnswer(answer: Answer, exchange: Exchange): string {
  return writeJson({
    id: `chatcmpl-${exchange.suffix}`,
    object: 'chat.completion',
    created: exchange.now,
    model: modelInAnswer(exchange, answer.model),
    choices: answer.choices.map((choice, index) => ({
      index,
      message: writeMessage(choice, exchange),
      logprobs: choice.logprobs === undefined ? null : { content: choice.logprobs, refusal: null },
      finish_reason: writeFinish(choice.finish, exchange),
    })),
    usage: writeUsage(answer.usage),
    service_tier: answer.serviceTier,
  });
}

function writeMessage({ parts, finish }: Choice, exchange: Exchange): JsonTree {
  const joined = (kind: AnswerPart['kind']): string =>
    parts.map((part) => (part.kind === kind && part.kind !== 'call' ? part.text : '')).join('');
  const text = joined('text');
  const refusal = refusalOf(joined('refusal'), finish.refusal?.explanation);
  const calls = parts.filter((part): part is AnswerCall => part.kind === 'call');
  const isNull =
    calls.length > 0 || refusal !== null || finish.reason === 'refusal' || finish.reason === 'content_filter';
  for (const part of parts) if (part.kind === 'text') tellTextSeal(part.seal, exchange);
  const reasoning = joined('reasoning');
  const details = parts
    .filter((part): part is AnswerReasoning => part.kind === 'reasoning')
    .map((part) => writeDetail(part, exchange))
    .filter((detail) => detail !== undefined);
  return {
    role: 'assistant',
    content: text === '' && isNull ? null : text,
    refusal,
    reasoning_content: reasoning === '' ? undefined : reasoning,
    reasoning_details: details.length === 0 ? undefined : details,
    ...writeCalls(calls, exchange),
    annotations: writeAnnotations(parts),
  };
}

function refusalOf(text: string, explanation: string | undefined): string | null {
  return text === '' ? (explanation ?? null) : text;
}

function writeCalls(calls: readonly AnswerCall[], exchange: Exchange): JsonTree {
  const [first, ...others] = calls;
  if (first === undefined) return {};
  if (!exchange.conversation.legacyFunctions)
    return { tool_calls: calls.map((call) => writeCall(call, exchange)) };
  for (const { path } of others)
    exchange.losses.dropped(path ?? 'tool_calls', 'the client accepts only one call');
  return { function_call: { name: first.name, arguments: textOfArguments(first) } };
}

function writeCall(call: AnswerCall, exchange: Exchange): JsonTree {
  const { id, extra } = sealedId(call, exchange);
  if (call.form === 'freeform')
    return { id, type: 'custom', custom: { name: call.name, input: call.arguments } };
  return {
    id,
    type: 'function',
    function: { name: call.name, arguments: textOfArguments(call) },
    extra_content: extra,
  };
}

function textOfArguments(call: AnswerCall): string {
  return call.arguments === '' ? '{}' : call.arguments;
}

/** Puts Gemini's signature into the id, which clients always send back, and into Google's own field. */
export function sealedId(
  call: Pick<AnswerCall, 'id' | 'seal'>,
  exchange: Exchange,
): { readonly id: string; readonly extra: JsonTree | undefined } {
  const { id, seal } = call;
  if (seal?.origin !== 'gemini') return { id, extra: undefined };
  const extra = { google: { thought_signature: seal.payload } };
  return { id: exchange.target.signatureIds === false ? id : idWithSignature(id, seal.payload), extra };
}

/** A sealed block as an entry of `reasoning_details`: Anthropic's in its own form, others in an envelope. */
export function writeDetail(
  { text, seal, redacted }: Pick<AnswerReasoning, 'text' | 'seal' | 'redacted'>,
  exchange: Exchange,
): JsonTree | undefined {
  if (seal === undefined) return undefined;
  if (seal.origin === 'anthropic') {
    if (redacted) return { type: 'reasoning.encrypted', data: seal.payload };
    return { type: 'reasoning.text', text, signature: seal.payload };
  }
  const data = envelopeOf(seal, redacted);
  if (data === undefined) exchange.losses.dropped('reasoning', 'the seal is too long');
  return data === undefined ? undefined : { type: 'reasoning.encrypted', data };
}

/** Records the loss of a text's seal, for which Chat has no place. */
export function tellTextSeal(seal: Seal | undefined, { losses }: Exchange): void {
  if (seal !== undefined) losses.dropped('thoughtSignature', 'this API has no signatures on texts');
}

function writeAnnotations(parts: readonly AnswerPart[]): readonly JsonTree[] | undefined {
  const annotations: JsonTree[] = [];
  let offset = 0;
  for (const part of parts) {
    if (part.kind !== 'text') continue;
    for (const { url, title, start, end } of part.citations ?? []) {
      const place = { start_index: offset + (start ?? 0), end_index: offset + (end ?? part.text.length) };
      annotations.push({ type: 'url_citation', url_citation: { url, title: title ?? '', ...place } });
    }
    offset += part.text.length;
  }
  return annotations.length === 0 ? undefined : annotations;
}
