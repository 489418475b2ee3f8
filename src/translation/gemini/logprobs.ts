import { asArray, asNumber, asObject, asString, type JsonObject, type JsonTree } from '../json.ts';

/** Converts a candidate's `logprobsResult` to Chat's shape, one entry per token. */
export function readLogprobs(candidate: JsonObject): readonly JsonTree[] {
  const result = asObject(candidate['logprobsResult']);
  const top = asArray(result?.['topCandidates']);
  return asArray(result?.['chosenCandidates']).map((chosen, index) => ({
    ...entryOf(chosen),
    top_logprobs: asArray(asObject(top[index])?.['candidates']).map(entryOf),
  }));
}

function entryOf(value: unknown): JsonTree {
  const { token, logProbability } = asObject(value) ?? {};
  const text = asString(token) ?? '';
  return { token: text, logprob: asNumber(logProbability) ?? 0, bytes: [...UTF8.encode(text)] };
}

const UTF8 = new TextEncoder();

/** Converts Chat's log probabilities to Gemini's shape. */
export function writeLogprobs(tokens: readonly unknown[]): JsonTree {
  const entries = tokens.map((token) => asObject(token) ?? {});
  return {
    chosenCandidates: entries.map(candidateOf),
    topCandidates: entries.map((entry) => ({
      candidates: asArray(entry['top_logprobs']).map((each) => candidateOf(asObject(each) ?? {})),
    })),
  };
}

function candidateOf({ token, logprob }: JsonObject): JsonTree {
  return { token, logProbability: logprob };
}
