import type { Fields } from '../lib/http/fields.ts';
import { rememberLast } from '../lib/remember-last.ts';

/** Whether an answer is declared as a stream of server-sent events. */
export function isEventStream(headers: Fields): boolean {
  const contentType = headers.get('content-type');
  return contentType !== null && isEventType(contentType);
}

/** Whether a content type is that of server-sent events. */
export const isEventType = rememberLast((contentType) =>
  contentType.toLowerCase().startsWith('text/event-stream'),
);
