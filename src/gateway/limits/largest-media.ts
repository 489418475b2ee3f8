import { asObject, type JsonObject } from '../../protocols/json-object.ts';

/**
 * The files of a parsed request, in the places where an API takes them for files. A file anywhere else, such as in the
 * text of a message or in the arguments of a tool, is text to the model.
 */
export class LargestMedia {
  /** Characters of encoded files: at most as many bytes of the body. */
  bytes = 0;
  /** Images, also those given by URL or id. */
  images = 0;
  /** Decoded bytes of recordings. */
  audioBytes = 0;
  /** Files whose number of tokens is unknown. */
  documents = 0;

  readRequest(request: JsonObject): void {
    this.#readItems(request.messages);
    this.#readItems(request.input);
    this.#readItems(request.contents);
    this.#readParts(request.system, 0);
    this.#readItems([request.systemInstruction, request.system_instruction]);
    // Images to be edited, by URL or id. Encoded ones count as text as well.
    if (Array.isArray(request.images)) this.images += request.images.length;
  }

  /** Messages of any API, and the items of a response's input. */
  #readItems(items: unknown): void {
    if (!Array.isArray(items)) return;
    for (const each of items) {
      const item = asObject(each);
      if (item === undefined) continue;
      this.#readParts(item.content, 0);
      this.#readParts(item.parts, 0);
      this.#readParts(Array.isArray(item.output) ? item.output : [item.output], 0);
      this.#readPart(item, 0);
    }
  }

  #readParts(parts: unknown, depth: number): void {
    if (!Array.isArray(parts) || depth > MOST_DEPTH) return;
    for (const each of parts) {
      const part = asObject(each);
      if (part !== undefined) this.#readPart(part, depth);
    }
  }

  #readPart(part: JsonObject, depth: number): void {
    switch (part.type) {
      case 'image_url':
      case 'input_image':
      case 'computer_screenshot':
        return this.#readUrl(asObject(part.image_url)?.url ?? part.image_url, 'image');
      case 'image':
      case 'document':
        return this.#readSource(part.type, asObject(part.source), depth);
      case 'file':
      case 'input_file':
        return this.#readUrl((asObject(part.file) ?? part).file_data, 'document');
      case 'input_audio':
        return this.#readAudio(asObject(part.input_audio) ?? part);
      case 'video_url':
      case 'input_video':
      case 'container_upload':
        this.documents += 1;
        return;
      case 'tool_result':
        return this.#readParts(part.content, depth + 1);
      case undefined:
        return this.#readGemini(part, depth);
    }
  }

  /** Anthropic's images and documents. */
  #readSource(kind: 'image' | 'document', source: JsonObject | undefined, depth: number): void {
    if (source?.type === 'text') return;
    if (source?.type === 'content') return this.#readParts(source.content, depth + 1);
    if (source?.type === 'base64') this.#skip(source.data);
    if (kind === 'image') this.images += 1;
    else this.#addDocument();
  }

  #readUrl(url: unknown, kind: 'image' | 'document'): void {
    const type =
      typeof url === 'string' && url.startsWith('data:') ? url.slice('data:'.length, 64) : undefined;
    if (type !== undefined) this.#skip(url);
    if (kind === 'image' && (type === undefined || type.startsWith('image/'))) this.images += 1;
    else this.#addDocument();
  }

  #readAudio({ data, format }: JsonObject): void {
    this.#noteAudio(data, String(format));
  }

  #readGemini(part: JsonObject, depth: number): void {
    const inline = asObject(part.inlineData) ?? asObject(part.inline_data);
    const file = asObject(part.fileData) ?? asObject(part.file_data);
    const answer = asObject(part.functionResponse) ?? asObject(part.function_response);
    if (answer !== undefined) this.#readParts(answer.parts, depth + 1);
    const given = inline ?? file;
    if (given === undefined) return;
    const type = String(given.mimeType ?? given.mime_type);
    if (inline !== undefined && type.startsWith('audio/')) {
      this.#noteAudio(inline.data, type.slice('audio/'.length));
      return;
    }
    if (inline !== undefined) this.#skip(inline.data);
    if (type.startsWith('image/')) this.images += 1;
    else this.#addDocument();
  }

  #noteAudio(data: unknown, format: string): void {
    const bytes = typeof data === 'string' ? (data.length * 3) / 4 : 0;
    this.#skip(data);
    if (PLAIN_AUDIO.has(format)) this.audioBytes += bytes;
    else this.#addDocument();
  }

  /** A document's pages are images as well. */
  #addDocument(): void {
    this.documents += 1;
    this.images += 1;
  }

  #skip(data: unknown): void {
    if (typeof data === 'string') this.bytes += data.length;
  }
}

/** Deeper parts count as text. */
const MOST_DEPTH = 8;

/** Formats whose silence takes as much room as speech. Others may hold hours in a few bytes. */
const PLAIN_AUDIO: ReadonlySet<string> = new Set(['wav', 'mp3', 'mpeg', 'pcm16']);
