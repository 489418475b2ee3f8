import { scanObject, scanObjectInSlices, seemsObject } from '../lib/json/json-scan.ts';
import { stringAt } from '../lib/json/json-string.ts';
import type { Member, ObjectScan } from '../lib/json/json-scan.ts';
import { type FormField, formTypeOf, scanForm } from '../lib/multipart.ts';
import { type IncludeUsage, type Span, spanOf, type UsageEdit, usagePeek } from './stream-options.ts';
import { END_USER_MEMBERS, endUserIn } from './end-user.ts';

/** The facts about a request's body that the gateway needs, found without parsing it. Offsets are into that body. */
export type RequestPeek =
  | {
      readonly kind: 'json';
      /** undefined if the body names no model. */
      readonly model: string | undefined;
      readonly stream: boolean;
      readonly includeUsage: IncludeUsage;
      readonly modelSpans: readonly Span[];
      /** Whether parsers may disagree about a model, because it occurs twice or under an escaped key. */
      readonly ambiguous: boolean;
      /** The edit that asks for usage; undefined if the body must not be edited. */
      readonly usageEdit: UsageEdit | undefined;
      /** The content type to send the body with; undefined for the client's own. */
      readonly contentType: string | undefined;
      /** Whether the provider shall store its answer; undefined if the body does not say. */
      readonly stores: boolean | undefined;
      /** The end user whom the body names; undefined if nobody, or if it was not looked for. */
      readonly endUser: string | undefined;
    }
  | {
      readonly kind: 'multipart';
      readonly model: string | undefined;
      readonly stream: boolean;
      readonly modelSpans: readonly Span[];
      /** For each of `modelSpans`, the digits of its part's Content-Length; undefined if the part has none. */
      readonly lengthSpans: readonly (Span | undefined)[];
      readonly ambiguous: boolean;
      /** The content type with the boundary that was used to read the form. */
      readonly contentType: string;
    }
  | {
      readonly kind: 'malformed';
      readonly message: string;
      /** The member at fault; undefined if the whole body is. */
      readonly param: 'model' | undefined;
    }
  /** Neither JSON nor a form. It is forwarded unchanged. */
  | { readonly kind: 'other'; readonly model: undefined; readonly stream: false };

/** Maximum length of a model's name in UTF-8 bytes. Names are stored, logged and sent in header fields. */
export const MAX_MODEL_BYTES = 512;

/**
 * Examines a decoded request body. A body with another content type is still read as JSON if it is JSON, so that a
 * wrong content type cannot smuggle a model past the check. JSON that was declared as a URL-encoded form must be
 * forwarded as JSON, because a form parser could find another model in it.
 */
export function peekRequest(body: Uint8Array, contentType: string, members = MEMBERS): RequestPeek {
  const peek = peekWithoutScan(body, contentType);
  return peek ?? peekScanned(body, contentType, scanObject(body, members));
}

/**
 * The same in slices, for a large body. Each call of the returned function examines about `sliceBytes` more, and
 * returns undefined until the result is known.
 */
export function peekRequestInSlices(
  body: Uint8Array,
  contentType: string,
  {
    sliceBytes,
    members = MEMBERS,
  }: { readonly sliceBytes: number; readonly members?: readonly string[] | undefined },
): () => RequestPeek | undefined {
  const peek = peekWithoutScan(body, contentType);
  if (peek !== undefined) return () => peek;
  const scanOn = scanObjectInSlices(body, members, sliceBytes);
  return () => {
    const scan = scanOn();
    return scan && peekScanned(body, contentType, scan);
  };
}

/** Handles bodies that are not JSON. Returns undefined if the body has to be scanned as JSON. */
function peekWithoutScan(body: Uint8Array, contentType: string): RequestPeek | undefined {
  if (contentType !== JSON_TYPE && /^\s*multipart\/form-data\b/i.test(contentType))
    return peekForm(body, contentType);
  if (body.length === 0) return OTHER;
  // Other multipart bodies may begin with a preamble that is JSON and names another model.
  const isJson = isDeclaredJson(contentType) || (seemsObject(body) && !MULTIPART.test(contentType));
  return isJson ? undefined : OTHER;
}

function isDeclaredJson(contentType: string): boolean {
  return contentType === JSON_TYPE || /^\s*(?:application|text)\/(?:[\w.+-]+\+)?json\b/i.test(contentType);
}

const JSON_TYPE = 'application/json';

function peekScanned(body: Uint8Array, contentType: string, scan: ObjectScan): RequestPeek {
  switch (scan.kind) {
    case 'object':
      return peekJson(body, scan, isDeclaredJson(contentType) ? undefined : safeJsonType(contentType));
    case 'not-an-object':
      return malformed(`The request body must be a JSON object, but it is: ${scan.type}.`);
    case 'malformed':
      if (!isDeclaredJson(contentType) && !MEANT_AS_JSON.test(contentType)) return OTHER;
      return malformed(`The request body is not valid JSON: ${scan.message}.`);
  }
}

