import type { Media, MediaSource } from './conversation.ts';
import type { Exchange } from './exchange.ts';
import { ownValue } from '../lib/own-value.ts';

/** Parses a `data:` URL (RFC 2397). Keeps any other URL as it is. */
export function urlSource(url: string): { readonly source: MediaSource; readonly mediaType: string } {
  if (!url.startsWith('data:')) return { source: { kind: 'url', url }, mediaType: '' };
  const comma = url.indexOf(',');
  const head = comma === -1 ? url.slice(5) : url.slice(5, comma);
  const rest = comma === -1 ? '' : url.slice(comma + 1);
  const isBase64 = /;\s*base64\s*$/i.test(head);
  const mediaType = plainMediaType(head.split(';', 1)[0] ?? '');
  return { source: { kind: 'bytes', data: isBase64 ? plainBase64(rest) : percentToBase64(rest) }, mediaType };
}

/** Base64 without line breaks, and without the percent signs that its characters may have in a URL. */
function plainBase64(text: string): string {
  const plain = text.includes('%') ? text.replace(/%([\da-f]{2})/gi, charOf) : text;
  return /[\n\r ]/.test(plain) ? plain.replace(/[\n\r ]+/g, '') : plain;
}

function charOf(_: string, hex: string): string {
  return String.fromCharCode(Number.parseInt(hex, 16));
}

/** The type in lower case, without parameters, with the registered name for common misspellings. */
export function plainMediaType(type: string): string {
  const plain = (type.split(';', 1)[0] ?? '').trim().toLowerCase();
  return plain === 'image/jpg' ? 'image/jpeg' : plain;
}

function percentToBase64(text: string): string {
  const bytes: number[] = [];
  const given = UTF8.encode(text);
  for (let at = 0; at < given.length; at++) {
    const hex = given[at] === PERCENT ? String.fromCharCode(given[at + 1] ?? 0, given[at + 2] ?? 0) : '';
    const isHex = /^[\da-f]{2}$/i.test(hex);
    bytes.push(isHex ? Number.parseInt(hex, 16) : (given[at] ?? 0));
    if (isHex) at += 2;
  }
  return Uint8Array.from(bytes).toBase64();
}

const PERCENT = 0x25;
const UTF8 = new TextEncoder();

/** Media as one URL: `data:` for bytes; undefined for file ids. */
export function mediaUrl(media: Media): string | undefined {
  const { source } = media;
  if (source.kind === 'url') return source.url;
  if (source.kind !== 'bytes') return undefined;
  return `data:${media.mediaType};base64,${source.data}`;
}

/** The text of a plain-text document: its title, its context and its content. */
export function documentText(media: Media, text: string): string {
  return [media.title ?? media.name, media.context, text]
    .filter((line) => line !== undefined && line !== '')
    .join('\n');
}

/** Tells the parts of a document that an API for files has no room for. */
export function tellDocument({ context, citations, path }: Media, { losses }: Exchange): void {
  if (context !== undefined && context !== '')
    losses.dropped(`${path}.context`, 'a file has no context in this API');
  tellCitations({ citations, path }, { losses });
}

/** Tells that the answer will not cite a document. */
export function tellCitations(
  { citations, path }: Pick<Media, 'citations' | 'path'>,
  { losses }: Pick<Exchange, 'losses'>,
): void {
  if (citations === true) losses.dropped(`${path}.citations`, 'the API does not cite documents');
}

/** The reason why a provider cannot read a file that it has to fetch; undefined: it may. */
export function unreachable(source: MediaSource): string | undefined {
  if (source.kind === 'file-id') return 'the file is stored at another provider';
  if (source.kind !== 'url') return undefined;
  if (source.url.startsWith('https://generativelanguage.googleapis.com/'))
    return 'the file is stored at Google';
  return isFetchable(source.url) ? undefined : 'the API fetches files only by http and https';
}

/** Whether the URL has a scheme from which files are fetched. */
export function isFetchable(url: string): boolean {
  return /^https?:\/\//i.test(url);
}

/** A file name with an extension, which OpenAI requires. Derived from the title if there is no name. */
export function fileName(media: Media): string {
  const name = media.name ?? media.title ?? 'document';
  if (/\.[A-Za-z0-9]{1,5}$/.test(name)) return name;
  return `${name}.${ownValue(EXTENSIONS, media.mediaType) ?? 'pdf'}`;
}

const EXTENSIONS: Readonly<Record<string, string>> = {
  'application/pdf': 'pdf',
  'text/plain': 'txt',
  'text/csv': 'csv',
  'text/html': 'html',
  'text/markdown': 'md',
  'application/json': 'json',
};

/** `1 image`, `2 images and 1 document`: names the media that follow a tool message because it cannot hold them. */
export function countOfMedia(media: readonly Media[]): string {
  const counts = new Map<string, number>();
  for (const { kind } of media) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => `${count} ${kind}${count > 1 ? 's' : ''}`).join(' and ');
}

/** The text of a document of bytes whose type is one of text; undefined for any other. */
export function textOfDocument({ kind, source, mediaType }: Media): string | undefined {
  const isText = mediaType.startsWith('text/') || mediaType === 'application/json';
  return kind === 'document' && source.kind === 'bytes' && isText ? textOfBytes(source.data) : undefined;
}

/** The text of a base64 document; undefined if it is not UTF-8. */
export function textOfBytes(base64: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.fromBase64(base64));
  } catch {
    return undefined;
  }
}

/** Records the image detail as dropped, at its place in the client's body. `auto` is the default everywhere. */
export function dropDetail({ detail, path }: Media, { conversation, losses }: Exchange): void {
  if (detail === undefined || detail === 'auto') return;
  const field = conversation.api === 'chat' ? 'image_url.detail' : 'detail';
  losses.dropped(`${path}.${field}`, 'the API has no such field');
}
