import { plainMediaType, textOfBytes } from './media.ts';
import { ownValue } from '../lib/own-value.ts';

/** The first base64 characters of formats that say themselves what they are. */
const STARTS: readonly (readonly [string, string])[] = [
  ['iVBOR', 'image/png'],
  ['/9j/', 'image/jpeg'],
  ['R0lG', 'image/gif'],
  ['UklGR', 'image/webp'],
  ['JVBERi', 'application/pdf'],
];

const OFFICE = 'application/vnd.openxmlformats-officedocument';

/** Types by the extension of a file's name. */
const TYPES: Readonly<Record<string, string>> = {
  pdf: 'application/pdf',
  txt: 'text/plain',
  csv: 'text/csv',
  md: 'text/markdown',
  html: 'text/html',
  json: 'application/json',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  doc: 'application/msword',
  docx: `${OFFICE}.wordprocessingml.document`,
  xls: 'application/vnd.ms-excel',
  xlsx: `${OFFICE}.spreadsheetml.sheet`,
  pptx: `${OFFICE}.presentationml.presentation`,
};

/** The names of audio formats at OpenAI and Bedrock, by media type. */
export const AUDIO_FORMATS: Readonly<Record<string, string>> = {
  'audio/mpeg': 'mp3',
  'audio/mp3': 'mp3',
  'audio/wav': 'wav',
  'audio/x-wav': 'wav',
  'audio/wave': 'wav',
  'audio/vnd.wave': 'wav',
  'audio/flac': 'flac',
  'audio/ogg': 'ogg',
  'audio/opus': 'opus',
  'audio/aac': 'aac',
  'audio/mp4': 'mp4',
  'audio/m4a': 'm4a',
  'audio/x-m4a': 'm4a',
  'audio/webm': 'webm',
};

/** The type that the first bytes show; '' if they show none. */
export function shownType(base64: string): string {
  return STARTS.find(([start]) => base64.startsWith(start))?.[1] ?? '';
}

/** The type of a file by its name alone, which may be a URL. Without a known extension it is taken for a PDF. */
export function typeOfName(name: string | undefined): string {
  return typeOfExtension(name) ?? 'application/pdf';
}

/** The type of a file that its client did not declare: by its name, else by its bytes. */
export function typeOfFile(name: string | undefined, base64: string): string {
  const named = typeOfExtension(name);
  if (named !== undefined) return named;
  const shown = shownType(base64);
  if (shown !== '') return shown;
  return textOfBytes(base64) === undefined ? 'application/octet-stream' : 'text/plain';
}

function typeOfExtension(name: string | undefined): string | undefined {
  const extension = /\.([A-Za-z0-9]{1,5})(?:$|[?#])/.exec(name ?? '')?.[1]?.toLowerCase() ?? '';
  const type = ownValue(TYPES, extension);
  return type === undefined ? undefined : plainMediaType(type);
}
