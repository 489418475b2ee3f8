import { asArray, asNumber, asObject, asString, type JsonTree } from '../json.ts';

/**
 * Writes log probabilities as parallel lists. `offset` is the position of the first token in the text, in UTF-16 units.
 */
export function writeLogprobs(tokens: readonly unknown[], offset: number): JsonTree {
  const entries = tokens.map(entryOf);
  let place = offset;
  const text_offset = entries.map(({ token }) => {
    const begin = place;
    place += token.length;
    return begin;
  });
  return {
    tokens: entries.map(({ token }) => token),
    token_logprobs: entries.map(({ logprob }) => logprob),
    top_logprobs: tokens.map(topOf),
    text_offset,
  };
}

/** The total length of the tokens in UTF-16 units. */
export function lengthOf(tokens: readonly unknown[]): number {
  return tokens.reduce<number>((length, token) => length + entryOf(token).token.length, 0);
}

interface Entry {
  readonly token: string;
  readonly logprob: number;
}

function entryOf(value: unknown): Entry {
  const { token, logprob } = asObject(value) ?? {};
  return { token: asString(token) ?? '', logprob: asNumber(logprob) ?? 0 };
}

function topOf(value: unknown): JsonTree {
  const top = asArray(asObject(value)?.['top_logprobs']).map(entryOf);
  return Object.fromEntries(top.map(({ token, logprob }) => [token, logprob]));
}
