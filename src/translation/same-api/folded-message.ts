import { memberNamed, textOf } from '../../lib/json/json-outline.ts';
import { readOther } from '../anthropic-messages/read-other-blocks.ts';
import { asObject, parsed } from '../json.ts';
import type { Block, Message, MessageRules } from './message-block.ts';

type Rules = Pick<MessageRules, 'losses' | 'referenced'>;

/** Whether a system message is only for the user message before it, and hidden from the model behind the next. */
export function isForOneTurn(bytes: Uint8Array, { members }: Message): boolean {
  return textOf(bytes, memberNamed(members, 'clear_at')?.value) === 'next_user_message';
}

/** The system message as a user message; undefined if it is empty. */
export function foldedMessage(bytes: Uint8Array, message: Message, rules: Rules): string | undefined {
  const { losses } = rules;
  const settings = memberNamed(message.members, 'output_config');
  if (settings !== undefined && bytes[settings.value.start] === OPEN_BRACE)
    losses.dropped(`${message.path}.output_config`, 'the provider has no settings for a single turn');
  const whole = textOf(bytes, message.content);
  const texts = message.blocks.map((block) => textIn(block, rules)).filter((text) => text !== undefined);
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

/** The text of a block. A change of the tools is told in words; a tool that it defines is lost. */
function textIn(
  { bytes, start, end, members, type, path }: Block,
  { losses, referenced }: Rules,
): string | undefined {
  if (type === 'text') return textOf(bytes, memberNamed(members, 'text')?.value) ?? '';
  if (type !== 'tool_addition' && type !== 'tool_removal') {
    losses.meaning(path, `the provider does not accept ${type ?? 'this block'} here`);
    return undefined;
  }
  const value = asObject(parsed(TEXT.decode(bytes.subarray(start, end)))) ?? {};
  const place = { slices: () => undefined, turn: 0, block: 0, referenced: referenced ?? new Set<string>() };
  const { instead } = readOther(value, type, path, { ...place, added: [], losses: [] });
  if (asObject(value['tool'])?.['type'] === 'tool_definition') {
    losses.meaning(path, 'the provider accepts no tools in messages');
    return undefined;
  }
  losses.approximated(path, `a text replaces ${type}`);
  return instead?.text;
}

const OPEN_BRACE = 0x7b;
const TEXT = new TextDecoder();
