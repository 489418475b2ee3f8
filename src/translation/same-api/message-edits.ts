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
import type { LossList } from '../losses.ts';

/** A content block in a Messages body, or an item of any other list. */
export interface Block extends Extent {
  readonly bytes: Uint8Array;
  readonly members: readonly ObjectMember[];
  readonly type: string | undefined;
  /** `messages[3].content[0]`. */
  readonly path: string;
}

/** `cut`: remove the whole block. Edits lie within the block. undefined: keep it. The judge records the losses. */
export type Verdict = 'cut' | readonly Edit[] | undefined;

export interface MessageRules {
  readonly judge: (block: Block) => Verdict;
  /** Whether messages with role `system` become user messages. */
  readonly foldSystem: boolean;
  readonly losses: LossList;
}

interface Message extends Extent {
  readonly role: string | undefined;
  readonly content: Extent | undefined;
  readonly blocks: readonly Block[];
  readonly path: string;
}

/** The edits of a list of messages. Removes a message of which nothing is left, since the API refuses empty ones. */
export function messageEdits(bytes: Uint8Array, list: Extent, rules: MessageRules): Edit[] {
  const messages = elementsOf(bytes, list.start).map((extent, index) =>
    messageAt(bytes, extent, `messages[${index}]`),
  );
  const moves = rules.foldSystem ? placesBehindResults(messages) : NO_MOVES;
  const cut = new Set<number>();
  const edits: Edit[] = [];
  messages.forEach((message, index) => {
    if (rules.foldSystem && message.role === 'system') {
      const folded = foldedMessage(bytes, message);
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
    else edits.push(...inner);
  });
  edits.push(...cuts(messages, (index) => cut.has(index)));
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
  if (cut.size > 0) edits.push(...cuts(blocks, (index) => cut.has(index)));
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

/** The system message as a user message; undefined if it is empty. */
function foldedMessage(bytes: Uint8Array, message: Message): string | undefined {
  const whole = textOf(bytes, message.content);
  const texts = message.blocks
    .filter(({ type }) => type === 'text')
    .map(({ members }) => textOf(bytes, memberNamed(members, 'text')?.value) ?? '');
  const text = whole ?? texts.join('\n\n');
  if (text.trim() === '') return undefined;
  const marked = JSON.stringify(`<system>\n${text}\n</system>`);
  if (whole !== undefined) return `{"role":"user","content":${marked}}`;
  const cache = message.blocks
    .map(({ members }) => memberNamed(members, 'cache_control'))
    .findLast((member) => member !== undefined);
  const mark = cache === undefined ? '' : `,${TEXT.decode(bytes.subarray(cache.start, cache.end))}`;
  return `{"role":"user","content":[{"type":"text","text":${marked}${mark}}]}`;
}

const UTF8 = new TextEncoder();
const TEXT = new TextDecoder();
