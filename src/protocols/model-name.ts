import { scanObject } from '../lib/json/json-scan.ts';
import type { Member } from '../lib/json/json-scan.ts';
import type { AnswerBody } from './answer-body.ts';
import { splice } from '../lib/splice.ts';
import type { Edit } from '../lib/splice.ts';
import { splitEvents } from '../lib/sse.ts';

/**
 * Replaces the model in a complete JSON answer, or in the data of one event: at the top (chat, completions,
 * embeddings; `modelVersion` in Gemini), in `response` (Responses) and in `message` (Anthropic's first event). All other
 * bytes remain. Returns the same object if there is no model or no JSON.
 */
export function rewriteModel(body: AnswerBody, name: string): Uint8Array {
  return splice(body.bytes, modelEdits(body.bytes, 0, quoted(name), body.scan()));
}

/** The same for a block of whole events, which `split` finds. Leaves data that spans several lines unchanged. */
export function rewriteModelInEvents(block: Uint8Array, name: string, split = splitEvents): Uint8Array {
  const value = quoted(name);
  const edits: Edit[] = [];
  for (const { data } of split(block)) {
    if (data.length === 0 || data.buffer !== block.buffer) continue;
    edits.push(...modelEdits(data, data.byteOffset - block.byteOffset, value));
  }
  return splice(block, edits);
}

const HOLDS_MODEL: ReadonlySet<string> = new Set(['response', 'message']);

/** Returns the edits for JSON that starts at `offset` of a larger block. */
function modelEdits(
  json: Uint8Array,
  offset: number,
  value: Uint8Array,
  scan = scanObject(json, ['model', 'modelVersion', 'response', 'message']),
): readonly Edit[] {
  if (scan.kind !== 'object') return [];
  return scan.members.flatMap((member) => {
    if (member.key === 'model' || member.key === 'modelVersion') return editOf(member, offset, value);
    if (member.type !== 'object' || !HOLDS_MODEL.has(member.key)) return [];
    const inner = scanObject(json.subarray(member.valueStart, member.valueEnd), ['model']);
    if (inner.kind !== 'object') return [];
    return inner.members.flatMap((each) => editOf(each, offset + member.valueStart, value));
  });
}

function editOf(member: Member, offset: number, value: Uint8Array): readonly Edit[] {
  if (member.type !== 'string') return [];
  return [{ start: offset + member.valueStart, end: offset + member.valueEnd, bytes: value }];
}

function quoted(name: string): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(name));
}
