import type { Media, Part } from '../conversation.ts';
import { asObject, asString, type JsonObject } from '../json.ts';
import { urlSource } from '../media.ts';
import { typeOfName } from '../media-type.ts';
import { cacheMark, objectAt } from '../request-fields.ts';
import { fileOfData, imageSource, readPart as readChatPart } from '../openai-chat/read-parts.ts';
import { InvalidBody } from '../sides.ts';

/** Reads the content of a message or a result as parts. A string is one part; null is none. @throws InvalidBody */
export function readContent(content: unknown, path: string): readonly Part[] {
  if (typeof content === 'string') return content === '' ? [] : [{ kind: 'text', text: content, path }];
  if (content === null || content === undefined) return [];
  if (!Array.isArray(content)) throw new InvalidBody(path, 'expected a string or a list');
  return content.map((part, index) => readPart(part, `${path}[${index}]`));
}

/** Reads one content part. @throws InvalidBody */
function readPart(value: unknown, path: string): Part {
  if (typeof value === 'string') return { kind: 'text', text: value, path };
  const part = objectAt(value, path);
  const cache = cacheMark(part);
  switch (part['type']) {
    case 'input_image':
    case 'computer_screenshot':
      return { ...imageOf(part, path), cache };
    case 'input_file':
      return { ...fileOf(part, path), cache };
    case 'summary_text':
    case 'reasoning_text':
      return { kind: 'text', text: asString(part['text']) ?? '', path, cache };
    default:
      return readChatPart(part, path);
  }
}

function imageOf(part: JsonObject, path: string): Media {
  const detail = asString(part['detail']);
  const id = asString(part['file_id']);
  const url = asString(part['image_url']) ?? asString(asObject(part['image_url'])?.['url']);
  if (url === undefined && id !== undefined) {
    return { kind: 'image', source: { kind: 'file-id', id }, mediaType: '', detail, path };
  }
  return { kind: 'image', ...imageSource(url ?? ''), detail, path };
}

function fileOf(part: JsonObject, path: string): Media {
  const name = asString(part['filename']);
  const url = asString(part['file_url']);
  const id = asString(part['file_id']);
  const data = asString(part['file_data']);
  if (data === undefined && url !== undefined) {
    const { source, mediaType } = urlSource(url);
    return {
      kind: 'document',
      source,
      mediaType: mediaType === '' ? typeOfName(name ?? url) : mediaType,
      name,
      path,
    };
  }
  if (data === undefined && id !== undefined) {
    return { kind: 'document', source: { kind: 'file-id', id }, mediaType: '', name, path };
  }
  return fileOfData(data ?? '', name, path);
}
