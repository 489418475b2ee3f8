import type { Part, Reasoning, Seal, SystemText, ToolCall, ToolResult, Turn } from '../conversation.ts';
import { openEnvelope } from '../envelope.ts';
import { mintedCallId } from '../ids.ts';
import { asArray, asObject, asString, type JsonObject, writeJson } from '../json.ts';
import { sourceSlices } from '../json-slices.ts';
import type { Loss } from '../losses.ts';
import { plainMediaType } from '../media.ts';
import { turnList } from '../request-fields.ts';
import { InvalidBody } from '../sides.ts';
import { camelKeys } from './camel-keys.ts';

/** Reads `contents`. Generates ids for calls without one, and pairs results without an id by name and order. */
export function readContents(
  value: unknown,
  text: string,
  suffix: string,
): { readonly turns: readonly Turn[]; readonly losses: readonly Loss[] } {
  const reader = new ContentReader(text, suffix);
  const turns = turnList(asObject(value) === undefined ? value : [value], 'contents').map((content, index) =>
    reader.read(content, index),
  );
  return { turns, losses: reader.losses };
}

/** Reads `systemInstruction`, a content or a string. Parts other than text have no equivalent in any API. */
export function readSystem(value: unknown): {
  readonly system: readonly SystemText[];
  readonly more: readonly Loss[];
} {
  const path = 'systemInstruction';
  if (typeof value === 'string') return { system: [{ text: value, path }], more: [] };
  const system: SystemText[] = [];
  const more: Loss[] = [];
  const parts = asObject(value)?.['parts'];
  for (const [index, part] of (Array.isArray(parts) ? (parts as unknown[]) : [parts]).entries()) {
    const text = asString(asObject(part)?.['text']);
    const place = `${path}.parts[${index}]`;
    if (text !== undefined && text.trim() !== '') system.push({ text, path: place });
    else if (text === undefined && part !== undefined)
      more.push({
        path: place,
        what: 'dropped',
        class: 'meaning',
        why: 'a system instruction can contain only text',
      });
  }
  return { system, more };
}

/** The data that a part may hold, of which it has one. */
const DATA = ['text', 'functionCall', 'functionResponse', 'inlineData', 'fileData'];
/** Its other members that are read. */
const READ = new Set(['thought', 'thoughtSignature']);
/** The members of calls and responses that are read. */
const READ_CALL = new Set(['id', 'name', 'args', 'response', 'parts']);

class ContentReader {
  readonly losses: Loss[] = [];
  readonly #suffix: string;
  readonly #args: ReadonlyMap<string, string>;
  readonly #responses: ReadonlyMap<string, string>;
  #minted = 0;
  /** Calls without a result so far. */
  readonly #open: { readonly id: string; readonly name: string }[] = [];

  constructor(text: string, suffix: string) {
    this.#suffix = suffix;
    this.#args = slices(text, ['functionCall', 'function_call'], 'args');
    this.#responses = slices(text, ['functionResponse', 'function_response'], 'response');
  }

  read(content: JsonObject, index: number): Turn {
    const path = `contents[${index}]`;
    const role = roleOf(content['role'], path);
    const given = content['parts'];
    const list = Array.isArray(given) ? (given as readonly unknown[]) : given === undefined ? [] : [given];
    const parts: Part[] = [];
    for (const [at, value] of list.entries()) {
      const part = asObject(typeof value === 'string' ? { text: value } : value);
      if (part === undefined) throw new InvalidBody(`${path}.parts[${at}]`, 'expected an object');
      const read = camelKeys(part);
      this.#tellSettings(read, `${path}.parts[${at}]`);
      this.#part(read, parts, { path: `${path}.parts[${at}]`, key: `${index}.${at}` });
    }
    return { role, parts, path };
  }