/** Content types of clients that forgot to set one: none, or curl -d's default. */
const MEANT_AS_JSON = /^\s*(?:$|text\/plain\b|application\/x-www-form-urlencoded\b)/i;

const MULTIPART = /^\s*multipart\//i;

/** The content type for JSON that was declared as a form; undefined if the client's own is harmless. */
function safeJsonType(contentType: string): string | undefined {
  return /urlencoded/i.test(contentType) ? 'application/json' : undefined;
}

const ENCODER = new TextEncoder();

const OTHER: RequestPeek = { kind: 'other', model: undefined, stream: false };

const MEMBERS: readonly string[] = ['model', 'stream', 'stream_options', 'store'];
/** The members to look for if the end user is to be found, too. */
export const MEMBERS_WITH_END_USER: readonly string[] = [...MEMBERS, ...END_USER_MEMBERS];

function peekJson(
  body: Uint8Array,
  scan: ObjectScan & { readonly kind: 'object' },
  contentType: string | undefined,
): RequestPeek {
  const modelSpans: Span[] = [];
  let ambiguous = false;
  let model: string | undefined;
  for (const member of scan.members) {
    if (member.key !== 'model' && member.key.toLowerCase() !== 'model') continue;
    // A case-insensitive parser would read this member as the model, but it has not been checked.
    if (member.key !== 'model')
      return malformed(`The member "${member.key}" must be written "model".`, 'model');
    // Escapes make a character up to six times as long. Skip decoding strings that cannot be a valid name.
    if (member.type === 'string' && member.valueEnd - member.valueStart > 6 * MAX_MODEL_BYTES + 2)
      return tooLong();
    model = member.type === 'string' ? stringAt(body, member.valueStart, member.valueEnd) : undefined;
    if (model === undefined || model === '') return malformed(modelProblem(member), 'model');
    if (isTooLong(model)) return tooLong();
    ambiguous ||= member.escaped || modelSpans.length > 0;
    modelSpans.push(spanOf(member));
  }
  const stream = booleanIn(scan.members, 'stream') === true;
  const { includeUsage, usageEdit } = usagePeek(body, scan, stream);
  return {
    kind: 'json',
    model,
    stream,
    includeUsage,
    modelSpans,
    ambiguous,
    usageEdit,
    contentType,
    stores: booleanIn(scan.members, 'store'),
    endUser: endUserIn(body, scan.members),
  };
}

/** Whether a model's name exceeds MAX_MODEL_BYTES in UTF-8. */
export function isTooLong(model: string): boolean {
  // A UTF-16 code unit takes at most three bytes in UTF-8.
  if (model.length * 3 <= MAX_MODEL_BYTES) return false;
  return model.length > MAX_MODEL_BYTES || ENCODER.encode(model).length > MAX_MODEL_BYTES;
}

function tooLong(): RequestPeek {
  return malformed(`The name of the model is longer than ${MAX_MODEL_BYTES} bytes.`, 'model');
}

function modelProblem(member: Member): string {
  if (member.type !== 'string') return `The model must be a string, but it is: ${member.type}.`;
  const empty = member.valueEnd - member.valueStart === 2;
  return empty ? 'The model must not be empty.' : 'The model is not a valid JSON string in UTF-8.';
}

function peekForm(body: Uint8Array, contentType: string): RequestPeek {
  const form = formTypeOf(contentType);
  if (form === undefined)
    return malformed('The content type multipart/form-data names no valid boundary, or not only one.');
  const scan = scanForm(body, form.boundary, ['model', 'stream']);
  if (scan.kind === 'malformed') return malformed(scan.message);
  const named = scan.fields.filter((field) => field.name === 'model');
  let model: string | undefined;
  for (const field of named) {
    if (field.valueEnd - field.valueStart > MAX_MODEL_BYTES) return tooLong();
    model = textOf(body, field);
    if (model === undefined) return malformed('The model is not valid UTF-8.', 'model');
    if (model === '') return malformed('The model must not be empty.', 'model');
  }
  const stream = scan.fields.findLast((field) => field.name === 'stream');
  const isShort = stream !== undefined && stream.valueEnd - stream.valueStart <= 4;
  return {
    kind: 'multipart',
    model,
    stream: isShort && /^(?:true|1)$/i.test(textOf(body, stream) ?? ''),
    modelSpans: named.map(spanOf),
    lengthSpans: named.map(({ lengthSpan }) => lengthSpan),
    ambiguous: named.length > 1,
    contentType: form.contentType,
  };
}

function textOf(body: Uint8Array, { valueStart, valueEnd }: FormField): string | undefined {
  try {
    return UTF8.decode(body.subarray(valueStart, valueEnd));
  } catch {
    return undefined;
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The value of the last member of this name, if it is a boolean. */
function booleanIn(members: readonly Member[], key: string): boolean | undefined {
  let type: Member['type'] | undefined;
  for (const member of members) if (member.key === key) type = member.type;
  return type === 'true' ? true : type === 'false' ? false : undefined;
}

function malformed(message: string, param?: 'model'): RequestPeek {
  return { kind: 'malformed', message, param };
}
