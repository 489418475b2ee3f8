import type { Claim } from '../../limits/claim.ts';
import { amountOf, expectedNeed, maximumNeed, type Need, type TokenNeed } from '../../limits/hold.ts';
import type { ExpectedOutput } from '../../limits/estimates.ts';
import type { Model } from '../../routing/route.ts';
import type { CostEstimator } from '../cost.ts';
import type { Gateway } from '../ports.ts';
import { largestRequest } from './largest-request.ts';
import type { Demand } from './ports.ts';
import { type SizedRequest, sizeOf } from './request-size.ts';

/** The need of a request under one kind of hold. */
export interface HeldNeed extends Need {
  /** The part of the cost that is for the output. */
  readonly outputCost: number;
  /** Whether the price of a model that may serve it is unknown; `costNano` is then 0. */
  readonly isPriceUnknown: boolean;
}

/** The need of a request for each kind of hold. */
export interface RequestNeeds {
  readonly textBytes: number;
  /** With an output that few requests exceed. */
  readonly expected: HeldNeed;
  /** With a usual output. */
  readonly usual: HeldNeed;
  /** The most output tokens that the request allows; Infinity if it names none. */
  readonly mostOutput: number;
  /** undefined: no limit uses this kind. */
  readonly maximum: HeldNeed | undefined;
}

const NO_TOKENS: Need = { input: 0, output: 0, cost: 0 };
const NOTHING: HeldNeed = { ...NO_TOKENS, outputCost: 0, isPriceUnknown: false };
const COUNTED_ONLY: RequestNeeds = {
  textBytes: 0,
  expected: NOTHING,
  usual: NOTHING,
  mostOutput: Infinity,
  maximum: NOTHING,
};

/** Estimates the need of a request. Skips everything that none of its limits counts. */
export function needsOf(
  demand: Demand,
  gateway: Pick<Gateway, 'costs' | 'estimates'>,
): RequestNeeds | Promise<RequestNeeds> {
  const { claims, isGenerated, body, hasOutput } = demand;
  if (!isGenerated || !claims.some(countsTokens)) return COUNTED_ONLY;
  const size = sizeIn(demand.sessionTokens, sizeOf(body, hasOutput));
  const hasBudget = claims.some(({ kind }) => kind === 'cost');
  const costs = hasBudget ? gateway.costs?.estimator() : undefined;
  if (size instanceof Promise || costs instanceof Promise)
    return Promise.all([size, costs]).then(([size, costs]) => needs(demand, size, { costs, gateway }));
  return needs(demand, size, { costs, gateway });
}

/** A session counts what the client has sent as tokens, so the bytes of its last message tell nothing more. */
function sizeIn(
  contextTokens: number | undefined,
  size: SizedRequest | Promise<SizedRequest>,
): SizedRequest | Promise<SizedRequest> {
  if (contextTokens === undefined) return size;
  if (size instanceof Promise) return size.then((known) => sizeIn(contextTokens, known));
  return { ...size, textBytes: 0, contextTokens, hasMediaOutput: true };
}

function countsTokens({ kind }: Claim): boolean {
  return kind !== 'requests' && kind !== 'concurrent';
}

/**
 * The need that a limit holds. Many requests fit into a limit of which one needs a small share, and long and short answers
 * even out between them, so each holds a usual output.
 */
export function needFor(claim: Claim, { expected, usual, maximum }: RequestNeeds): HeldNeed {
  if (claim.hold === 'maximum') return maximum ?? expected;
  return amountOf(claim.kind, expected) * SMALL_PART <= claim.amount ? usual : expected;
}

/** A hundredth of a limit is small: a request with twenty times the output exceeds it by a fifth, if it is the last one. */
const SMALL_PART = 100;

/** The part of a need that a limit counts. */
export function heldAmount(claim: Claim, needs: RequestNeeds): number {
  return amountOf(claim.kind, needFor(claim, needs));
}

