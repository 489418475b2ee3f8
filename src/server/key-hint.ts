import { authenticate } from '../gateway/authenticate.ts';
import { type CredentialPlaces, presentedKey } from '../gateway/credentials.ts';
import type { WholeClientAnswer } from '../gateway/client-answer.ts';
import { Refusal } from '../gateway/refusals.ts';
import type { ModelSources } from './models-endpoint.ts';

/**
 * A list that may be read without a key says in `x-llm-proxy-key-known` whether the presented key is valid. Clients
 * that check their key learn it nowhere else. The field is left out if no key was presented or none is needed.
 */
export function withKeyHint(
  answer: WholeClientAnswer,
  request: CredentialPlaces,
  { snapshot: { access }, clock }: ModelSources,
): WholeClientAnswer {
  if (access.kind === 'open' || presentedKey(request.headers, request.search) === undefined) return answer;
  try {
    authenticate(request, access, clock);
    answer.fields['x-llm-proxy-key-known'] = 'true';
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const isKnown = error.code !== 'invalid_api_key' && error.code !== 'key_expired';
    if (!isKnown) answer.fields['x-llm-proxy-key-known'] = 'false';
  }
  return answer;
}
