import type { Conversation, Media, Part } from './conversation.ts';
import type { Target } from './exchange.ts';
import type { Loss } from './losses.ts';
import { isFetchable, plainMediaType, textOfBytes } from './media.ts';
import { isGeminiFile } from './models/gemini.ts';

/** A file that a request names by URL, for a target that takes only bytes. */
export interface RemoteMedia {
  readonly kind: 'image' | 'document';
  readonly url: string;
  /** The part's path in the client's body. */
  readonly path: string;
}

/** The file in base64, or the reason why there is none. */
export type FetchedMedia =
  | { readonly kind: 'fetched'; readonly data: string; readonly mediaType: string }
  | { readonly kind: 'refused'; readonly why: string };

/** The fetched files by the path of their part. */
export type FetchedByPath = ReadonlyMap<string, FetchedMedia>;

/** The images and documents of a conversation that the target accepts as bytes but not by their URL. */
export function remoteMedia({ turns }: Conversation, target: Target): readonly RemoteMedia[] {
  const found: RemoteMedia[] = [];
  const look = (part: Part): void => {
    if (part.kind === 'result') part.parts.forEach(look);
    else if ((part.kind === 'image' || part.kind === 'document') && part.source.kind === 'url') {
      const { kind, path } = part;
      const { url } = part.source;
      if (isFetchable(url) && wantsBytes(kind, url, target)) found.push({ kind, url, path });
    }
  };
  for (const { parts } of turns) parts.forEach(look);
  return found;
}

function wantsBytes(kind: RemoteMedia['kind'], url: string, { api, carriage }: Target): boolean {
  switch (api) {
    case 'converse':
      return true;
    case 'messages':
      return carriage !== undefined;
    case 'gemini':
      return carriage !== 'vertex' && !isGeminiFile(url);
    case 'chat':
      return kind === 'document';
    case 'responses':
      return false;
  }
}

/** The conversation with the fetched files as bytes. A file that could not be fetched is a loss of meaning. */
export function withFetchedMedia(conversation: Conversation, files: FetchedByPath): Conversation {
  const losses: Loss[] = [...conversation.losses];
  const mediaOf = (media: Media): Media => {
    const file = files.get(media.path);
    if (file === undefined) return media;
    if (file.kind === 'refused') {
      losses.push({ path: media.path, what: 'dropped', class: 'meaning', why: whyNot(media.kind, file.why) });
      return media;
    }
    const { data, mediaType } = file;
    return { ...media, source: { kind: 'bytes', data }, mediaType };
  };
  const partOf = <Kind extends Part>(part: Kind): Kind =>
    part.kind === 'image' || part.kind === 'document' ? { ...part, ...mediaOf(part) } : part;
  const turns = conversation.turns.map((turn) => ({
    ...turn,
    parts: turn.parts.map((part) =>
      part.kind === 'result' ? { ...part, parts: part.parts.map(partOf) } : partOf(part),
    ),
  }));
  return { ...conversation, turns, losses };
}

/** The reason of the loss. */
export function whyNot(kind: string, why: string): string {
  return `the ${kind} cannot be fetched: ${why}`;
}

/**
 * The media type of a fetched file, for which its content type and its bytes must agree; undefined: they do not, or it is
 * nothing that a request may hold. A general content type leaves it to the bytes.
 */
export function fetchedType(
  kind: RemoteMedia['kind'],
  contentType: string,
  bytes: Uint8Array,
): string | undefined {
  const said = plainMediaType(contentType);
  const seen = SIGNATURES.find(([, parts]) => parts.every(([at, text]) => hasAt(bytes, at, text)))?.[0];
  const isGeneral = said === '' || said === 'application/octet-stream' || said === 'binary/octet-stream';
  if (seen !== undefined) {
    const isRight = seen.startsWith('image/') === (kind === 'image') && (isGeneral || said === seen);
    return isRight ? seen : undefined;
  }
  const isText = kind === 'document' && TEXTS.has(said) && textOfBytes(bytes.toBase64()) !== undefined;
  return isText ? said : undefined;
}

type Signature = readonly [type: string, parts: readonly (readonly [at: number, text: string])[]];

/** The first bytes of each format, in latin1. */
const SIGNATURES: readonly Signature[] = [
  ['image/png', [[0, '\u0089PNG\r\n\u001A\n']]],
  ['image/jpeg', [[0, '\u00FF\u00D8\u00FF']]],
  ['image/gif', [[0, 'GIF8']]],
  [
    'image/webp',
    [
      [0, 'RIFF'],
      [8, 'WEBP'],
    ],
  ],
  ['application/pdf', [[0, '%PDF-']]],
];

/** A page of HTML is more often a login than the document. */
const TEXTS: ReadonlySet<string> = new Set(['text/plain', 'text/csv', 'text/markdown', 'application/json']);

function hasAt(bytes: Uint8Array, at: number, text: string): boolean {
  for (let index = 0; index < text.length; index++)
    if (bytes[at + index] !== text.charCodeAt(index)) return false;
  return true;
}
