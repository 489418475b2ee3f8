import { type Json, type JsonObject, listOf, objectOf, stringOf } from '../json.ts';
import { isSignature } from '../signature.ts';
import { Misfit, type Path } from './shape.ts';

/** Checks Anthropic's rules for the turns of a conversation. Throws `Misfit`. */
export function checkMessageTurns(messages: readonly JsonObject[]): void {
  if (messages[0]?.['role'] !== 'user')
    throw new Misfit('rule', ['messages'], 'first message must use the "user" role');
  let calls = new Set<Json>();
  for (const [index, message] of messages.entries()) {
    const path: Path = ['messages', index];
    const blocks = listOf(message['content']).map(objectOf);
    checkEmpty(message, path, index === messages.length - 1);
    if (message['role'] === 'assistant') {
      calls = new Set(blocks.filter(({ type }) => type === 'tool_use').map(({ id }) => id ?? null));
      checkThinking(blocks, path);
      if (calls.size > 0 && index === messages.length - 1) throw unanswered(path, calls);
    } else if (message['role'] === 'user') {
      checkResults(blocks, path, calls);
      calls = new Set();
    }
  }
}

function checkEmpty({ role, content }: JsonObject, path: Path, isLast: boolean): void {
  const isEmpty = content === '' || (Array.isArray(content) && content.length === 0);
  if (isEmpty && !(isLast && role === 'assistant'))
    throw new Misfit(
      'rule',
      path,
      'all messages must have non-empty content except for the optional final assistant message',
    );
  for (const [at, block] of listOf(content).map(objectOf).entries()) {
    if (block['type'] === 'text' && stringOf(block['text'])?.trim() === '')
      throw new Misfit(
        'rule',
        [...path, 'content', at],
        'text content blocks must contain non-whitespace text',
      );
  }
}

/** Checks that the turn after calls begins with exactly their results. */
function checkResults(blocks: readonly JsonObject[], path: Path, calls: ReadonlySet<Json>): void {
  const open = new Set(calls);
  let hasOther = false;
  for (const [at, block] of blocks.entries()) {
    if (block['type'] !== 'tool_result') {
      hasOther = true;
      continue;
    }
    const id = block['tool_use_id'] ?? null;
    const where = [...path, 'content', at];
    if (!open.delete(id)) {
      const what = `unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${stringOf(id)}.`;
      throw new Misfit(
        'rule',
        where,
        `${what} Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`,
      );
    }
    if (hasOther && calls.size > 0)
      throw new Misfit('rule', where, '`tool_result` blocks must come before other content');
  }
  if (open.size > 0) throw unanswered(path, open);
}

function unanswered(path: Path, ids: ReadonlySet<Json>): Misfit {
  const which = [...ids].map((id) => stringOf(id)).join(', ');
  return new Misfit(
    'rule',
    path,
    `\`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${which}.`,
  );
}

function checkThinking(blocks: readonly JsonObject[], path: Path): void {
  for (const [at, block] of blocks.entries()) {
    const where = [...path, 'content', at];
    const { type, signature, thinking, data } = block;
    if (type === 'thinking' && !isSignature('anthropic', stringOf(signature) ?? '', stringOf(thinking)))
      throw new Misfit('rule', where, 'Invalid `signature` in `thinking` block');
    if (type === 'redacted_thinking' && !isSignature('anthropic', stringOf(data) ?? ''))
      throw new Misfit('rule', where, 'Invalid `data` in `redacted_thinking` block');
  }
  const last = blocks.at(-1)?.['type'];
  if (last === 'thinking' || last === 'redacted_thinking')
    throw new Misfit(
      'rule',
      [...path, 'content'],
      'The final block in an assistant message cannot be `thinking`.',
    );
}
