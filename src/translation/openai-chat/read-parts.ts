import type { Media, Part } from '../conversation.ts';
import { asObject, asString, type JsonObject } from '../json.ts';
import { urlSource } from '../media.ts';
import { shownType, typeOfFile } from '../media-type.ts';
import { cacheMark, objectAt } from '../request-fields.ts';
import { InvalidBody } from '../sides.ts';

/** Reads one part of a message's content. @throws InvalidBody */
export function readPart(value: unknown, path: string): Part {
  if (typeof value === 'string') return { kind: 'text', text: value, path };
  const part = objectAt(value, path);
  const type = asString(part['type']);
  if (type === undefined) throw new InvalidBody(`${path}.type`, 'the part has no type');
  const cache = cacheMark(part);
  switch (type) {
    case 'text':
    case 'input_text':
    case 'output_text':
      return { kind: 'text', text: asString(part['text']) ?? '', path, cache };
    case 'refusal':
      return { kind: 'text', text: asString(part['refusal']) ?? '', refusal: true, path, cache };
    case 'image_url':
      return { ...imageOf(part['image_url'], path), cache };
    case 'input_audio':
      return { ...audioOf(asObject(part['input_audio']) ?? {}, path), cache };
    case 'file':
      return { ...fileOf(asObject(part['file']) ?? {}, path), cache };
    default:
      return { kind: 'unknown', type, path, cache };
  }
}

function imageOf(value: unknown, path: string): Media {
  const image = asObject(value);
  const url = asString(image?.['url']) ?? asString(value) ?? '';
  return { kind: 'image', ...imageSource(url), detail: asString(image?.['detail']), path };
}

/** The source of an image. The bytes tell a type that a `data:` URL omits. */
export function imageSource(url: string): ReturnType<typeof urlSource> {
  const { source, mediaType } = urlSource(url);
  const isUnnamed = mediaType === '' || mediaType === 'application/octet-stream';
  if (source.kind !== 'bytes' || !isUnnamed) return { source, mediaType };
  return { source, mediaType: shownType(source.data) };
}

function audioOf(audio: JsonObject, path: string): Media {
  const format = asString(audio['format']) ?? 'wav';
  return {
    kind: 'audio',
    source: { kind: 'bytes', data: asString(audio['data']) ?? '' },
    mediaType: format === 'mp3' ? 'audio/mpeg' : `audio/${format}`,
    path,
  };
}

function fileOf(file: JsonObject, path: string): Media {
  const name = asString(file['filename']);
  const id = asString(file['file_id']);
  if (id !== undefined)
    return { kind: 'document', source: { kind: 'file-id', id }, mediaType: '', name, path };
  return fileOfData(asString(file['file_data']) ?? '', name, path);
}

/** A file from its `file_data`: a `data:` URL, any other URL, or base64 alone. */
export function fileOfData(data: string, name: string | undefined, path: string): Media {
  const isUrl = /^(?:data|https?):/.test(data);
  const { source, mediaType } = isUrl
    ? urlSource(data)
    : { source: { kind: 'bytes', data } as const, mediaType: '' };
  const isDeclared = mediaType !== '' && mediaType !== 'application/octet-stream';
  const type = isDeclared ? mediaType : typeOfFile(name, source.kind === 'bytes' ? source.data : '');
  return { kind: type.startsWith('image/') ? 'image' : 'document', source, mediaType: type, name, path };
}
