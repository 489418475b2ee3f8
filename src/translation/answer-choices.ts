import type { Exchange } from './exchange.ts';
import { asArray, asNumber, asObject, type JsonObject } from './json.ts';

/** One of a provider's answers, with its place in the provider's list. */
export interface PlacedChoice {
  readonly at: number;
  readonly value: JsonObject;
}

/**
 * The answers in a provider's list in the order of their `index`. Reports those that the request did not ask for, and
 * leaves them out. `name` is the list's path.
 */
export function choicesIn(list: unknown, name: string, exchange: Exchange): readonly PlacedChoice[] {
  const placed = asArray(list).map((value, at) => ({ at, value: asObject(value) ?? {} }));
  if (placed.length < 2) return placed;
  const ordered = placed.toSorted((left, right) => indexOf(left) - indexOf(right));
  const asked = exchange.conversation.sampling.n?.value ?? 1;
  for (const { at } of ordered.slice(asked))
    exchange.losses.dropped(`${name}[${at}]`, 'the request asked for fewer answers');
  return ordered.slice(0, asked);
}

function indexOf({ at, value }: PlacedChoice): number {
  return asNumber(value['index']) ?? at;
}
