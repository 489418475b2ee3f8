import type { Classification, Reply, ReplyContext } from '../classification.ts';
import { collectStream } from './collect-stream.ts';
import type { ReplyTranslation } from './reply-translation.ts';
import { classifyTranslatedFailure } from './translated-failure.ts';
import { translatedHeaders } from './translated-headers.ts';
import { TranslatedStream } from './translated-stream.ts';
import { unframedReply } from './unframed-body.ts';

type WholeOf = (
  reply: Reply,
  reading: ReplyContext,
  translation: ReplyTranslation,
) => Promise<Classification>;

/**
 * Holds a stream of another API back until its first content, like a stream of the client's own API. Collects it into
 * one answer if the client did not ask for a stream. The reply's body must not be compressed.
 */
// oxlint-disable-next-line max-params -- a reply, and how it is read as a stream or else
export async function openTranslatedStream(
  framed: Reply,
  reading: ReplyContext,
  translation: ReplyTranslation,
  wholeOf: WholeOf,
): Promise<Classification> {
  const { how } = translation;
  if (how.kind !== 'written') return wholeOf(framed, reading, translation);
  const reply = translation.from === 'messages' ? unframedReply(framed, reading.planned.id) : framed;
  const { status, headers } = reply;
  if (!how.exchange.conversation.stream) return collectStream(reply, reading, translation);
  const stream = new TranslatedStream(reply, reading, how);
  const held = await stream.hold(status);
  switch (held.kind) {
    case 'committed': {
      const type = how.translation.client.streamType(how.exchange);
      const shown = translatedHeaders(headers, type, reading, translation);
      return {
        outcome: { kind: 'answered' },
        answer: { kind: 'streamed', status, headers: shown, stream },
      };
    }
    case 'no-events':
      return wholeOf({ ...reply, body: held.body }, reading, translation);
    case 'failed-with':
      return classifyTranslatedFailure(
        { error: held.error, headers, defect: 'error-event' },
        reading,
        translation,
      );
    case 'outcome':
      return { outcome: held.outcome };
  }
}
