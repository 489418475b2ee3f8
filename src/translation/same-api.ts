import { ENVELOPE_MARK, openEnvelope } from './envelope.ts';
import { splitSignature } from './ids.ts';
import { elementSpans, type MemberSpan, memberSpans, type Span } from './json-slices.ts';

/** A body of the provider's own API without what only translated answers gave the client (2.4); every other byte stands. */
export interface CleanedBody {
  readonly text: string;
  /** `messages[1].content[0]`: each a loss `repaired`. Empty: the text is the one that was given. */
  readonly repaired: readonly string[];
}

/** What a provider takes back of reasoning. */
export interface SealOwner {
  /** The configured provider's name: OpenAI's seals are bound to it. */
  readonly provider: string;
  /** Claude, or OpenAI's own Responses: blocks without any seal are refused. */
  readonly refusesUnsealed: boolean;
}

/** Texts without which a body needs no cleaning, by API. Search for them before anything else. */
export const FOREIGN_MARKS = {
  messages: [ENVELOPE_MARK, '"signature"'],
  responses: [ENVELOPE_MARK, '"reasoning"'],
  chat: ['"reasoning_content"', '"reasoning_details"', '"extra_content"', '__ts1_'],
} as const;

interface Edit extends Span {
  readonly text: string;
}

/** A Messages body: Anthropic's envelopes are unwrapped, blocks with another one, or without any seal, cut out. `text` is valid JSON. */
export function cleanMessages(text: string, owner: SealOwner): CleanedBody {
  const edits: Edit[] = [];
  const repaired: string[] = [];
  const emptied: number[] = [];
  const turns = listOf(text, 'messages');
  turns.forEach((turn, index) => {
    const content = memberSpans(text, turn.start).find(({ key }) => key === 'content');
    const blocks = content === undefined ? [] : elementSpans(text, content.valueStart);
    const cut: number[] = [];
    blocks.forEach((block, at) => {
      const edit = thinkingEdit(text, block, owner);
      if (edit === undefined) return;
      repaired.push(`messages[${index}].content[${at}]`);
      if (edit === 'cut') cut.push(at);
      else edits.push(edit);
    });
    if (cut.length > 0 && cut.length === blocks.length) emptied.push(index);
    else edits.push(...removals(blocks, cut));
  });
  edits.push(...removals(turns, emptied));
  return { text: edited(text, edits), repaired };
}

function thinkingEdit(text: string, block: Span, owner: SealOwner): Edit | 'cut' | undefined {
  const members = memberSpans(text, block.start);
  const type = stringOf(text, members, 'type');
  if (type !== 'thinking' && type !== 'redacted_thinking') return undefined;
  const field = members.find(({ key }) => key === (type === 'thinking' ? 'signature' : 'data'));
  const value = stringOf(text, members, field?.key ?? '') ?? '';
  if (value === '') return owner.refusesUnsealed ? 'cut' : undefined;
  if (!value.startsWith(ENVELOPE_MARK) || field === undefined) return undefined;
  const seal = openEnvelope(value)?.seal;
  return seal?.origin === 'anthropic' ? replacing(field, seal.payload) : 'cut';
}

/** A Responses body: envelopes of this provider's own are unwrapped, items with another one, or unsealed ones of ours, cut out. */
export function cleanResponses(text: string, owner: SealOwner): CleanedBody {
  const edits: Edit[] = [];
  const repaired: string[] = [];
  const cut: number[] = [];
  const items = listOf(text, 'input');
  items.forEach((item, index) => {
    const members = memberSpans(text, item.start);
    if (stringOf(text, members, 'type') !== 'reasoning') return;
    const field = members.find(({ key }) => key === 'encrypted_content');
    const id = members.find(({ key }) => key === 'id');
    const value = stringOf(text, members, 'encrypted_content') ?? '';
    if (value !== '' && !value.startsWith(ENVELOPE_MARK)) return;
    const isOurs = OUR_ITEM.test(stringOf(text, members, 'id') ?? '');
    if (value === '' && !(owner.refusesUnsealed && (id === undefined || isOurs))) return;
    repaired.push(`input[${index}]`);
    const seal = openEnvelope(value)?.seal;
    if (field === undefined || seal?.origin !== 'openai' || seal.provider !== owner.provider) {
      cut.push(index);
      return;
    }
    edits.push(replacing(field, seal.payload));
    if (id !== undefined && seal.itemId !== undefined) edits.push(replacing(id, seal.itemId));
  });
  edits.push(...removals(items, cut));
  return { text: edited(text, edits), repaired };
}

