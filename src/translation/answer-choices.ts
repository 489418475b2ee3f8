import type { Exchange } from './exchange.ts';
import { asArray, asNumber, asObject, type JsonObject } from './json.ts';

/** One of a provider's answers, with its place in the provider's list. */
export interface PlacedChoice {
  readonly at: number;
  readonly value: JsonObject;
}

/**
 * The answers in a provider's list in the order of their `index`. For a client whose API has only one, reports the others
 * and leaves them out. `name` is the list's path.
 */
export function choicesIn(list: unknown, name: string, exchange: Exchange): readonly PlacedChoice[] {
  const placed = asArray(list).map((value, at) => ({ at, value: asObject(value) ?? {} }));
  if (placed.length < 2) return placed;
  const ordered = placed.toSorted((left, right) => indexOf(left) - indexOf(right));
  if (!HAS_ONE.has(exchange.conversation.api)) return ordered;
  for (const { at } of ordered.slice(1))
    exchange.losses.dropped(`${name}[${at}]`, 'the client API has one answer');
  return ordered.slice(0, 1);
}

/**
 * Reports the answers in a chunk beside the first, because a translated stream has a single answer. `name` is the list's
 * path.
 */
export function tellOthers(choices: readonly JsonObject[], name: string, { losses }: Exchange): void {
  for (const { index } of choices)
    if ((index ?? 0) !== 0) losses.dropped(`${name}[${String(index)}]`, 'a translated stream has one answer');
}

const HAS_ONE: ReadonlySet<string> = new Set(['messages', 'responses']);

function indexOf({ at, value }: PlacedChoice): number {
  return asNumber(value['index']) ?? at;
}
