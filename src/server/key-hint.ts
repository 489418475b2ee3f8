import { authenticate } from '../gateway/authenticate.ts';
import { type CredentialPlaces, presentedKey } from '../gateway/credentials.ts';
import { Refusal } from '../gateway/refusals.ts';
import type { ModelSources } from './models-endpoint.ts';

/**
 * A list that may be read without a key says in `x-llm-proxy-key-known` whether the presented key is valid. Clients
 * that check their key learn it nowhere else. The field is left out if no key was presented or none is needed.
 */
export function withKeyHint(
  response: Response,
  request: CredentialPlaces,
  { snapshot: { access }, clock }: ModelSources,
): Response {
  if (access.kind === 'open' || presentedKey(request.headers, request.search) === undefined) return response;
  try {
    authenticate(request, access, clock);
    response.headers.set('x-llm-proxy-key-known', 'true');
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const isKnown = error.code !== 'invalid_api_key' && error.code !== 'key_expired';
    if (!isKnown) response.headers.set('x-llm-proxy-key-known', 'false');
  }
  return response;
}
