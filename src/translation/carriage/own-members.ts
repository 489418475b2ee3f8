import { cuts, type ObjectMember, memberNamed, membersOf, textOf } from '../../lib/json/json-outline.ts';
import type { Edit } from '../../lib/splice.ts';
import type { LossList } from '../losses.ts';
import type { Block, Verdict } from '../same-api/message-block.ts';
import { ownValue } from '../../lib/own-value.ts';

/** Members of blocks that only Anthropic's own service accepts, from the types of `@anthropic-ai/sdk` 1.14. */
const OF_BLOCKS: Readonly<Record<string, readonly string[]>> = {
  image: ['transformations'],
  tool_use: ['caller', 'toolset_name'],
  tool_result: ['toolset_name'],
};

/** The edits that cut such members. Which tool called another one is no loss if it was the model itself. */
export function ownMemberEdits({ bytes, members, type, path }: Block, losses: LossList): readonly Edit[] {
  const names = ownValue(OF_BLOCKS, type ?? '');
  if (names === undefined) return NONE;
  const isLost = (member: ObjectMember | undefined): boolean => names.includes(member?.key ?? '');
  if (!members.some(isLost)) return NONE;
  for (const { key, value } of members.filter(isLost)) {
    const isUsual = textOf(bytes, memberNamed(membersOf(bytes, value.start), 'type')?.value) === 'direct';
    if (!isUsual && !isNull(bytes, value.start)) losses.dropped(`${path}.${key}`, ONLY_ANTHROPIC);
  }
  return cuts(members, (at) => isLost(members[at]));
}

/** The verdict together with the edits of such members. */
export function withOwnMembers(verdict: Verdict, block: Block, losses: LossList): Verdict {
  if (verdict === 'cut' || !Object.hasOwn(OF_BLOCKS, block.type ?? '')) return verdict;
  const own = ownMemberEdits(block, losses);
  return own.length === 0 ? verdict : [...(verdict ?? []), ...own];
}

export const ONLY_ANTHROPIC = "only Anthropic's own service has this field";

/** Whether the value at this offset is `null`. */
export function isNull(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === LOWER_N;
}

const NONE: readonly Edit[] = [];
const LOWER_N = 0x6e;
