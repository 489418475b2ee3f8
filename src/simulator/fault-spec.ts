import type { Answer } from './answer.ts';
import { badRequest, Refused } from './api-error.ts';
import { COMMON_PARAMS, FAULTS } from './fault-table.ts';
import type { Fault, Params } from './fault.ts';
import type { AnswerOptions } from './answer-options.ts';

/** The fault that a model name or a header asks for. */
export interface FaultSpec {
  /** The names of the faults, joined with `+`. */
  readonly name: string;
  readonly plays: readonly Play[];
  /** How often the fault is played; Infinity: always. */
  readonly times: number;
  /** How long the fault is played after its first request; Infinity: for ever. */
  readonly forMs: number;
  /** Options for length and speed. They stay in force when the fault itself has ended. */
  readonly options: Partial<AnswerOptions>;
}

interface Play {
  readonly fault: Fault;
  readonly params: Params;
}

const BY_NAME: ReadonlyMap<string, Fault> = new Map(FAULTS.map((fault) => [fault.name, fault]));
const ORDER: ReadonlyMap<Fault, number> = new Map(FAULTS.map((fault, index) => [fault, index]));

/** The spec of an answer without fault. */
export const NO_FAULT: FaultSpec = { name: 'ok', plays: [], times: Infinity, forMs: Infinity, options: {} };

/** The fault that a model name asks for after `mock/`; any other model is answered properly. Throws `Refused`. */
export function readModelSpec(model: string): FaultSpec {
  if (model.startsWith('mock/')) return readFaultSpec(model.slice('mock/'.length));
  const query = model.indexOf('?');
  return query < 0 ? NO_FAULT : { ...NO_FAULT, options: optionsOf(new URLSearchParams(model.slice(query))) };
}

/** Reads `name+name?param=value&…`. Throws `Refused` for a fault or a parameter that does not exist. */
export function readFaultSpec(spec: string): FaultSpec {
  const query = spec.indexOf('?');
  const names = query < 0 ? spec : spec.slice(0, query);
  const given = new URLSearchParams(query < 0 ? '' : spec.slice(query));
  const plays = names.split('+').map((name) => playOf(name, given));
  for (const key of given.keys()) {
    if (Object.hasOwn(COMMON_PARAMS, key) || plays.some(({ params }) => Object.hasOwn(params, key))) continue;
    throw badRequest(
      `The fault "${names}" has no parameter "${key}". GET /mock/faults lists the parameters.`,
    );
  }
  return {
    name: names,
    plays: plays.sort((a, b) => (ORDER.get(a.fault) ?? 0) - (ORDER.get(b.fault) ?? 0)),
    times: numberOf(given, 'times') ?? Infinity,
    forMs: (numberOf(given, 'for') ?? Infinity) * 1000,
    options: optionsOf(given),
  };
}

/** The options that the faults ask for. Explicit options of the spec take precedence. */
export function optionsOfSpec(spec: FaultSpec): Partial<AnswerOptions> {
  const optionsOfFaults = spec.plays.map(({ fault, params }) => fault.options?.(params));
  return Object.assign({}, ...optionsOfFaults, spec.options) as Partial<AnswerOptions>;
}

/** Plays the faults on a proper answer. */
export function playFaults(spec: FaultSpec, answer: Answer): Answer {
  let played = answer;
  for (const { fault, params } of spec.plays) played = fault.play?.(played, params) ?? played;
  return played;
}

/** Options from parameters that every spec accepts. Throws `Refused` for values that are not numbers. */
export function optionsOf(given: URLSearchParams): Partial<AnswerOptions> {
  const words = numberOf(given, 'words');
  const pace = numberOf(given, 'pace');
  const latencyMs = numberOf(given, 'latency');
  return {
    ...(words === undefined ? {} : { words }),
    ...(pace === undefined ? {} : { paceMs: paceMs(pace) }),
    ...(latencyMs === undefined ? {} : { latencyMs }),
  };
}

/** Milliseconds per token; 0 for a pace of 0, which means no pace. */
export function paceMs(tokensPerSecond: number): number {
  return tokensPerSecond > 0 ? 1000 / tokensPerSecond : 0;
}

function playOf(name: string, given: URLSearchParams): Play {
  const byStatus = /^[45]\d\d$/.test(name) ? BY_NAME.get('status') : undefined;
  const fault = BY_NAME.get(name) ?? byStatus;
  if (fault === undefined) {
    const message = `The model "mock/${name}" does not exist. GET /mock/faults lists the faults.`;
    throw new Refused({ status: 404, type: 'invalid_request_error', code: 'model_not_found', message });
  }
  const defaults: Params = fault.name === name ? fault.params : { ...fault.params, code: Number(name) };
  const params = Object.entries(defaults).map(([key, value]) => {
    return [key, (typeof value === 'number' ? numberOf(given, key) : given.get(key)) ?? value];
  });
  checkStatus(Object.fromEntries(params) as Params);
  return { fault, params: Object.fromEntries(params) as Params };
}

/** An invalid status would not be HTTP, which is a fault of its own. */
function checkStatus({ code }: Params): void {
  if (code === undefined || (Number.isInteger(code) && Number(code) >= 300 && Number(code) <= 999)) return;
  throw badRequest(`The parameter "code" must be a status from 300 to 999, not "${code}".`);
}

function numberOf(given: URLSearchParams, key: string): number | undefined {
  const text = given.get(key);
  if (text === null) return undefined;
  const value = text === '' ? Number.NaN : Number(text);
  if (Number.isFinite(value) && value >= 0) return value;
  throw badRequest(`The parameter "${key}" must be a non-negative number, not "${text}".`);
}
