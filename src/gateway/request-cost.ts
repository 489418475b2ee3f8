import { scanObject, valueAt } from '../lib/json/json-scan.ts';
import { rememberLast } from '../lib/remember-last.ts';
import type { Usage } from '../protocols/protocol.ts';
import type { AttemptCost, Cost, CostEstimator, CostMeter } from './cost.ts';
import { type SizedRequest, sizeOf } from './limits/request-size.ts';
import type { PlannedRequest } from './request-context.ts';
import type { Execution } from './execute.ts';
import type { Gateway } from './ports.ts';

/** The usage of an answer, and the meter that prices it. */
interface Used {
  readonly usage: Usage | undefined;
  readonly isEstimated: boolean;
  readonly costs: Gateway['costs'] | undefined;
}

/** The cost of work that a provider does later. Only a later request tells what it used, if any does. */
const UNKNOWN: Cost = { nano: undefined, basis: 'provider', priceRef: undefined, priceSheet: undefined };

const NOT_BILLED: Cost = { nano: 0, basis: 'not-billed', priceRef: undefined, priceSheet: undefined };

/**
 * Calculates the cost of a request: that of its answer, from the usage, and that of earlier attempts that a provider
 * bills although they gave no answer. An answer that reports no usage, such as a recording, is estimated from the
 * request. Other attempts cost nothing. The cost of work that a provider does later is unknown. Returns undefined if the request generates nothing and so has no price, or if
 * costs are not calculated.
 */
export function costOf(
  planned: PlannedRequest,
  execution: Execution,
  used: Used,
): Cost | Promise<Cost> | undefined {
  const { request } = planned;
  const { costs } = used;
  if (costs === undefined || request.method !== 'POST') return undefined;
  if (!isBilled(request.path)) return isBilledLater(request.path) ? laterCost(execution) : undefined;
  const cost = answerCost(planned, execution, used, costs);
  return execution.wasted === undefined ? cost : withWasted(cost, { planned, execution, used, costs });
}

interface Wasted {
  readonly planned: PlannedRequest;
  readonly execution: Execution;
  readonly used: Used;
  readonly costs: CostMeter;
}

/** Adds the cost of attempts without an answer. */
function withWasted(cost: Cost | Promise<Cost>, { planned, execution, used, costs }: Wasted): Promise<Cost> {
  const { wasted = [] } = execution;
  const hasBudget = planned.admission.hasBudget === true;
  const others = wasted.map((attempt) => costs.costOf({ ...attempt, isEstimated: false, hasBudget }));
  return Promise.all([cost, ...others]).then(([first, ...more]) => {
    const attempts = more.map((one, at) => attemptCost(one, wasted[at]));
    if (first.basis !== 'not-billed') attempts.push(attemptCost(first, lastOf(execution, used.usage)));
    return { ...more.reduce(sumOf, first), attempts };
  });
}

function laterCost({ history }: Execution): Cost {
  return history.at(-1)?.outcome.kind === 'answered' ? UNKNOWN : NOT_BILLED;
}

interface Charged {
  readonly provider: string;
  readonly model: string;
  readonly usage: Usage | undefined;
}

function lastOf({ history }: Execution, usage: Usage | undefined): Charged | undefined {
  const last = history.at(-1);
  return last && { provider: last.route.provider, model: last.route.upstreamModel ?? last.model, usage };
}

function attemptCost({ nano, basis, priceRef }: Cost, charged: Charged | undefined): AttemptCost {
  const { provider = '', model = '', usage } = charged ?? {};
  const { inputTokens, outputTokens } = usage ?? {};
  return { provider, model, nano, basis, priceRef, inputTokens, outputTokens };
}

function answerCost(
  planned: PlannedRequest,
  { history }: Execution,
  { usage, isEstimated }: Used,
  costs: CostMeter,
): Cost | Promise<Cost> {
  const last = history.at(-1);
  if (last === undefined) return NOT_BILLED;
  const { provider, upstreamModel } = last.route;
  const model = upstreamModel ?? last.model;
  const hasBudget = planned.admission.hasBudget === true;
  if (usage !== undefined) return costs.costOf({ provider, model, usage, isEstimated, hasBudget });
  if (last.outcome.kind !== 'answered') return NOT_BILLED;
  return unreportedCost(planned, { provider, model, hasBudget }, costs);
}

/** The cost of two attempts, unknown if either is. The prices are those of the answer, if there is one. */
function sumOf(answer: Cost, wasted: Cost): Cost {
  const nano = answer.nano === undefined || wasted.nano === undefined ? undefined : answer.nano + wasted.nano;
  const providerNano =
    answer.providerNano === undefined
      ? wasted.providerNano
      : answer.providerNano + (wasted.providerNano ?? 0);
  return { ...(answer.basis === 'not-billed' ? wasted : answer), nano, providerNano };
}

/** The cost of an answer without usage, estimated from the request: characters, seconds of sound, images, or tokens. */
function unreportedCost(
  { request, plan }: PlannedRequest,
  priced: { readonly provider: string; readonly model: string; readonly hasBudget: boolean },
  costs: CostMeter,
): Cost | Promise<Cost> {
  const size = sizeOf(plan.body, hasOutput(request.path));
  const estimator = costs.estimator();
  const cost = (size: SizedRequest, estimator: CostEstimator): Cost => {
    const spoken = request.path.endsWith('/speech') ? charactersIn(plan.body) : undefined;
    const textBytes = spoken ?? size.textBytes;
    const inputTokens = Math.ceil(textBytes * TOKENS_PER_BYTE);
    // Speech has about as many tokens as its text has characters.
    const outputTokens = spoken ?? 0;
    const use = { ...priced, size: { ...size, textBytes }, inputTokens, outputTokens };
    return {
      nano: estimator.estimate(use)?.nano,
      basis: 'estimated',
      priceRef: undefined,
      priceSheet: undefined,
    };
  };
  if (size instanceof Promise || estimator instanceof Promise)
    return Promise.all([size, estimator]).then(([size, estimator]) => cost(size, estimator));
  return cost(size, estimator);
}

/** The length of the text to be spoken. */
function charactersIn(body: Uint8Array): number | undefined {
  const scan = scanObject(body, ['input']);
  const input = scan.kind === 'object' ? scan.members.at(-1) : undefined;
  const text = input && valueAt(body, input.valueStart, input.valueEnd);
  return typeof text === 'string' ? text.length : undefined;
}

/** The average for plain text in most languages. */
const TOKENS_PER_BYTE = 0.3;

/** Whether the answers of a path are generated and billed, if its method is POST. Counting tokens is free. */
export const isBilled = rememberLast((path) => BILLED.test(path));

/** Whether the answers of a path have output tokens. */
export const hasOutput = rememberLast((path) => !WITHOUT_OUTPUT.test(path));

const WITHOUT_OUTPUT = /(?:\/(?:embeddings|rerank)|:(?:embedContent|batchEmbedContents))\/?$/;

const BILLED =
  /(?:\/(?:completions|responses|messages|embeddings|rerank)|\/images\/[a-z]+|\/audio\/[a-z]+|:(?:generateContent|streamGenerateContent|embedContent|batchEmbedContents))\/?$/;

/** Whether a path starts work that a provider does and bills later: batches, fine-tuning and videos. */
const isBilledLater = rememberLast((path) => BILLED_LATER.test(path));

const BILLED_LATER =
  /(?:\/(?:batches|fine_tuning\/jobs|videos)|\/videos\/[^/]+\/remix|:(?:batchGenerateContent|asyncBatchEmbedContent|predictLongRunning))\/?$/;
