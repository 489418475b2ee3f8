import { copyOfFields, fieldEntries, type Fields } from '../../lib/http/fields.ts';
import { rateLimitHeaders } from '../../translation/rate-limits.ts';
import type { ReplyContext } from '../classification.ts';
import type { ReplyTranslation } from './reply-translation.ts';

/** Converts the provider's header for a client of another API, with the content type of the translated body. */
export function translatedHeaders(
  upstream: Fields,
  contentType: string,
  { gateway, planned }: ReplyContext,
  reply: ReplyTranslation,
): Headers {
  const headers = copyOfFields(upstream);
  const received = headerMap(upstream);
  for (const name of received.keys()) if (OF_PROVIDER.test(name)) headers.delete(name);
  const nowSeconds = Math.floor(gateway.clock.epochMs() / 1000);
  const limits = rateLimitHeaders({ from: reply.from, to: reply.to }, received, nowSeconds);
  for (const [name, value] of Object.entries(limits)) headers.set(name, value);
  const id = received.get('x-request-id') ?? received.get('request-id') ?? received.get('x-amzn-requestid');
  headers.delete('request-id');
  headers.set('x-request-id', id ?? planned.id);
  if (reply.to === 'messages') headers.set('request-id', id ?? planned.id);
  headers.set('content-type', contentType);
  return headers;
}

/** Returns the header fields by lower-case name. */
export function headerMap(headers: Fields): ReadonlyMap<string, string> {
  return new Map(fieldEntries(headers));
}

/** Fields that belong to the provider's API or describe its original body. */
const OF_PROVIDER =
  /^(?:openai-|anthropic-|x-ratelimit-|x-amzn-|x-amz-|x-goog-|cf-|server$|server-timing$|content-(?:type|length|encoding|language|disposition)$|etag$|digest$|content-md5$)/;
