import { rememberLast } from '../lib/remember-last.ts';
import type { Usage } from '../protocols/protocol.ts';
import type { Cost } from './cost.ts';
import type { PlannedRequest } from './request-context.ts';
import type { Execution } from './execute.ts';
import type { Gateway } from './ports.ts';

/** The usage of an answer, and the meter that prices it. */
interface Used {
  readonly usage: Usage | undefined;
  readonly isEstimated: boolean;
  readonly costs: Gateway['costs'] | undefined;
}

const NOT_BILLED: Cost = { nano: 0, basis: 'not-billed', priceRef: undefined, priceSheet: undefined };

/**
 * Calculates the cost of a request from the usage of its answer. Unanswered attempts cost nothing. Returns undefined
 * if the request generates nothing and so has no price, or if costs are not calculated.
 */
export function costOf(
  planned: PlannedRequest,
  execution: Execution,
  { usage, isEstimated, costs }: Used,
): Cost | Promise<Cost> | undefined {
  const { request } = planned;
  if (costs === undefined || request.method !== 'POST' || !isBilled(request.path)) return undefined;
  const route = execution.history.at(-1)?.route;
  if (route === undefined || usage === undefined) return NOT_BILLED;
  const model = route.upstreamModel ?? planned.plan.model.name;
  return costs.costOf({ provider: route.provider, model, usage, isEstimated });
}

/** Whether the answers of a path are generated and billed, if its method is POST. Counting tokens is free. */
export const isBilled = rememberLast((path) => BILLED.test(path));

/** Whether the answers of a path have output tokens. */
export const hasOutput = rememberLast((path) => !WITHOUT_OUTPUT.test(path));

const WITHOUT_OUTPUT = /(?:\/(?:embeddings|rerank)|:(?:embedContent|batchEmbedContents))\/?$/;

const BILLED =
  /(?:\/(?:completions|responses|messages|embeddings|rerank)|\/images\/[a-z]+|\/audio\/[a-z]+|:(?:generateContent|streamGenerateContent|embedContent|batchEmbedContents))\/?$/;
