import { inTurns, LARGE_BYTES, SLICE_BYTES } from '../../lib/in-turns.ts';
import {
  type Member,
  type ObjectScan,
  scanObject,
  scanObjectInSlices,
  seemsObject,
  valueAt,
} from '../../lib/json/json-scan.ts';
import type { RequestSize } from '../../limits/hold.ts';
import { asObject } from '../../protocols/json-object.ts';
import { type Media, mediaIn, mediaInSlices } from './request-media.ts';

/** The size of a request, and the service tier that it asks for. */
export interface SizedRequest extends RequestSize {
  readonly tier: string | undefined;
}

/** Members that limit the length of the answer, in lower case. */
const MEMBERS = [
  'max_tokens',
  'max_completion_tokens',
  'max_output_tokens',
  'n',
  'service_tier',
  'modalities',
  'generationconfig',
];

/** Measures a request's body in any API without parsing it. Returns a promise for a large one. */
export function sizeOf(body: Uint8Array, hasOutput: boolean): SizedRequest | Promise<SizedRequest> {
  if (!seemsObject(body)) return sizeOfFile(body, hasOutput);
  if (body.byteLength <= LARGE_BYTES)
    return sizeOfJson({ body, scan: scanObject(body, MEMBERS), media: mediaIn(body), hasOutput });
  return sizeOfLarge(body, hasOutput);
}

async function sizeOfLarge(body: Uint8Array, hasOutput: boolean): Promise<SizedRequest> {
  const scan = await inTurns(scanObjectInSlices(body, MEMBERS, SLICE_BYTES));
  const media = await inTurns(mediaInSlices(body, LARGE_BYTES));
  return sizeOfJson({ body, scan, media, hasOutput });
}

/** Bytes per second of a recording, assumed without decoding: 128 kbit/s. */
const AUDIO_SECOND_BYTES = 16_000;

/** The prompt that accompanies a file in a form. */
const FORM_TEXT_BYTES = 1024;

/** A form with a recording or an image. */
function sizeOfFile({ byteLength }: Uint8Array, hasOutput: boolean): SizedRequest {
  return {
    textBytes: Math.min(byteLength, FORM_TEXT_BYTES),
    images: 0,
    audioSeconds: byteLength / AUDIO_SECOND_BYTES,
    askedTokens: undefined,
    answers: 1,
    hasOutput,
    tier: undefined,
  };
}

interface ReadBody {
  readonly body: Uint8Array;
  readonly scan: ObjectScan;
  readonly media: Media;
  readonly hasOutput: boolean;
}

function sizeOfJson({ body, scan, media, hasOutput }: ReadBody): SizedRequest {
  const limits: AnswerLimits = { askedTokens: undefined, answers: 1, tier: undefined, hasMediaOutput: false };
  if (scan.kind === 'object') for (const member of scan.members) noteMember(body, member, limits);
  return {
    ...limits,
    textBytes: body.byteLength - media.bytes,
    images: media.images,
    audioSeconds: media.audioBytes / AUDIO_SECOND_BYTES,
    hasOutput,
  };
}

interface AnswerLimits {
  askedTokens: number | undefined;
  answers: number;
  tier: string | undefined;
  hasMediaOutput: boolean;
}

/** Parsers differ on duplicate members, so the larger number counts. */
function noteMember(body: Uint8Array, member: Member, limits: AnswerLimits): void {
  const { key, type, valueStart, valueEnd } = member;
  if (valueEnd - valueStart > LONGEST_MEMBER) return;
  const value =
    (type === 'number' ? digitsAt(body, valueStart, valueEnd) : undefined) ??
    valueAt(body, valueStart, valueEnd);
  switch (key.toLowerCase()) {
    case 'n':
      limits.answers = largest(limits.answers, value, MOST_ANSWERS) ?? 1;
      return;
    case 'service_tier':
      limits.tier = typeof value === 'string' ? value : undefined;
      return;
    case 'modalities':
      limits.hasMediaOutput ||= hasOtherThanText(value);
      return;
    case 'generationconfig': {
      const { maxOutputTokens, candidateCount, responseModalities } = asObject(value) ?? {};
      limits.hasMediaOutput ||= hasOtherThanText(responseModalities);
      limits.askedTokens = largest(limits.askedTokens, maxOutputTokens, MOST_TOKENS);
      limits.answers = largest(limits.answers, candidateCount, MOST_ANSWERS) ?? 1;
      return;
    }
    default:
      limits.askedTokens = largest(limits.askedTokens, value, MOST_TOKENS);
  }
}

function hasOtherThanText(modalities: unknown): boolean {
  return Array.isArray(modalities) && modalities.some((one) => String(one).toLowerCase() !== 'text');
}

/** Reads a short whole number without a parser. Returns undefined for anything else. */
function digitsAt(body: Uint8Array, start: number, end: number): number | undefined {
  if (end - start > MOST_DIGITS) return undefined;
  let number = 0;
  for (let at = start; at < end; at++) {
    const digit = (body[at] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    number = number * 10 + digit;
  }
  return number;
}

const MOST_DIGITS = 9;
const ZERO = 0x30;

/** Gemini's configuration may contain a schema; a longer one is not parsed. */
const LONGEST_MEMBER = 256 * 1024;

/**
 * The largest numbers of tokens and of answers that count. Sums of tokens are exact only below 2^53, and what a larger hold
 * leaves behind when it is given back could fill a limit for ever.
 */
const MOST_TOKENS = 1e9;
const MOST_ANSWERS = 1e6;

function largest(known: number | undefined, value: unknown, most: number): number | undefined {
  if (typeof value !== 'number' || !(value >= 1)) return known;
  return Math.max(known ?? 0, Math.min(most, Math.ceil(value)));
}