/** The part of a need that a limit counts if the answer is empty. */
export function leastAmount(claim: Claim, needs: RequestNeeds): number {
  const need = needFor(claim, needs);
  switch (claim.kind) {
    case 'cost':
      return need.cost - need.outputCost;
    case 'tokens':
      return need.input;
    case 'output_tokens':
      return 0;
    case 'input_tokens':
    case 'requests':
    case 'concurrent':
      return amountOf(claim.kind, need);
  }
}

interface Sources {
  readonly costs: CostEstimator | undefined;
  readonly gateway: Pick<Gateway, 'estimates'>;
}

function needs(demand: Demand, size: SizedRequest, { costs, gateway }: Sources): RequestNeeds {
  const { claims, key, model } = demand;
  const { estimates } = gateway;
  const tokensPerByte = estimates.tokensPerByte(model.name);
  const { high, usual } = size.hasOutput ? estimates.outputs(key?.id, model.name) : NO_OUTPUT;
  const expected = priced(expectedNeed(size, { tokensPerByte, outputTokens: high }), { model, size, costs });
  const known = {
    textBytes: size.textBytes,
    expected,
    usual: withOutput(expected, expectedNeed(size, { tokensPerByte, outputTokens: usual }).output),
    mostOutput: size.askedTokens === undefined ? Infinity : size.askedTokens * size.answers,
  };
  if (!claims.some(({ hold }) => hold === 'maximum')) return { ...known, maximum: undefined };
  const largest = largestRequest(size, demand.body, demand.path);
  const maximum = priced(maximumNeed(largest, longestOutput(model)), { model, size: largest, costs });
  return { ...known, maximum };
}

const NO_OUTPUT: ExpectedOutput = { high: 0, usual: 0 };

/** The same need with a smaller output, whose cost is in proportion. */
function withOutput(need: HeldNeed, output: number): HeldNeed {
  if (output >= need.output) return need;
  const outputCost = partOfCost(need.outputCost, output, need.output);
  return { ...need, output, outputCost, cost: need.cost - need.outputCost + outputCost };
}

/** The cost of a part of an output. */
export function partOfCost(outputCost: number, part: number, output: number): number {
  return part >= output ? outputCost : Math.ceil((outputCost * part) / output);
}

/** The largest output of any route, in tokens; undefined: unknown for one of them. */
function longestOutput(model: Model): number | undefined {
  let longest: number | undefined;
  for (const { routes } of [model, ...model.fallbacks]) {
    for (const { translation } of routes) {
      if (translation?.maxOutputTokens === undefined) return undefined;
      longest = Math.max(longest ?? 0, translation.maxOutputTokens);
    }
  }
  return longest;
}

interface Priced {
  readonly model: Model;
  readonly size: SizedRequest;
  readonly costs: CostEstimator | undefined;
}

/** Adds the cost of the most expensive route that may serve the request. */
function priced(tokens: TokenNeed, { model, size, costs }: Priced): HeldNeed {
  const { input, output } = tokens;
  let [cost, outputCost] = [0, 0];
  // Without an estimator, the cost is unknown.
  let isPriceUnknown = costs === undefined;
  for (const { provider, upstream } of costs === undefined ? [] : upstreamModels(model)) {
    const use = {
      provider,
      model: upstream,
      size,
      inputTokens: input,
      outputTokens: output,
      hasBudget: true,
    };
    const estimate = costs?.estimate(use);
    if (estimate === undefined) isPriceUnknown = true;
    else if (estimate.nano > cost) ({ nano: cost, outputNano: outputCost } = estimate);
  }
  return { input, output, cost, outputCost, isPriceUnknown };
}

interface UpstreamModel {
  readonly provider: string;
  readonly upstream: string;
}

/** By model, which a configuration replaces when it changes. */
const knownUpstream = new WeakMap<Model, readonly UpstreamModel[]>();

/** The provider and upstream model of every route that may serve the model. */
function upstreamModels(model: Model): readonly UpstreamModel[] {
  let known = knownUpstream.get(model);
  if (known === undefined) {
    known = [model, ...model.fallbacks].flatMap(({ name, routes }) =>
      routes.map(({ provider, upstreamModel }) => ({ provider, upstream: upstreamModel ?? name })),
    );
    knownUpstream.set(model, known);
  }
  return known;
}
