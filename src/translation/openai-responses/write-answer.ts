import type { Answer, AnswerPart, Choice } from '../answer.ts';
import type { Seal } from '../conversation.ts';
import { type Exchange, modelInAnswer } from '../exchange.ts';
import { type JsonTree, writeJson } from '../json.ts';
import { isReported, type Usage } from '../usage.ts';
import { writeFinish } from './finish.ts';
import {
  annotation,
  callItem,
  encryptedContent,
  type ItemStatus,
  messageItem,
  reasoningItem,
  refusalPart,
  textPart,
} from './items.ts';
import { fullLogprobs } from './logprobs.ts';
import { writeUsage } from './usage.ts';

/** The body of a whole answer. */
export function writeAnswer(answer: Answer, exchange: Exchange): string {
  const choice = explained(answer.choices[0] ?? NOTHING);
  const finish = writeFinish(choice.finish, exchange);
  return writeJson({
    ...responseHead(exchange, answer.model),
    ...finish,
    ...tierOf(answer.serviceTier),
    output: writeOutput(choice, finish['status'] === 'incomplete', exchange),
    usage: writeUsage(toldUsage(answer.usage, exchange)),
  });
}

const NOTHING: Choice = { parts: [], finish: { reason: 'end' }, logprobs: undefined };

/** The choice with the explanation of a refusal as a part of its own, unless the model itself gave one. */
function explained(choice: Choice): Choice {
  const text = choice.finish.refusal?.explanation ?? '';
  if (text === '' || choice.parts.some(({ kind }) => kind === 'refusal')) return choice;
  return { ...choice, parts: [...choice.parts, { kind: 'refusal', text }] };
}

/** The members of a response that are known before its output. Instructions and tools are not repeated. */
export function responseHead(exchange: Exchange, model: string | undefined): JsonTree {
  const { metadata, temperature, top_p, tool_choice, parallel_tool_calls, ...more } =
    exchange.conversation.echo;
  return {
    id: `resp_${exchange.suffix}`,
    object: 'response',
    created_at: exchange.now,
    status: 'in_progress',
    access_programs: null,
    error: null,
    incomplete_details: null,
    instructions: null,
    metadata: metadata ?? null,
    model: modelInAnswer(exchange, model),
    output: [],
    parallel_tool_calls: parallel_tool_calls ?? true,
    previous_response_id: null,
    temperature: temperature ?? null,
    tool_choice: tool_choice ?? 'auto',
    tools: [],
    top_p: top_p ?? null,
    usage: null,
    ...more,
  };
}

/** The tier that served the request, if the provider reported it. Otherwise the client's requested tier stays. */
export function tierOf(tier: string | undefined): JsonTree {
  return tier === undefined ? {} : { service_tier: tier };
}

/** The usage unchanged. Records a loss if the provider reported none and zeros replace it. */
export function toldUsage(usage: Usage | undefined, exchange: Exchange): Usage | undefined {
  if (!isReported(usage)) exchange.losses.approximated('usage', 'the provider reported none');
  return usage;
}

function writeOutput(choice: Choice, isIncomplete: boolean, exchange: Exchange): readonly JsonTree[] {
  const output: JsonTree[] = [];
  const { suffix } = exchange;
  const last = choice.parts.at(-1);
  let logprobs = choice.logprobs;
  for (const part of choice.parts) {
    if (part.kind !== 'reasoning') output.push(...sealItem(part.seal, output.length, exchange));
    const status: ItemStatus = isIncomplete && part === last ? 'incomplete' : 'completed';
    const place = { suffix, index: output.length, status };
    if (part.kind === 'call') output.push(callItem(place, part, textOfInput(part)));
    else if (part.kind === 'reasoning') {
      output.push(reasoningItem(place, part.text, encryptedContent(part.seal, part.redacted, exchange)));
    } else if (part.text !== '') {
      output.push(messageItem(place, [contentPart(part, logprobs ?? [])]));
      if (part.kind === 'text') logprobs = undefined;
    }
  }
  return output;
}

function contentPart(
  part: Extract<AnswerPart, { kind: 'text' | 'refusal' }>,
  logprobs: readonly unknown[],
): JsonTree {
  if (part.kind === 'refusal') return refusalPart(part.text);
  const annotations = (part.citations ?? []).map((citation) => annotation(citation, part.text.length));
  return textPart(part.text, annotations, fullLogprobs(logprobs));
}

function textOfInput(call: Extract<AnswerPart, { kind: 'call' }>): string {
  return call.arguments === '' && call.form === 'function' ? '{}' : call.arguments;
}

/** The seal of a call or a text, as a reasoning item immediately before it. */
function sealItem(seal: Seal | undefined, index: number, exchange: Exchange): readonly JsonTree[] {
  const encrypted = encryptedContent(seal, false, exchange);
  return encrypted === undefined ? [] : [reasoningItem({ suffix: exchange.suffix, index }, '', encrypted)];
}
