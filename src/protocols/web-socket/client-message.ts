import { type Member, type ObjectScan, scanObject } from '../../lib/json/json-scan.ts';
import { stringAt } from '../../lib/json/json-string.ts';
import { type Edit, splice } from '../../lib/splice.ts';
import { isTooLong, MAX_MODEL_BYTES } from '../request.ts';

/**
 * A model in a message: that of the conversation or response (`main`), or of another part such as the transcription.
 */
export interface NamedModel {
  readonly name: string;
  readonly isMain: boolean;
  /** Offsets of the string in the message, quotes included. */
  readonly start: number;
  readonly end: number;
}

/** A client's message, as far as the gateway has to understand it. */
export type ClientMessage =
  | { readonly kind: 'event'; readonly type: string; readonly models: readonly NamedModel[] }
  | { readonly kind: 'malformed'; readonly problem: string; readonly param: string | undefined };

/** The places where messages name models: `main`, `other`, or the shape of a nested object. */
interface Shape {
  readonly [member: string]: 'main' | 'other' | 'type' | Shape;
}

const TRANSCRIPTION: Shape = { model: 'other' };
const SESSION: Shape = {
  model: 'main',
  input_audio_transcription: TRANSCRIPTION,
  audio: { input: { transcription: TRANSCRIPTION } },
};

/**
 * The Responses API's `response.create` has its model at the top level, the Realtime API in `session` and `response`.
 */
const MESSAGE: Shape = { type: 'type', model: 'main', session: SESSION, response: SESSION };

/** The members to scan a message for. */
export const MESSAGE_MEMBERS: readonly string[] = Object.keys(MESSAGE);

/** Reads a message. `scan` is an existing result of scanning for `MESSAGE_MEMBERS`, if there is one. */
export function readClientMessage(bytes: Uint8Array, scan?: ObjectScan): ClientMessage {
  const found: Found = { type: undefined, models: [] };
  const problem = collect({ bytes, offset: 0, at: '' }, MESSAGE, found, scan);
  if (problem !== undefined) return { kind: 'malformed', ...problem };
  if (found.type === undefined)
    return { kind: 'malformed', problem: 'The message has no "type".', param: 'type' };
  return { kind: 'event', type: found.type, models: found.models };
}

/** Renames the models in a message. A model keeps its name if `rename` returns undefined. */
export function renameModels(
  bytes: Uint8Array,
  models: readonly NamedModel[],
  rename: (model: NamedModel) => string | undefined,
): Uint8Array {
  const edits = models.flatMap((model): Edit[] => {
    const name = rename(model);
    if (name === undefined || name === model.name) return [];
    return [{ start: model.start, end: model.end, bytes: Buffer.from(JSON.stringify(name)) }];
  });
  return splice(
    bytes,
    edits.sort((left, right) => left.start - right.start),
  );
}

interface Found {
  type: string | undefined;
  readonly models: NamedModel[];
}

interface Place {
  readonly bytes: Uint8Array;
  readonly offset: number;
  /** The path of the object with a trailing dot, or '' at the top. */
  readonly at: string;
}

interface Problem {
  readonly problem: string;
  readonly param: string | undefined;
}

/**
 * Collects the models in one object. Rejects members that occur twice or in another case, since the provider's parser
 * might read the unchecked one.
 */
function collect(place: Place, shape: Shape, found: Found, known?: ObjectScan): Problem | undefined {
  const scan = known ?? scanObject(place.bytes, Object.keys(shape));
  if (scan.kind === 'malformed') return { problem: scan.message, param: undefined };
  if (scan.kind === 'not-an-object')
    return { problem: 'The message must be a JSON object.', param: undefined };
  const seen = new Set<string>();
  for (const member of scan.members) {
    const param = `${place.at}${member.key}`;
    const kind = Object.hasOwn(shape, member.key) ? shape[member.key] : undefined;
    if (kind === undefined || member.escaped)
      return { problem: `The member "${member.key}" must be written in lower case without escapes.`, param };
    if (seen.has(member.key)) return { problem: `The member "${member.key}" is there twice.`, param };
    seen.add(member.key);
    const problem = collectMember(place, member, { kind, param, found });
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function collectMember(
  { bytes, offset }: Place,
  { type, valueStart, valueEnd }: Member,
  { kind, param, found }: { kind: Shape[string]; param: string; found: Found },
): Problem | undefined {
  if (typeof kind === 'object') {
    if (type !== 'object') return undefined;
    const inner = { bytes: bytes.subarray(valueStart, valueEnd), offset: offset + valueStart };
    return collect({ ...inner, at: `${param}.` }, kind, found);
  }
  if (type === 'null') return undefined;
  const isLong = valueEnd - valueStart > 6 * MAX_MODEL_BYTES + 2;
  const text = type === 'string' && !isLong ? stringAt(bytes, valueStart, valueEnd) : undefined;
  if (text === undefined || text === '' || isTooLong(text))
    return { problem: `"${param}" must be a string of at most ${MAX_MODEL_BYTES} bytes.`, param };
  if (kind === 'type') found.type = text;
  else
    found.models.push({
      name: text,
      isMain: kind === 'main',
      start: offset + valueStart,
      end: offset + valueEnd,
    });
  return undefined;
}
