import type { Snapshot } from '../config/snapshot.ts';
import { authenticate } from '../gateway/authenticate.ts';
import { type CredentialPlaces, presentedKey } from '../gateway/credentials.ts';
import { Refusal } from '../gateway/refusals.ts';

/**
 * A list that is read without a key says in `x-llm-proxy-key-known` whether the one that was presented all the same is known: a
 * client that tries its key learns nothing else from it. The field is left out where none is presented, or none needed.
 */
export function withKeyHint(response: Response, request: CredentialPlaces, { access }: Snapshot): Response {
  if (access.kind === 'open' || presentedKey(request.headers, request.search) === undefined) return response;
  try {
    authenticate(request, access);
    response.headers.set('x-llm-proxy-key-known', 'true');
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.code === 'invalid_api_key') response.headers.set('x-llm-proxy-key-known', 'false');
  }
  return response;
}
