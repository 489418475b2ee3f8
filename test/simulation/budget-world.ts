import { Refusal } from '../../src/gateway/refusals.ts';
import { reserve } from '../../src/gateway/reserve.ts';
import type { Admission } from '../../src/limits/admission.ts';
import type { EstimateLedger } from '../../src/limits/estimates.ts';
import { INPUT_NANO, OUTPUT_NANO, pricedGateway } from './priced-gateway.ts';
import { seededDice } from './seeded-dice.ts';

/** A budget, and the traffic of one key that uses it up. */
export interface BudgetPlay {
  readonly dollars: number;
  /** Requests a second, at random intervals. */
  readonly rate: number;
  readonly hold?: 'expected' | 'maximum';
  readonly seed: number;
  /** Whether each request waits for the end of the one before. */
  readonly isSerial?: boolean;
  /** Whether the outputs of 512 earlier requests are known. */
  readonly isLearned?: boolean;
}

/** How a budget was used: shares of it. */
export interface BudgetResult {
  /** Spent when the first request was refused; undefined: none was. */
  readonly firstRefusal: number | undefined;
  readonly spent: number;
  /** Held when all requests had ended, in nano-dollars. */
  readonly held: number;
  /** The most requests that were under way at the same time. */
  readonly mostInFlight: number;
}

const TOKENS_PER_SECOND = 60;
const FIRST_TOKEN_MS = 500;
const EVENT_BYTES = 210;
const MOST_OUTPUT = 32_000;
/** Refusals in a row after which the budget counts as used up. */
const MANY_REFUSALS = 500;

interface Running {
  readonly admission: Admission;
  readonly beganAtMs: number;
  readonly input: number;
  readonly output: number;
  sentTokens: number;
}

/** Plays requests with random inputs and outputs against the gateway's own admission until the budget is used up. */
export async function playBudget({
  dollars,
  rate,
  hold = 'expected',
  seed,
  isSerial,
  isLearned,
}: BudgetPlay): Promise<BudgetResult> {
  let nowMs = 1_000;
  const clock = {
    nowMs: () => nowMs,
    epochMs: () => 1_700_000_000_000 + nowMs,
    sleep: () => Promise.resolve(),
    setTimer: () => () => undefined,
  };
  const limits = `[{ cost: ${dollars}, per: total, hold: ${hold} }]`;
  const { gateway, claims, demandOf } = pricedGateway(limits, clock);
  const dice = seededDice(seed);
  const running = new Set<Running>();
  const limit = dollars * 1e9;
  let [spent, refusals, mostInFlight, sent] = [0, 0, 0, 0];
  let firstRefusal: number | undefined;

  const advance = (one: Running): void => {
    const tokens = Math.min(
      one.output,
      Math.floor(((nowMs - one.beganAtMs - FIRST_TOKEN_MS) * TOKENS_PER_SECOND) / 1000),
    );
    if (tokens <= one.sentTokens) return;
    one.admission.grow?.((tokens - one.sentTokens) * EVENT_BYTES);
    one.sentTokens = tokens;
  };
  const end = (one: Running): void => {
    const costNano = one.input * INPUT_NANO + one.output * OUTPUT_NANO;
    one.admission.settle({ wasServed: true, inputTokens: one.input, outputTokens: one.output, costNano });
    spent += costNano;
    running.delete(one);
  };
  const pass = (untilMs: number): void => {
    nowMs = untilMs;
    for (const one of running) {
      advance(one);
      if (one.sentTokens >= one.output) end(one);
    }
  };

  if (isLearned === true) learn(gateway.estimates, dice);
  while (refusals < MANY_REFUSALS) {
    if (isSerial === true) for (const one of running) pass(one.beganAtMs + FIRST_TOKEN_MS + one.output * 17);
    else pass(nowMs + (-Math.log(dice() || 1e-9) * 1000) / rate);
    const input = randomInput(dice);
    const output = randomOutput(dice);
    const demand = demandOf(bodyOf(input, dice), `req_${sent++}`);
    try {
      const admission = await reserve({ headers: {}, settle: () => undefined }, demand, gateway);
      running.add({ admission, beganAtMs: nowMs, input, output, sentTokens: 0 });
      mostInFlight = Math.max(mostInFlight, running.size);
      refusals = 0;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refusals += 1;
      firstRefusal ??= spent / limit;
    }
  }
  while (running.size > 0) pass(nowMs + 1000);
  const [claim] = claims;
  const held = claim === undefined ? 0 : (gateway.counters.standing(claim, { nowMs, epochMs: 0 })?.held ?? 0);
  return { firstRefusal, spent: spent / limit, held, mostInFlight };
}

function randomInput(dice: () => number): number {
  return Math.max(8, Math.round(Math.exp(7.6 + 0.9 * gauss(dice))));
}

function randomOutput(dice: () => number): number {
  return Math.max(1, Math.min(MOST_OUTPUT, Math.round(Math.exp(6 + gauss(dice)))));
}

function learn(estimates: EstimateLedger, dice: () => number): void {
  for (let count = 0; count < 512; count++) {
    const [inputTokens, outputTokens] = [randomInput(dice), randomOutput(dice)];
    const textBytes = Math.round(inputTokens * (4 + 0.4 * dice()));
    estimates.note({ keyId: undefined, model: 'm', textBytes, inputTokens, outputTokens, answerBytes: 0 });
  }
}

/** A body whose text has about 4.2 bytes a token, as English has. */
function bodyOf(tokens: number, dice: () => number): Uint8Array {
  const text = 'a'.repeat(Math.round(tokens * (4 + 0.4 * dice())));
  return new TextEncoder().encode(
    `{"model":"m","stream":true,"messages":[{"role":"user","content":"${text}"}]}`,
  );
}

function gauss(dice: () => number): number {
  return Math.sqrt(-2 * Math.log(dice() || 1e-9)) * Math.cos(2 * Math.PI * dice());
}

/** The middle value. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
