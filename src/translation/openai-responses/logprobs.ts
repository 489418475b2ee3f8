import { asArray, asNumber, asObject, asString, type JsonTree } from '../json.ts';

/** Log probabilities with every member that Responses and Chat require. Servers omit `bytes` in streams. */
export function fullLogprobs(tokens: readonly unknown[]): readonly JsonTree[] {
  return tokens.map((token) => ({
    ...entryOf(token),
    top_logprobs: asArray(asObject(token)?.['top_logprobs']).map(entryOf),
  }));
}

function entryOf(value: unknown): JsonTree {
  const entry = asObject(value) ?? {};
  const token = asString(entry['token']) ?? '';
  const bytes = Array.isArray(entry['bytes']) ? entry['bytes'] : [...UTF8.encode(token)];
  return { token, logprob: asNumber(entry['logprob']) ?? 0, bytes };
}

const UTF8 = new TextEncoder();
