import type { Media } from '../conversation.ts';
import type { Exchange } from '../exchange.ts';
import type { JsonTree } from '../json.ts';
import { dropDetail, textOfDocument, unreachable } from '../media.ts';
import { shownType } from '../media-type.ts';

const IMAGE_TYPES: ReadonlySet<string> = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp']);

/** Writes media as a content block. Records a loss and writes nothing if the API does not accept it. */
export function writeMedia(media: Media, exchange: Exchange): readonly JsonTree[] {
  const { path } = media;
  dropDetail(media, exchange);
  const written = media.kind === 'image' ? image(media, exchange) : document(media, exchange);
  if (typeof written !== 'string') return [written];
  exchange.losses.meaning(path, written);
  return [];
}

/** The block, or the reason why there is none. */
function image({ source, mediaType }: Media, { target }: Exchange): JsonTree | string {
  switch (source.kind) {
    case 'bytes': {
      const type = mediaType === '' ? shownType(source.data) : mediaType;
      if (!IMAGE_TYPES.has(type)) return `the API does not accept images of type ${mediaType}`;
      return { type: 'image', source: { type: 'base64', media_type: type, data: source.data } };
    }
    case 'url':
      if (target.carriage !== undefined) return 'the provider accepts images only as bytes';
      return unreachable(source) ?? { type: 'image', source: { type: 'url', url: source.url } };
    case 'file-id':
      return 'the file is stored at another provider';
    case 'text':
      return 'an image cannot consist of text';
  }
}

function document(media: Media, { target }: Exchange): JsonTree | string {
  const { source, mediaType, kind } = media;
  if (kind !== 'document') return `the API does not accept ${kind}`;
  const block = (from: JsonTree): JsonTree => ({
    type: 'document',
    title: media.title ?? media.name,
    context: media.context,
    citations: media.citations === true ? { enabled: true } : undefined,
    source: from,
  });
  switch (source.kind) {
    case 'bytes': {
      if (mediaType === 'application/pdf' || mediaType === '') {
        return block({ type: 'base64', media_type: 'application/pdf', data: source.data });
      }
      const text = textOfDocument(media);
      if (text === undefined) return `the API does not accept documents of type ${mediaType}`;
      return block({ type: 'text', media_type: 'text/plain', data: text });
    }
    case 'url':
      if (target.carriage !== undefined) return 'the provider accepts documents only as bytes';
      return unreachable(source) ?? block({ type: 'url', url: source.url });
    case 'file-id':
      return 'the file is stored at another provider';
    case 'text':
      return block({ type: 'text', media_type: 'text/plain', data: source.text });
  }
}
