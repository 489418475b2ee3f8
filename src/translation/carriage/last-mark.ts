import {
  elementsOf,
  type Extent,
  memberNamed,
  membersOf,
  type ObjectMember,
  textOf,
} from '../../lib/json/json-outline.ts';
import type { Edit } from '../../lib/splice.ts';

/** Blocks that may have a mark. */
const MARKED: ReadonlySet<string> = new Set(['text', 'image', 'document', 'tool_use', 'tool_result']);

/**
 * The edits that put the request's own `cache_control` on its last block, where it takes effect. Carriers know the
 * marks of blocks, but not that of the request. undefined: the last block has no room for it, or is edited itself.
 */
export function lastMarkEdits(
  bytes: Uint8Array,
  members: readonly ObjectMember[],
  edits: readonly Edit[],
): readonly Edit[] | undefined {
  const mark = memberNamed(members, 'cache_control');
  const messages = memberNamed(members, 'messages');
  const last = messages === undefined ? undefined : elementsOf(bytes, messages.value.start).at(-1);
  if (mark === undefined || last === undefined) return undefined;
  const content = memberNamed(membersOf(bytes, last.start), 'content')?.value;
  if (content === undefined || edits.some((edit) => edit.start <= last.start && edit.end >= last.end))
    return undefined;
  const member = TEXT.decode(bytes.subarray(mark.start, mark.end));
  if (bytes[content.start] === QUOTE) return markedText(content, member);
  const block = elementsOf(bytes, content.start).at(-1);
  return block === undefined ? undefined : markedBlock(bytes, block, { member, edits });
}

/** A text becomes a list of one block. An empty text cannot be cached. */
function markedText({ start, end }: Extent, member: string): readonly Edit[] | undefined {
  if (end - start <= 2) return undefined;
  return [
    { start, end: start, bytes: UTF8.encode('[{"type":"text","text":') },
    { start: end, end, bytes: UTF8.encode(`,${member}}]`) },
  ];
}

function markedBlock(
  bytes: Uint8Array,
  { start, end }: Extent,
  { member, edits }: { readonly member: string; readonly edits: readonly Edit[] },
): readonly Edit[] | undefined {
  const members = membersOf(bytes, start);
  const type = textOf(bytes, memberNamed(members, 'type')?.value) ?? '';
  if (
    !MARKED.has(type) ||
    edits.some((edit) => edit.start < end && edit.end > start && edit.start <= start + 1)
  )
    return undefined;
  if (memberNamed(members, 'cache_control') !== undefined) return [];
  return [{ start: start + 1, end: start + 1, bytes: UTF8.encode(`${member},`) }];
}

const UTF8 = new TextEncoder();
const TEXT = new TextDecoder();
const QUOTE = 0x22;
