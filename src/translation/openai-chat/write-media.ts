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
import type { Dialect } from '../models/dialects.ts';

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
  const format = dialect.openAiFields && source.kind === 'bytes' ? AUDIO[media.mediaType] : undefined;
  if (media.kind === 'audio' && source.kind === 'bytes' && format !== undefined)
    return [{ type: 'input_audio', input_audio: { data: source.data, format } }];
  losses.meaning(path, `the API does not accept ${media.kind}${source.kind === 'url' ? ' by URL' : ''}`);
  return [];
}

const AUDIO: Readonly<Record<string, 'mp3' | 'wav'>> = {
  'audio/mpeg': 'mp3',
  'audio/mp3': 'mp3',
  'audio/wav': 'wav',
  'audio/x-wav': 'wav',
  'audio/wave': 'wav',
  'audio/vnd.wave': 'wav',
};
