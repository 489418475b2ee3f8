import type { TFunction } from 'i18next';
import type { RequestDetail } from '../../api/types.ts';
import { sentences } from '../../lib/sentences.ts';

/** Why the gateway answered with an error code of its own, and what helps; undefined: the code is not its own. */
export function reasonOf(code: string | null | undefined, t: TFunction): string | undefined {
  return code === null || code === undefined ? undefined : REASONS[code]?.(t);
}

/** By the codes of `REFUSALS`, as far as requests with them are recorded. */
export const REASONS: Readonly<Record<string, (t: TFunction) => string>> = {
  missing_api_key: (t) => t('The client sent no key. It belongs in the header Authorization.'),
  invalid_api_key: (t) =>
    t('The gateway has no such key. Perhaps it was mistyped, deleted, or replaced by another secret.'),
  key_store_unavailable: (t) =>
    t('The key is unknown here, and the database that may have it did not answer.'),
  key_expired: (t) => t('The key has expired. Set a later date, or create another key.'),
  model_not_allowed: (t) => t('The key may not use this model. Add it to the models of the key.'),
  path_not_allowed: (t) =>
    t('The key has a list of models, so it may use only these and the objects that it created.'),
  object_not_found: (t) =>
    t('The key has created no such object. Perhaps another key has, or it was too long ago.'),
  model_not_found: (t) =>
    t('There is no model of this name. The client has to ask for one of the names on the page Models.'),
  provider_not_found: (t) =>
    t('The header x-llm-proxy-provider names no provider or model. Names are case-sensitive.'),
  path_not_found: (t) => t('There is no such path. The base URL of the client has to end in /v1.'),
  method_not_allowed: (t) => t('The path does not accept this HTTP method.'),
  invalid_path: (t) => t('The path is not valid. Check the base URL of the client.'),
  invalid_body: (t) => t('The body is not valid JSON or a valid form.'),
  invalid_tags: (t) => t('The header x-llm-proxy-tags is not valid. Write name=value, name=value.'),
  end_user_required: (t) => t('The key needs an end user, and the request names none.'),
  missing_model: (t) => t('The request names no model.'),
  translation_unsupported: (t) =>
    t(
      'The API of the provider has no place for a field of the request, and no route has the API of the client.',
    ),
  coding_not_supported: (t) => t('The body is compressed in an unknown way.'),
  not_cached: (t) => t('The client accepts only an answer from the response cache, and there was none.'),
  body_too_large: (t) => t('The body is larger than server.max_body_mb.'),
  body_timeout: (t) => t('The client took too long to send its request.'),
  too_many_bodies: (t) => t('Too many large bodies were under way at the same time.'),
  websocket_not_supported: (t) => t('No provider of the model has WebSockets switched on.'),
  too_many_websockets: (t) => t('Too many WebSocket connections were open.'),
  model_elsewhere: (t) => t('A message on a WebSocket named a model of another provider.'),
  rate_limit_exceeded: (t) =>
    t('A limit on requests was reached, of the key or of its team or user. It passes by itself.'),
  token_limit_exceeded: (t) =>
    t('A limit on tokens was reached, of the key or of its team or user. It passes by itself.'),
  concurrency_limit_exceeded: (t) => t('As many requests were under way as the limit allows.'),
  budget_exceeded: (t) =>
    t('A budget is used up, of the key or of its team or user. Raise it, or wait for its next period.'),
  request_over_limit: (t) => t('The request alone is larger than a whole limit. Retrying does not help.'),
  price_unknown: (t) =>
    t(
      'The key has a budget, and the price of the model is unknown. Choose a price list for its provider or mark it as free, or set the price under prices.models.',
    ),
  limit_store_unavailable: (t) => t('The store of the shared limits did not answer. See Settings, Gateways.'),
  journal_unavailable: (t) =>
    t('The use of the request could not be recorded, such as on a full disk. The log has the reason.'),
  upstream_unreachable: (t) => t('No provider of the model could be reached. The attempts have the reason.'),
  upstream_invalid: (t) =>
    t('The provider reported success but sent no valid answer. Often its address lacks the /v1.'),
  translation_failed: (t) =>
    t('The answer does not match the API of the provider. Perhaps the provider has another API.'),
  upstream_timeout: (t) => t('No provider answered in time. The timeouts of a provider can be raised.'),
  upstream_refused_websocket: (t) =>
    t('The provider refused the WebSocket. Check its credential and the name of the model.'),
  upstream_truncated: (t) =>
    t(
      'The provider broke off. If this happens after the same time again and again, a proxy in between has a timeout.',
    ),
  no_route: (t) => t('The model has no enabled route. Look at the model, its routes and its providers.'),
  internal_error: (t) => t('The gateway failed. This is a bug; its log has the id of the request.'),
};

/** Why a request has no attempts. */
export function whyNoAttempts(
  { cost_basis: basis, ending, code }: Pick<RequestDetail, 'cost_basis' | 'ending' | 'code'>,
  t: TFunction,
): string {
  if (ending === 'lost') return t('The gateway ended before the request did, so its attempts are unknown.');
  // A provider may have answered before.
  if (code === 'internal_error') return t('The gateway failed, so its attempts are unknown.');
  const why =
    basis === 'cache'
      ? t('The answer came from the response cache.')
      : t('The gateway refused the request itself.');
  return sentences(t('No provider was asked.'), why);
}
