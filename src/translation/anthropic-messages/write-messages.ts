import type { Part, Reasoning, ToolResult, Turn } from '../conversation.ts';
import type { Exchange } from '../exchange.ts';
import { callIdFor } from '../ids.ts';
import type { JsonTree } from '../json.ts';
import { type ClaudeFamily, isClaude } from '../models/claude.ts';
import { arranged, EMPTY_MESSAGE, joinedMessages } from '../repair.ts';
import { argumentsObject, insteadOf } from '../write-common.ts';
import { cacheControl } from './cache-control.ts';
import { writeMedia } from './write-media.ts';

interface Manner {
  readonly family: ClaudeFamily;
  readonly names: (name: string, namespace?: string) => string;
}

/** The messages of the request. */
export function writeMessages(exchange: Exchange, manner: Manner): readonly JsonTree[] {
  const { conversation, target, losses } = exchange;
  const keepsUnsealed = !isClaude(target.model);
  const turns = arranged(
    conversation.turns,
    {
      merge: true,
      userFirst: 'always',
      system: manner.family.midSystem ? 'native' : 'fold',
      adapt(part) {
        if (part.kind === 'unknown') return insteadOf(part, losses);
        if (
          part.kind !== 'reasoning' ||
          part.seal?.origin === 'anthropic' ||
          (keepsUnsealed && part.text !== '')
        )
          return [part];
        losses.dropped(part.path, 'the model accepts only reasoning that Anthropic signed');
        return [];
      },
    },
    losses,
  );
  const messages = joinedMessages(
    turns.map((turn) => ({ role: turn.role, content: writeTurn(turn, exchange, manner) })),
    'content',
  );
  if (target.autoCache === true && target.carriage !== undefined) markLast(messages);
  return messages;
}

/** Carriers accept no mark at the top level, so the mark goes on the last block. */
function markLast(messages: readonly { readonly content: readonly JsonTree[] }[]): void {
  const block = messages.at(-1)?.content.at(-1);
  if (block !== undefined) block['cache_control'] ??= { type: 'ephemeral' };
}

function writeTurn(turn: Turn, exchange: Exchange, manner: Manner): readonly JsonTree[] {
  const blocks = turn.parts.flatMap((part) => writePart(part, turn, exchange, manner));
  return blocks.length === 0 && turn.role === 'user' ? [{ type: 'text', text: EMPTY_MESSAGE }] : blocks;
}

// oxlint-disable-next-line max-params -- a part with its place
function writePart(part: Part, turn: Turn, exchange: Exchange, { names }: Manner): readonly JsonTree[] {
  const cache = cacheControl(part.cache);
  switch (part.kind) {
    case 'text':
      return [{ type: 'text', text: part.text, ...cache }];
    case 'call': {
      const id = callIdFor(part.id, 'messages');
      const input = argumentsObject(part, part.path, exchange.losses);
      return [{ type: 'tool_use', id, name: names(part.name, part.namespace), input, ...cache }];
    }
    case 'result':
      return [{ ...writeResult(part, exchange), ...cache }];
    case 'reasoning':
      return [writeReasoning(part)];
    case 'unknown':
      return [];
    case 'image':
    case 'document':
    case 'audio':
    case 'video': {
      if (turn.role === 'user') return writeMedia(part, exchange).map((block) => ({ ...block, ...cache }));
      exchange.losses.meaning(part.path, 'only user messages can contain media');
      return [];
    }
  }
}

function writeReasoning({ text, seal, redacted }: Reasoning): JsonTree {
  if (redacted && seal !== undefined) return { type: 'redacted_thinking', data: seal.payload };
  return { type: 'thinking', thinking: text, signature: seal?.origin === 'anthropic' ? seal.payload : '' };
}

function writeResult(result: ToolResult, exchange: Exchange): JsonTree {
  const content = result.parts.flatMap((part): readonly JsonTree[] => {
    const known = part.kind === 'unknown' ? insteadOf(part, exchange.losses) : [part];
    return known.flatMap((inner) => {
      if (inner.kind === 'text') {
        const block = { type: 'text', text: inner.text, ...cacheControl(inner.cache) };
        return inner.text.trim() === '' ? [] : [block];
      }
      const isMedia =
        inner.kind === 'image' ||
        inner.kind === 'document' ||
        inner.kind === 'audio' ||
        inner.kind === 'video';
      return isMedia ? writeMedia(inner, exchange) : [];
    });
  });
  return {
    type: 'tool_result',
    tool_use_id: callIdFor(result.callId, 'messages'),
    content: content.length === 0 ? undefined : content,
    is_error: result.isError === true ? true : undefined,
  };
}
