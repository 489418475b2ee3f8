import type { Media } from '../conversation.ts';
import type { Exchange } from '../exchange.ts';
import type { JsonTree } from '../json.ts';
import {
  documentText,
  fileName,
  mediaUrl,
  tellCitations,
  tellDocument,
  textOfDocument,
  unreachable,
} from '../media.ts';
import { AUDIO_FORMATS } from '../media-type.ts';
import type { Dialect } from '../models/dialects.ts';
import { ownValue } from '../../lib/own-value.ts';

/** Writes media as parts of a user message. Records a loss and writes nothing if the API does not accept them. */
export function writeMedia(media: Media, exchange: Exchange, dialect: Dialect): readonly JsonTree[] {
  const { losses } = exchange;
  const { source, path } = media;
  // Of files, OpenAI's Chat API accepts only PDF.
  const text = source.kind === 'text' ? source.text : textOfDocument(media);
  if (text === undefined) tellDocument(media, exchange);
  else tellCitations(media, exchange);
  if (media.kind === 'document' && text !== undefined)
    return [{ type: 'text', text: documentText(media, text) }];
  const lost = unreachable(source);
  if (lost !== undefined) {
    losses.meaning(path, lost);
    return [];
  }
  if (media.kind === 'image') {
    const url = mediaUrl(media);
    return url === undefined ? [] : [{ type: 'image_url', image_url: { url, detail: media.detail } }];
  }
  if (media.kind === 'document' && source.kind === 'bytes') {
    return [{ type: 'file', file: { filename: fileName(media), file_data: mediaUrl(media) } }];
  }
  if (media.kind === 'audio' && source.kind === 'bytes' && dialect.openAiFields) {
    const format = ownValue(AUDIO_FORMATS, media.mediaType);
    if (format === 'mp3' || format === 'wav')
      return [{ type: 'input_audio', input_audio: { data: source.data, format } }];
  }
  losses.meaning(path, `the API does not accept ${media.kind}${source.kind === 'url' ? ' by URL' : ''}`);
  return [];
}
