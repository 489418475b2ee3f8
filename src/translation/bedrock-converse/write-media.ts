import type { Media } from '../conversation.ts';
import type { Exchange } from '../exchange.ts';
import type { JsonTree } from '../json.ts';
import { dropDetail, textOfDocument } from '../media.ts';
import { AUDIO_FORMATS } from '../media-type.ts';
import { ownValue } from '../../lib/own-value.ts';

const IMAGES: Readonly<Record<string, string>> = {
  'image/png': 'png',
  'image/jpeg': 'jpeg',
  'image/gif': 'gif',
  'image/webp': 'webp',
};

const DOCUMENTS: Readonly<Record<string, string>> = {
  'application/pdf': 'pdf',
  'text/csv': 'csv',
  'application/msword': 'doc',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'application/vnd.ms-excel': 'xls',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
  'text/html': 'html',
  'text/plain': 'txt',
  'text/markdown': 'md',
};

const MAX_NAME_CHARS = 200;

/** Writes media for Converse: bytes, or S3 objects. Makes document names unique within the request. */
export class MediaWriter {
  readonly #exchange: Exchange;
  readonly #names = new Set<string>();
  /** The next number for a name that is taken. */
  readonly #counts = new Map<string, number>();

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  write(media: Media): readonly JsonTree[] {
    const { losses } = this.#exchange;
    dropDetail(media, this.#exchange);
    if (media.citations === true)
      losses.dropped(`${media.path}.citations`, 'citations are not requested from Converse');
    if (media.kind === 'document') return this.#document(media);
    const format = (media.kind === 'image' ? IMAGES : AUDIO_FORMATS)[media.mediaType];
    const source = sourceOf(media);
    if (media.kind === 'video' || source === undefined || format === undefined) return this.#refuse(media);
    return [{ [media.kind]: { format, source } }];
  }

  #document(media: Media): readonly JsonTree[] {
    const { source } = media;
    const format = source.kind === 'text' ? 'txt' : documentFormat(media);
    const written = source.kind === 'text' ? { text: source.text } : sourceOf(media);
    if (written === undefined || format === undefined) return this.#refuse(media);
    const name = this.#nameOf(media.name ?? media.title ?? '');
    return [{ document: { format, name, source: written, context: media.context } }];
  }

  #refuse({ path, kind, mediaType, source }: Media): readonly JsonTree[] {
    const what = source.kind === 'bytes' ? mediaType || 'media without a type' : `${kind}s by ${source.kind}`;
    this.#exchange.losses.meaning(path, `Converse does not accept ${what}`);
    return [];
  }

  /** A name of letters, digits, single spaces, hyphens, parentheses and brackets. A name already used gets a number. */
  #nameOf(given: string): string {
    const plain = given
      .replace(/\.[A-Za-z0-9]{1,5}$/, '')
      .replaceAll(/[^A-Za-z0-9()[\]-]+/g, ' ')
      .trim()
      .slice(0, MAX_NAME_CHARS)
      .trim();
    const base = plain === '' ? 'document' : plain;
    let name = base;
    for (let count = this.#counts.get(base) ?? 2; this.#names.has(name); count++) {
      this.#counts.set(base, count + 1);
      name = `${base.slice(0, MAX_NAME_CHARS - ` ${count}`.length).trim()} ${count}`;
    }
    this.#names.add(name);
    return name;
  }
}

function documentFormat(media: Media): string | undefined {
  return ownValue(DOCUMENTS, media.mediaType) ?? (textOfDocument(media) === undefined ? undefined : 'txt');
}

function sourceOf({ source }: Media): JsonTree | undefined {
  if (source.kind === 'bytes') return { bytes: source.data };
  if (source.kind === 'url' && source.url.startsWith('s3://')) return { s3Location: { uri: source.url } };
  return undefined;
}