  /** Tells the members that say how Gemini is to look at a part. A part without known data is lost as a whole. */
  #tellSettings(part: JsonObject, path: string): void {
    const data = DATA.find((name) => isGiven(part[name]));
    if (data === undefined) return;
    for (const name of Object.keys(part))
      if (name !== data && !READ.has(name) && isGiven(part[name])) this.#tell(`${path}.${name}`);
    if (data !== 'functionCall' && data !== 'functionResponse') return;
    const inner = camelKeys(asObject(part[data]) ?? {});
    for (const name of Object.keys(inner))
      if (!READ_CALL.has(name) && isGiven(inner[name])) this.#tell(`${path}.${data}.${name}`);
  }

  #tell(path: string): void {
    this.losses.push({ path, what: 'dropped', class: 'tuning', why: 'the other API has no such field' });
  }

  #part(part: JsonObject, parts: Part[], at: { readonly path: string; readonly key: string }): void {
    const read = this.#readPart(part, at);
    const signature = asString(part['thoughtSignature']) ?? '';
    if (signature === '') {
      parts.push(read);
      return;
    }
    const envelope = openEnvelope(signature);
    if (envelope === undefined) {
      parts.push(sealed(read, { origin: 'gemini', provider: '', payload: signature }));
      return;
    }
    const { seal, redacted } = envelope;
    const last = parts.at(-1);
    if (seal.origin === 'gemini') parts.push(sealed(read, seal));
    else {
      const isOwn = last?.kind === 'reasoning' && last.seal === undefined;
      const reasoning: Reasoning = isOwn
        ? { ...last, seal, redacted }
        : { kind: 'reasoning', text: '', seal, redacted, path: at.path };
      if (isOwn) parts.pop();
      parts.push(reasoning, read);
    }
  }

  #readPart(part: JsonObject, { path, key }: { readonly path: string; readonly key: string }): Part {
    const text = asString(part['text']);
    if (text !== undefined) {
      return part['thought'] === true
        ? { kind: 'reasoning', text, redacted: false, path }
        : { kind: 'text', text, path };
    }
    const call = asObject(part['functionCall']);
    if (call !== undefined) return this.#call(call, path, this.#args.get(key));
    const response = asObject(part['functionResponse']);
    if (response !== undefined) return this.#result(camelKeys(response), path, this.#responses.get(key));
    return readMedia(part, path) ?? unknownPart(part, path);
  }

  #call(call: JsonObject, path: string, args: string | undefined): ToolCall {
    const name = asString(call['name']) ?? '';
    const given = asString(call['id']) ?? '';
    const id = given === '' ? mintedCallId(this.#suffix, this.#minted++) : given;
    this.#open.push({ id, name });
    return {
      kind: 'call',
      id,
      name,
      arguments: args ?? writeJson(call['args'] ?? {}),
      form: 'function',
      path,
    };
  }

  #result(response: JsonObject, path: string, source: string | undefined): ToolResult {
    const name = asString(response['name']) ?? '';
    const given = asString(response['id']) ?? '';
    const at = this.#open.findIndex((call) => (given === '' ? call.name === name : call.id === given));
    const callId = given === '' ? (this.#open[at]?.id ?? `${name}_${path}`) : given;
    if (at !== -1) this.#open.splice(at, 1);
    const { text, isError } = readResponse(asObject(response['response']) ?? {}, source);
    const media = asArray(response['parts']).map(
      (value, index) =>
        readMedia(camelKeys(asObject(value) ?? {}), `${path}.parts[${index}]`) ??
        unknownPart(asObject(value) ?? {}, `${path}.parts[${index}]`),
    );
    const texts: ToolResult['parts'] = text === '' ? [] : [{ kind: 'text', text, path }];
    return { kind: 'result', callId, name, parts: [...texts, ...media], isError, path };
  }
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** The source texts of a member of calls or responses, by the indices of content and part. */
function slices(text: string, names: readonly string[], member: string): ReadonlyMap<string, string> {
  return new Map(
    names.flatMap((name) => [...sourceSlices(text, ['contents', '*', 'parts', '*', name, member])]),
  );
}

/**
 * A response with nothing but a text in `output` or `result` becomes that text. One with nothing but `error` is an
 * error. Anything else is kept as its JSON text, in which numbers keep their digits.
 */
function readResponse(
  response: JsonObject,
  source: string = writeJson(response),
): { readonly text: string; readonly isError: true | undefined } {
  const keys = Object.keys(response);
  const [key = ''] = keys;
  const value = response[key];
  if (keys.length === 1 && key === 'error')
    return {
      text: typeof value === 'string' ? value : (sourceSlices(source, ['error']).get('') ?? writeJson(value)),
      isError: true,
    };
  if (keys.length === 1 && (key === 'output' || key === 'result') && typeof value === 'string')
    return { text: value, isError: undefined };
  return { text: source, isError: undefined };
}

type MediaPart = Extract<Part, { kind: 'image' | 'document' | 'audio' | 'video' }>;

function readMedia(part: JsonObject, path: string): MediaPart | undefined {
  const inline = asObject(part['inlineData']);
  const file = asObject(part['fileData']);
  const { mimeType, data, fileUri, displayName } = camelKeys(inline ?? file ?? {});
  const mediaType = plainMediaType(asString(mimeType) ?? '');
  const place = { kind: kindOf(mediaType), mediaType, name: asString(displayName), path };
  if (inline !== undefined)
    return { ...place, source: { kind: 'bytes', data: plainBase64(asString(data) ?? '') } };
  const url = asString(fileUri);
  return url === undefined ? undefined : { ...place, source: { kind: 'url', url } };
}

/** Google's services also accept base64url, which others do not. */
function plainBase64(data: string): string {
  return /[-_]/.test(data) ? data.replaceAll('-', '+').replaceAll('_', '/') : data;
}

function kindOf(mediaType: string): MediaPart['kind'] {
  const [family] = mediaType.split('/');
  return family === 'image' || family === 'audio' || family === 'video' ? family : 'document';
}

function unknownPart(part: JsonObject, path: string): Extract<Part, { kind: 'unknown' }> {
  const type =
    Object.keys(part).find((key) => key !== 'thought' && key !== 'thoughtSignature') ?? 'an empty part';
  return { kind: 'unknown', type, path };
}

function sealed(part: Part, seal: Seal): Part {
  return part.kind === 'text' || part.kind === 'call' || part.kind === 'reasoning' ? { ...part, seal } : part;
}

function roleOf(role: unknown, path: string): Turn['role'] {
  switch (role) {
    case undefined:
    case null:
    case '':
    case 'user':
    case 'function':
      return 'user';
    case 'model':
      return 'assistant';
    case 'system':
      return 'system';
    default:
      throw new InvalidBody(`${path}.role`, 'the role must be user or model');
  }
}
