import { append } from '../../lib/append.ts';
import {
  cuts,
  elementsOf,
  type Extent,
  memberNamed,
  membersOf,
  type ObjectMember,
  textOf,
} from '../../lib/json/json-outline.ts';
import type { Edit } from '../../lib/splice.ts';
import { ENVELOPE_MARK } from '../envelope.ts';
import { callIdFor, splitSignature, type CallIdForm } from '../ids.ts';
import type { LossList } from '../losses.ts';
import { blocksAt } from './message-edits.ts';
import { put } from './own-reasoning.ts';

/** Members of a Chat message that only translated answers contain. */
export const FOREIGN_MEMBERS: readonly string[] = ['reasoning_content', 'reasoning_details', 'extra_content'];

/**
 * Removes what a strict server refuses in a history that translated answers produced: unknown members of messages and
 * calls, and ids that carry a signature. Records one loss per message.
 */
export function strictEdits(bytes: Uint8Array, list: Extent, ids: CallIdForm, losses: LossList): Edit[] {
  const all: Edit[] = [];
  elementsOf(bytes, list.start).forEach((message, index) => {
    const members = membersOf(bytes, message.start);
    const edits = withoutForeign(members);
    edits.push(...shortened(bytes, members, 'tool_call_id', ids));
    for (const { key, value } of members) {
      if (key !== 'tool_calls') continue;
      for (const call of elementsOf(bytes, value.start)) {
        const parts = membersOf(bytes, call.start);
        edits.push(...withoutForeign(parts), ...shortened(bytes, parts, 'id', ids));
      }
    }
    if (edits.length > 0) losses.repaired(`messages[${index}]`, 'the server refuses these members');
    append(all, edits);
  });
  return all;
}

function withoutForeign(members: readonly ObjectMember[]): Edit[] {
  return cuts(members, (at) => FOREIGN_MEMBERS.includes(members[at]?.key ?? ''));
}

// oxlint-disable-next-line max-params -- a member of an object
function shortened(
  bytes: Uint8Array,
  members: readonly ObjectMember[],
  key: string,
  ids: CallIdForm,
): readonly Edit[] {
  return members.flatMap((member) => {
    if (member.key !== key) return [];
    const { id, signature } = splitSignature(textOf(bytes, member.value) ?? '');
    return signature === undefined ? [] : [put(member, callIdFor(id, ids))];
  });
}

/**
 * Removes details that hold an envelope from `reasoning_details` of a Chat body, for a server that accepts details
 * back. None of the envelopes is of its own making.
 */
export function detailEdits(bytes: Uint8Array, list: Extent, losses: LossList): Edit[] {
  const all: Edit[] = [];
  elementsOf(bytes, list.start).forEach((message, index) => {
    const members = membersOf(bytes, message.start);
    const details = memberNamed(members, 'reasoning_details');
    if (details === undefined) return;
    const blocks = blocksAt(bytes, details.value.start, '');
    const isForeign = (at: number) =>
      blocks[at]?.members.some(
        ({ key, value }) =>
          (key === 'data' || key === 'signature') && textOf(bytes, value)?.startsWith(ENVELOPE_MARK) === true,
      ) === true;
    const foreign = blocks.filter((_, at) => isForeign(at)).length;
    if (foreign === 0) return;
    losses.repaired(`messages[${index}]`, 'the reasoning is from another provider');
    if (foreign < blocks.length) append(all, cuts(blocks, isForeign));
    else all.push(...cuts(members, (at) => members[at] === details));
  });
  return all;
}
