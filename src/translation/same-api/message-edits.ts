import { append } from '../../lib/append.ts';
import {
  cuts,
  elementsOf,
  type Extent,
  memberNamed,
  membersOf,
  textOf,
} from '../../lib/json/json-outline.ts';
import type { Edit } from '../../lib/splice.ts';
import { foldedMessage, isForOneTurn } from './folded-message.ts';
import type { Block, Message, MessageRules } from './message-block.ts';

/** The edits of a list of messages. Removes a message of which nothing is left, since the API refuses empty ones. */
export function messageEdits(bytes: Uint8Array, list: Extent, rules: MessageRules): Edit[] {
  const messages = elementsOf(bytes, list.start).map((extent, index) =>
    messageAt(bytes, extent, `messages[${index}]`),
  );
  const lastUser = messages.findLastIndex(({ role }) => role === 'user');
  const moves = rules.foldSystem ? placesBehindResults(messages) : NO_MOVES;
  const cut = new Set<number>();
  const edits: Edit[] = [];
  messages.forEach((message, index) => {
    if (rules.foldSystem && message.role === 'system') {
      const isPast = index < lastUser && isForOneTurn(bytes, message);
      const folded = isPast ? undefined : foldedMessage(bytes, message, rules);
      if (folded !== undefined)
        rules.losses.approximated(
          `${message.path}.role`,
          'the provider does not accept a system message here',
        );
      const behind = messages[moves.get(index) ?? -1];
      if (folded === undefined || behind !== undefined) cut.add(index);
      else edits.push({ start: message.start, end: message.end, bytes: UTF8.encode(folded) });
      if (folded !== undefined && behind !== undefined)
        edits.push({ start: behind.end, end: behind.end, bytes: UTF8.encode(`,${folded}`) });
      return;
    }
    const inner = listEdits(message.blocks, rules.judge);
    if (inner === 'all') cut.add(index);
    else append(edits, inner);
  });
  append(
    edits,
    cuts(messages, (index) => cut.has(index)),
  );
  return edits;
}

/** The edits of a list whose elements are judged; `all`: no element would be left. */
export function listEdits(blocks: readonly Block[], judge: MessageRules['judge']): readonly Edit[] | 'all' {
  const edits: Edit[] = [];
  const cut = new Set<number>();
  blocks.forEach((block, index) => {
    const verdict = judge(block);
    if (verdict === 'cut') cut.add(index);
    else if (verdict !== undefined) edits.push(...verdict);
  });
  if (blocks.length > 0 && cut.size === blocks.length) return 'all';
  if (cut.size > 0)
    append(
      edits,
      cuts(blocks, (index) => cut.has(index)),
    );
  return edits;
}

/** The elements of the list at `at`. `path` prefixes their indices. */
export function blocksAt(bytes: Uint8Array, at: number, path: string): readonly Block[] {
  return elementsOf(bytes, at).map((extent, index) => {
    const members = membersOf(bytes, extent.start);
    const type = textOf(bytes, memberNamed(members, 'type')?.value);
    return { ...extent, bytes, members, type, path: `${path}[${index}]` };
  });
}

function messageAt(bytes: Uint8Array, extent: Extent, path: string): Message {
  const members = membersOf(bytes, extent.start);
  const content = memberNamed(members, 'content')?.value;
  return {
    ...extent,
    members,
    role: textOf(bytes, memberNamed(members, 'role')?.value),
    content,
    blocks: content === undefined ? [] : blocksAt(bytes, content.start, `${path}.content`),
    path,
  };
}

/**
 * Maps each system message between a call and its results to the message with the last result, after which it must go.
 */
function placesBehindResults(messages: readonly Message[]): ReadonlyMap<number, number> {
  const moves = new Map<number, number>();
  for (let at = 0; at < messages.length; at++) {
    const message = messages[at];
    if (message?.role !== 'assistant' || !message.blocks.some(({ type }) => type === 'tool_use')) continue;
    let last = at;
    for (let next = at + 1; next < messages.length; next++) {
      const other = messages[next];
      if (other?.role === 'system') continue;
      if (other?.role !== 'user' || !other.blocks.some(({ type }) => type === 'tool_result')) break;
      last = next;
    }
    for (let between = at + 1; between < last; between++)
      if (messages[between]?.role === 'system') moves.set(between, last);
    at = Math.max(at, last);
  }
  return moves;
}

const NO_MOVES: ReadonlyMap<number, number> = new Map();

const UTF8 = new TextEncoder();
