import type { CacheMark, Media, Part, Reasoning, ToolCall, ToolResult, Turn } from '../conversation.ts';
import type { Exchange } from '../exchange.ts';
import { callIdFor } from '../ids.ts';
import type { JsonTree } from '../json.ts';
import { arranged, EMPTY_MESSAGE, joinedMessages } from '../repair.ts';
import { argumentsObject, argumentsText, insteadOf } from '../write-common.ts';
import type { CacheMarks } from './cache-marks.ts';
import type { ConverseFamily } from './families.ts';
import { MediaWriter } from './write-media.ts';

export interface MessageManner {
  readonly family: ConverseFamily;
  readonly names: (name: string, namespace?: string) => string;
  readonly marks: CacheMarks;
  /** false: the tools were omitted, so calls and results are written as text. */
  readonly hasTools: boolean;
}

/**
 * Writes `messages`: alternating user and assistant turns that begin with the user, with all results of a turn in one
 * message.
 */
export function writeMessages(exchange: Exchange, manner: MessageManner): readonly JsonTree[] {
  const { conversation, losses } = exchange;
  const writer = new MessageWriter(exchange, manner);
  const turns = arranged(
    conversation.turns,
    {
      merge: true,
      userFirst: 'always',
      system: 'fold',
      adapt: (part) => (part.kind === 'unknown' ? insteadOf(part, losses) : [part]),
    },
    losses,
  );
  const lastUser = turns.findLastIndex(({ role }) => role === 'user');
  const messages = turns.map((turn, index) =>
    writer.write(turn, index === lastUser ? conversation.cache : undefined),
  );
  return joinedMessages(messages, 'content');
}

interface Message {
  readonly role: 'user' | 'assistant';
  readonly content: readonly JsonTree[];
}

class MessageWriter {
  readonly #exchange: Exchange;
  readonly #manner: MessageManner;
  readonly #media: MediaWriter;
  readonly #callNames = new Map<string, string>();

  constructor(exchange: Exchange, manner: MessageManner) {
    this.#exchange = exchange;
    this.#manner = manner;
    this.#media = new MediaWriter(exchange);
  }

  /** `mark` is the mark of the whole request, placed after its last block. */
  write(turn: Turn, mark: CacheMark | undefined): Message {
    const blocks: JsonTree[] = [];
    for (const part of turn.parts) this.#add(blocks, this.#part(part), part.cache);
    const hasDocument = blocks.some((block) => 'document' in block);
    if (hasDocument && !blocks.some((block) => 'text' in block)) blocks.push({ text: '(see the document)' });
    if (blocks.length === 0 && turn.role === 'user') blocks.push({ text: EMPTY_MESSAGE });
    // A block has one mark.
    if (mark !== undefined && !isPoint(blocks.at(-1))) this.#add(blocks, [], mark);
    return { role: turn.role === 'assistant' ? 'assistant' : 'user', content: blocks };
  }

  /**
   * Converse refuses a cache point after a plain-text document that is the last block, so the point goes before the
   * document.
   */
  #add(blocks: JsonTree[], added: readonly JsonTree[], cache: CacheMark | undefined): void {
    blocks.push(...added);
    const point = this.#manner.marks.behind(cache);
    if (isTextDocument(blocks.at(-1)) && point.length > 0) {
      this.#exchange.losses.approximated('cache_control', 'the cache point moved before the text document');
      blocks.splice(-1, 0, ...point);
    } else blocks.push(...point);
  }

  #part(part: Part): readonly JsonTree[] {
    switch (part.kind) {
      case 'text':
        return [{ text: part.text }];
      case 'call':
        return [this.#call(part)];
      case 'result':
        return this.#result(part);
      case 'reasoning':
        return this.#reasoning(part);
      case 'image':
      case 'document':
      case 'audio':
      case 'video':
        return this.#media.write(part);
      case 'unknown':
        return [];
    }
  }

  #call(call: ToolCall): JsonTree {
    const { names, hasTools } = this.#manner;
    const name = names(call.name, call.namespace);
    const toolUseId = callIdFor(call.id, 'converse');
    this.#callNames.set(toolUseId, name);
    if (!hasTools) return { text: `[called ${name} with ${argumentsText(call)}]` };
    return { toolUse: { toolUseId, name, input: argumentsObject(call, call.path, this.#exchange.losses) } };
  }

  #result(result: ToolResult): readonly JsonTree[] {
    const { losses } = this.#exchange;
    const parts = result.parts.flatMap((part) =>
      part.kind === 'unknown' ? insteadOf(part, losses) : [part],
    );
    const toolUseId = callIdFor(result.callId, 'converse');
    const content = parts.flatMap((part) => (isMedia(part) ? this.#media.write(part) : textOf(part)));
    if (!this.#manner.hasTools) {
      const name = this.#callNames.get(toolUseId) ?? result.name ?? 'tool';
      const texts = content.flatMap((block) => (typeof block['text'] === 'string' ? [block['text']] : []));
      const others = content.filter((block) => !('text' in block));
      return [{ text: `[result of ${name}]\n${texts.join('\n')}` }, ...others];
    }
    return [
      {
        toolResult: {
          toolUseId,
          content: content.length === 0 ? [{ text: '(no output)' }] : content,
          status: result.isError === true ? 'error' : undefined,
        },
      },
    ];
  }

  /** Only Claude accepts its reasoning back, and only with its own signature. */
  #reasoning({ text, seal, redacted, path }: Reasoning): readonly JsonTree[] {
    if (this.#manner.family.claude === undefined || seal?.origin !== 'anthropic') {
      this.#exchange.losses.dropped(path, 'the model did not sign the reasoning');
      return [];
    }
    const { payload } = seal;
    if (redacted) return [{ reasoningContent: { redactedContent: payload } }];
    return [{ reasoningContent: { reasoningText: { text, signature: payload } } }];
  }
}

function textOf(part: Part): readonly JsonTree[] {
  return part.kind === 'text' && part.text.trim() !== '' ? [{ text: part.text }] : [];
}

function isMedia(part: Part): part is Media {
  return part.kind === 'image' || part.kind === 'document' || part.kind === 'audio' || part.kind === 'video';
}

function isPoint(block: JsonTree | undefined): boolean {
  return block !== undefined && 'cachePoint' in block;
}

function isTextDocument(block: JsonTree | undefined): boolean {
  const document = block?.['document'] as { readonly source?: { readonly text?: unknown } } | undefined;
  return document?.source?.text !== undefined;
}
