import type { Effort, Placed } from '../conversation.ts';
import type { Exchange } from '../exchange.ts';
import { JSON_INSTRUCTION } from '../instructions.ts';
import type { JsonTree } from '../json.ts';
import { type GeminiFacts, geminiFacts } from '../models/gemini.ts';
import { withoutConst } from '../schema.ts';
import { dropped, outputLimit, refused, stopTexts } from '../write-common.ts';
import { searches } from './write-tools.ts';

/** Writes `generationConfig`; undefined if it would be empty. */
export function writeConfig(exchange: Exchange): JsonTree | undefined {
  const { conversation, target, losses } = exchange;
  const { sampling } = conversation;
  const facts = geminiFacts(target.model);
  const takesPenalties = facts.version >= 300 || target.carriage === 'vertex' || facts.version < 205;
  const penalty = (placed: Placed<number> | undefined): number | undefined =>
    takesPenalties ? placed?.value : dropped(losses, placed, 'the model refuses penalties');
  const config: JsonTree = {
    maxOutputTokens: outputLimit(exchange),
    temperature: sampling.temperature?.value,
    topP: sampling.topP?.value,
    topK: sampling.topK?.value,
    seed: sampling.seed?.value,
    stopSequences: writeStop(exchange),
    frequencyPenalty: penalty(sampling.frequencyPenalty),
    presencePenalty: penalty(sampling.presencePenalty),
    candidateCount: conversation.stream
      ? refused(losses, sampling.n, 'a translated stream can have only one choice')
      : sampling.n?.value,
    responseLogprobs: sampling.logprobs?.value,
    logprobs: sampling.topLogprobs?.value,
    ...writeFormat(exchange, facts),
    thinkingConfig: writeThinking(exchange, facts),
  };
  return Object.values(config).some((value) => value !== undefined) ? config : undefined;
}

const MAX_STOPS = 5;

function writeStop(exchange: Exchange): readonly string[] | undefined {
  const { losses } = exchange;
  const stop = stopTexts(exchange, { takesSpace: true });
  if (stop === undefined || stop.value.length <= MAX_STOPS) return stop?.value;
  return refused(losses, stop, `the API accepts at most ${MAX_STOPS} stop sequences`);
}

function writeFormat(exchange: Exchange, facts: GeminiFacts): JsonTree {
  const { conversation, losses } = exchange;
  const { format } = conversation.output;
  if (format.kind === 'text') return {};
  const responseMimeType = 'application/json';
  if (!takesFormat(exchange, facts)) {
    if (format.kind === 'json-schema')
      losses.meaning(format.path, 'the model accepts a schema or tools, but not both');
    else losses.approximated(format.path, 'a sentence in the system text requests it');
    return {};
  }
  if (format.kind === 'json') return { responseMimeType };
  return { responseMimeType, responseJsonSchema: withoutConst(format.schema) };
}

/** Models before Gemini 3 refuse a response type beside functions or a search. */
function takesFormat(exchange: Exchange, { version }: GeminiFacts): boolean {
  return version >= 300 || (exchange.conversation.tools.length === 0 && !searches(exchange));
}

/** The sentence that requests JSON from a model that accepts no response type with this request. */
export function jsonInstruction(exchange: Exchange, facts: GeminiFacts): readonly string[] {
  const isAsked = exchange.conversation.output.format.kind === 'json';
  return isAsked && !takesFormat(exchange, facts) ? [JSON_INSTRUCTION] : [];
}

/** Writes `thinkingConfig`: how much the model thinks, and whether it shows its thoughts. */
function writeThinking({ conversation, losses }: Exchange, facts: GeminiFacts): JsonTree | undefined {
  const wish = conversation.reasoning;
  if (wish === undefined) return undefined;
  const isOff = wish.effort === 'none' || wish.kind === 'off';
  if (facts.thinking === 'none') {
    if (!isOff) losses.dropped(wish.path, 'the model does not support thinking');
    return undefined;
  }
  const effort = isOff ? 'none' : wish.effort;
  const written =
    effort === undefined ? {} : facts.thinking === 'level' ? level(effort, facts) : budget(effort, facts);
  if (effort !== undefined && isNear(effort, facts))
    losses.approximated(wish.path, `the model does not accept the effort ${effort}`);
  const includeThoughts = !isOff && wish.show === true ? true : undefined;
  if (effort === undefined && includeThoughts === undefined) return undefined;
  return { ...written, includeThoughts };
}

/** Whether the model gets an effort other than the requested one. */
function isNear(effort: Effort, { thinking }: GeminiFacts): boolean {
  return effort === 'xhigh' || effort === 'max' || (effort === 'none' && thinking === 'level');
}

function level(effort: Effort, { minimal }: GeminiFacts): JsonTree {
  const lowest = minimal ? 'MINIMAL' : 'LOW';
  const levels: Readonly<Record<Effort, string>> = {
    none: lowest,
    minimal: lowest,
    low: 'LOW',
    medium: 'MEDIUM',
    high: 'HIGH',
    xhigh: 'HIGH',
    max: 'HIGH',
  };
  return { thinkingLevel: levels[effort] };
}

function budget(effort: Effort, { maxBudget, offBudget }: GeminiFacts): JsonTree {
  const budgets: Readonly<Record<Effort, number>> = {
    none: offBudget,
    minimal: 512,
    low: 1024,
    medium: 8192,
    high: maxBudget,
    xhigh: maxBudget,
    max: maxBudget,
  };
  return { thinkingBudget: budgets[effort] };
}