/** The id of a reasoning item that the gateway made: `rs_X_k`. OpenAI's own have no second underscore. */
const OUR_ITEM = /^rs_[^_]+_\d+$/;

const FOREIGN_MEMBERS: ReadonlySet<string> = new Set([
  'reasoning_content',
  'reasoning_details',
  'extra_content',
]);

/** A Chat body for a server that refuses unknown members of messages and long ids. */
export function cleanChat(text: string): CleanedBody {
  const edits: Edit[] = [];
  const repaired: string[] = [];
  listOf(text, 'messages').forEach((message, index) => {
    const before = edits.length;
    const members = memberSpans(text, message.start);
    edits.push(...foreignMembers(members), ...shortened(text, members, 'tool_call_id'));
    const calls = members.find(({ key }) => key === 'tool_calls');
    for (const call of calls === undefined ? [] : elementSpans(text, calls.valueStart)) {
      const inner = memberSpans(text, call.start);
      edits.push(...foreignMembers(inner), ...shortened(text, inner, 'id'));
    }
    if (edits.length > before) repaired.push(`messages[${index}]`);
  });
  return { text: edited(text, edits), repaired };
}

function foreignMembers(members: readonly MemberSpan[]): readonly Edit[] {
  return removals(
    members,
    members.flatMap(({ key }, index) => (FOREIGN_MEMBERS.has(key) ? [index] : [])),
  );
}

function shortened(text: string, members: readonly MemberSpan[], key: string): readonly Edit[] {
  const field = members.find((member) => member.key === key);
  const value = stringOf(text, members, key);
  if (field === undefined || value === undefined) return [];
  const { id, signature } = splitSignature(value);
  return signature === undefined ? [] : [replacing(field, id)];
}

/** The elements of a list at the top of a body. */
function listOf(text: string, key: string): readonly Span[] {
  const start = /\S/.exec(text)?.index ?? 0;
  const member = memberSpans(text, start).findLast((found) => found.key === key);
  return member === undefined ? [] : elementSpans(text, member.valueStart);
}

function stringOf(text: string, members: readonly MemberSpan[], key: string): string | undefined {
  const member = members.find((found) => found.key === key);
  if (member === undefined || text.charAt(member.valueStart) !== '"') return undefined;
  return JSON.parse(text.slice(member.valueStart, member.end)) as string;
}

function replacing({ valueStart, end }: MemberSpan, value: string): Edit {
  return { start: valueStart, end, text: JSON.stringify(value) };
}

/** Takes some of a list's parts out, each run of them with one comma. */
function removals(parts: readonly Span[], cut: readonly number[]): readonly Edit[] {
  const edits: Edit[] = [];
  for (let at = 0; at < cut.length; at++) {
    const first = cut[at] ?? 0;
    while (cut[at + 1] === (cut[at] ?? 0) + 1) at += 1;
    const last = cut[at] ?? 0;
    const next = parts[last + 1];
    const before = parts[first - 1];
    const start = next === undefined && before !== undefined ? before.end : (parts[first]?.start ?? 0);
    edits.push({ start, end: next?.start ?? parts[last]?.end ?? 0, text: '' });
  }
  return edits;
}

function edited(text: string, edits: readonly Edit[]): string {
  let out = '';
  let from = 0;
  for (const edit of [...edits].sort((a, b) => a.start - b.start)) {
    if (edit.start < from) continue;
    out += text.slice(from, edit.start) + edit.text;
    from = edit.end;
  }
  return edits.length === 0 ? text : out + text.slice(from);
}
