import { append } from '../../lib/append.ts';
import type { Part, SystemText, Turn } from '../conversation.ts';
import { asArray, asObject, type JsonObject } from '../json.ts';
import { sourceSlices } from '../json-slices.ts';
import type { Loss } from '../losses.ts';
import { turnList } from '../request-fields.ts';
import { InvalidBody } from '../sides.ts';
import type { AddedTool, BlockPlace } from './block-place.ts';
import { readBlock } from './read-blocks.ts';

export interface ReadMessages {
  readonly system: readonly SystemText[];
  readonly turns: readonly Turn[];
  /** Tool names in the history's `tool_reference` blocks. */
  readonly referenced: ReadonlySet<string>;
  /** Tools that blocks of the history define. */
  readonly added: readonly AddedTool[];
  readonly losses: readonly Loss[];
}

/** Claude Code's first system block, which changes with every request. */
const BILLING = /^\s*x-anthropic-billing-header:/;

/**
 * Reads `system` and `messages`. `text` is the body, from which the inputs of tool calls are cut verbatim. Omits a system
 * message that was only for an earlier user message (`clear_at`). @throws InvalidBody
 */
export function readMessages(systemField: unknown, messages: unknown, text: string): ReadMessages {
  const slices = createSlices(text);
  const referenced = new Set<string>();
  const losses: Loss[] = [];
  const added: AddedTool[] = [];
  const system = [
    ...systemTexts(contentOf(systemField, 'system'), 'system', { slices, referenced, added, losses }),
  ];
  const turns: Turn[] = [];
  const list = turnList(messages, 'messages');
  const lastUser = list.findLastIndex(({ role }) => role === 'user');
  for (const [index, message] of list.entries()) {
    const path = `messages[${index}]`;
    const role = roleOf(message, path);
    if (message['clear_at'] === 'next_user_message' && index < lastUser) continue;
    if (asObject(message['output_config']) !== undefined)
      losses.push({ path: `${path}.output_config`, what: 'dropped', class: 'tuning', why: PER_TURN });
    const place = { slices, referenced, added, losses, turn: index };
    const blocks = contentOf(message['content'], `${path}.content`);
    if (role === 'system' && turns.length === 0) {
      append(system, systemTexts(blocks, `${path}.content`, place));
      continue;
    }
    const parts = blocks.flatMap((block, at) =>
      readBlock(block, `${path}.content[${at}]`, { ...place, block: at }),
    );
    turns.push({ role, parts: role === 'system' ? parts.filter(isNotBilling) : parts, path });
  }
  return { system, turns, referenced, added, losses };
}

const PER_TURN = 'the other API has no settings for a single turn';

function roleOf(message: JsonObject, path: string): Turn['role'] {
  const { role } = message;
  if (role === 'user' || role === 'assistant' || role === 'system') return role;
  throw new InvalidBody(`${path}.role`, 'the role is not one of user, assistant, system');
}

/** The content as blocks. A string counts as one block. @throws InvalidBody */
function contentOf(value: unknown, path: string): readonly unknown[] {
  if (typeof value === 'string') return [{ type: 'text', text: value }];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new InvalidBody(path, 'expected a string or a list');
  return asArray(value);
}

function systemTexts(
  blocks: readonly unknown[],
  path: string,
  place: Omit<BlockPlace, 'turn' | 'block'>,
): readonly SystemText[] {
  return blocks
    .flatMap((block, at) => readBlock(block, `${path}[${at}]`, { ...place, turn: -1, block: at }))
    .filter(isNotBilling)
    .flatMap((part) => {
      if (part.kind !== 'text' && part.kind !== 'unknown')
        place.losses.push({
          path: part.path,
          what: 'dropped',
          class: 'meaning',
          why: 'a system prompt has only texts',
        });
      if (part.kind !== 'text' || part.text.trim() === '') return [];
      return [{ text: part.text, cache: part.cache, path: part.path }];
    });
}

function isNotBilling(part: Part): boolean {
  return part.kind !== 'text' || !BILLING.test(part.text);
}

/** Looks up the source text of tool inputs. Scans the body at the first look-up. */
function createSlices(text: string): BlockPlace['slices'] {
  let found: ReadonlyMap<string, string> | undefined;
  return (turn, block) => {
    found ??= sourceSlices(text, ['messages', '*', 'content', '*', 'input']);
    return found.get(`${turn}.${block}`);
  };
}
