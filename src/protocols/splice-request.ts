import { type Edit, editedOnce, pieces } from '../lib/splice.ts';
import type { RequestPeek } from './request.ts';

export interface RequestChange {
  /** The upstream's name of the model; undefined keeps the client's. */
  readonly model?: string | undefined;
  /** Whether to ask for usage if the client did not set the option. */
  readonly includeUsage?: boolean;
}

/**
 * Returns the body in pieces, with the model renamed and the usage option inserted. All other bytes are neither
 * changed nor copied. If a body names its model more than once, all names are replaced, so that every parser reads
 * the model that was checked. Without a change, the body itself is the only piece.
 */
export function spliceRequest(
  body: Uint8Array,
  peek: RequestPeek,
  change: RequestChange,
): readonly Uint8Array[] {
  if (peek.kind === 'malformed' || peek.kind === 'other') return [body];
  const model = change.model ?? peek.model;
  const isRenamed = model !== undefined && (model !== peek.model || peek.ambiguous);
  const usageEdit = change.includeUsage === true && peek.kind === 'json' ? peek.usageEdit : undefined;
  const renamed = isRenamed && usageEdit === undefined ? renamedOnce(body, peek, model) : undefined;
  if (renamed !== undefined) return [renamed];
  const edits: Edit[] = [];
  if (isRenamed) renameModel(edits, peek, model);
  if (usageEdit !== undefined) {
    const { start, end, text } = usageEdit;
    edits.push({ start, end, bytes: ENCODER.encode(text) });
    edits.sort((left, right) => left.start - right.start);
  }
  return pieces(body, edits);
}

/** The usual case: a small body that names its model once. */
function renamedOnce(body: Uint8Array, peek: NamedPeek, model: string): Uint8Array | undefined {
  const [span] = peek.modelSpans;
  if (peek.kind !== 'json' || span === undefined || peek.modelSpans.length > 1) return undefined;
  return editedOnce(body, span.start, span.end, jsonBytesOf(model));
}

function renameModel(edits: Edit[], peek: NamedPeek, model: string): void {
  const bytes = peek.kind === 'json' ? jsonBytesOf(model) : ENCODER.encode(model);
  let index = 0;
  for (const { start, end } of peek.modelSpans) {
    const length = peek.kind === 'multipart' ? peek.lengthSpans[index++] : undefined;
    if (length !== undefined) edits.push({ ...length, bytes: ENCODER.encode(String(bytes.length)) });
    edits.push({ start, end, bytes });
  }
}

type NamedPeek = Extract<RequestPeek, { kind: 'json' | 'multipart' }>;

/** Inserts a model into a body that is a JSON object without one. */
export function insertModel(body: Uint8Array, model: string): Uint8Array {
  const brace = body.indexOf(OPENING_BRACE) + 1;
  let next = brace;
  while (next < body.length && WHITE_SPACE.has(body[next] ?? 0)) next += 1;
  const comma = body[next] === CLOSING_BRACE ? '' : ',';
  const member = ENCODER.encode(`"model":${JSON.stringify(model)}${comma}`);
  const named = new Uint8Array(body.length + member.length);
  named.set(body.subarray(0, brace));
  named.set(member, brace);
  named.set(body.subarray(brace), brace + member.length);
  return named;
}

const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;
const WHITE_SPACE: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);

const ENCODER = new TextEncoder();

/** Cache of encoded upstream names. They are few and recur with every request. */
const encoded = new Map<string, Uint8Array>();
let encodedBytes = 0;
const MAX_ENCODED_BYTES = 256 * 1024;
/** Approximate cost of a cache entry besides its name, in bytes. */
const ENTRY_BYTES = 200;

function jsonBytesOf(model: string): Uint8Array {
  let bytes = encoded.get(model);
  if (bytes === undefined) {
    bytes = ENCODER.encode(JSON.stringify(model));
    encodedBytes += bytes.length + ENTRY_BYTES;
    if (encodedBytes > MAX_ENCODED_BYTES) {
      encoded.clear();
      encodedBytes = bytes.length + ENTRY_BYTES;
    }
    encoded.set(model, bytes);
  }
  return bytes;
}
