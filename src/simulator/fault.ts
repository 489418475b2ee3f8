import type { Answer } from './answer.ts';
import type { Item } from './item.ts';
import type { AnswerOptions } from './answer-options.ts';

/** The parameters of a fault with their defaults, from which their types derive. */
export type Params = Readonly<Record<string, number | string>>;

/**
 * One way in which a provider misbehaves: options of the answer, a change to the answer, or both. Faults map one answer
 * to the next, so they can be combined, as in `gzip+cut-rst`.
 */
export interface Fault {
  readonly name: string;
  /** One line for `GET /mock/faults`. */
  readonly summary: string;
  readonly params: Params;
  readonly options?: (params: Params) => Partial<AnswerOptions>;
  readonly play?: (answer: Answer, params: Params) => Answer;
}

/** The description of a fault; `P` is inferred from the defaults. */
export interface FaultSpec<P extends Params> {
  readonly name: string;
  readonly summary: string;
  readonly params: P;
  readonly options?: (params: Widened<P>) => Partial<AnswerOptions>;
  readonly play?: (answer: Answer, params: Widened<P>) => Answer;
}

type Widened<P extends Params> = { readonly [Key in keyof P]: P[Key] extends number ? number : string };

/** Makes a fault from its description. */
export function fault<const P extends Params>(spec: FaultSpec<P>): Fault {
  // Safe: a fault is only played with its own parameters, which `readFaultSpec` has checked.
  return spec as unknown as Fault;
}

/** The answer with other items. */
export function withItems(answer: Answer, items: Iterable<Item>): Answer {
  return { ...answer, items };
}

/** Rewrites the events of an answer one by one; an empty list drops one. A whole answer stays as it is. */
export function eachItem(answer: Answer, rewrite: (item: Item) => readonly Item[]): Answer {
  return answer.isStream ? withItems(answer, rewritten(answer.items, rewrite)) : answer;
}

function* rewritten(items: Iterable<Item>, rewrite: (item: Item) => readonly Item[]): Generator<Item> {
  for (const item of items) yield* rewrite(item);
}
