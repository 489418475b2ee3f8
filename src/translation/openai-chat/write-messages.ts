import type { Part, Reasoning, Text, ToolCall, ToolResult, Turn } from '../conversation.ts';
import type { Exchange } from '../exchange.ts';
import { callIdFor } from '../ids.ts';
import type { JsonTree } from '../json.ts';
import { countOfMedia, documentText } from '../media.ts';
import type { Dialect } from '../models/dialects.ts';
import { arranged, CONTINUES, EMPTY_MESSAGE } from '../repair.ts';
import { argumentsText, insteadOf } from '../write-common.ts';
import { writeMedia } from './write-media.ts';

interface Manner {
  readonly dialect: Dialect;
  readonly names: (name: string, namespace?: string) => string;
  /** Texts to append to the system message. */
  readonly instructions: readonly string[];
}

/** Writes the messages of the request, with the system text as the first message. */
export function writeMessages(exchange: Exchange, manner: Manner): readonly JsonTree[] {
  const { conversation, losses } = exchange;
  const { dialect } = manner;
  const turns = arranged(
    conversation.turns,
    {
      merge: false,
      userFirst: 'never',
      system: dialect.midSystem ? 'keep' : 'user-turn',
      adapt: (part) => (part.kind === 'unknown' ? insteadOf(part, losses) : [part]),
    },
    losses,
  );
  const system = [...conversation.system.map(({ text }) => text), ...manner.instructions].join('\n\n');
  const writer = new MessageWriter(exchange, manner);
  const leading = system === '' ? [] : [{ role: 'system', content: system }];
  const messages = [...leading, ...turns.flatMap((turn) => writer.write(turn))];
  if (messages.length > 0) return messages;
  losses.repaired('messages', 'the API requires a message');
  return [{ role: 'user', content: CONTINUES }];
}

class MessageWriter {
  readonly #exchange: Exchange;
  readonly #manner: Manner;
  /** Names of the latest calls, by id. */
  readonly #callNames = new Map<string, string>();

  constructor(exchange: Exchange, manner: Manner) {
    this.#exchange = exchange;
    this.#manner = manner;
  }

  write(turn: Turn): readonly JsonTree[] {
    switch (turn.role) {
      case 'system':
        return [
          {
            role: 'system',
            content: textsOf(turn.parts)
              .map(({ text }) => text)
              .join('\n\n'),
          },
        ];
      case 'assistant':
        return this.#assistant(turn);
      case 'user':
        return this.#user(turn);
    }
  }

  #assistant(turn: Turn): readonly JsonTree[] {
    const { losses } = this.#exchange;
    const calls = turn.parts.filter((part): part is ToolCall => part.kind === 'call');
    const firstCall = turn.parts.findIndex(({ kind }) => kind === 'call');
    const late = turn.parts.find(
      (part, index) => part.kind === 'text' && firstCall !== -1 && index > firstCall,
    );
    if (late !== undefined) losses.approximated(late.path, 'the text moved before the calls');
    for (const part of turn.parts) {
      if (isMedia(part)) losses.meaning(part.path, 'an assistant message cannot contain media in this API');
    }
    const texts = textsOf(turn.parts);
    const reasoning = this.#reasoning(turn, calls.length > 0);
    if (texts.length === 0 && calls.length === 0 && Object.keys(reasoning).length === 0) return [];
    return [
      {
        role: 'assistant',
        content: calls.length > 0 ? joinedOrNull(texts) : plainContent(texts),
        tool_calls: calls.length > 0 ? calls.map((call) => this.#call(call)) : undefined,
        ...reasoning,
      },
    ];
  }

  #call(call: ToolCall): JsonTree {
    const { dialect, names } = this.#manner;
    const id = callIdFor(call.id, dialect.callIds);
    const name = names(call.name, call.namespace);
    this.#callNames.set(id, name);
    const { seal } = call;
    const hasSeal = seal?.origin === 'gemini' && !dialect.strict;
    const extra = hasSeal ? { google: { thought_signature: seal.payload } } : undefined;
    if (call.form === 'freeform' && dialect.openAiFields) {
      return { id, type: 'custom', custom: { name, input: call.arguments } };
    }
    return { id, type: 'function', function: { name, arguments: argumentsText(call) }, extra_content: extra };
  }

  /** The reasoning to send back, as the dialect requires. */
  #reasoning(turn: Turn, hasCalls: boolean): JsonTree {
    const { conversation, losses } = this.#exchange;
    const blocks = turn.parts.filter((part): part is Reasoning => part.kind === 'reasoning');
    const { reasoningBack } = this.#manner.dialect;
    if (reasoningBack === 'details') {
      const details = blocks.map(detailOf).filter((detail) => detail !== undefined);
      return details.length === 0 ? {} : { reasoning_details: details };
    }
    if (reasoningBack === 'none' || (reasoningBack === 'calls' && !hasCalls)) return {};
    const text = blocks
      .map((block) => block.text)
      .filter((piece) => piece !== '')
      .join('\n\n');
    if (text !== '') return { reasoning_content: text };
    const wish = conversation.reasoning;
    // Such models think unless they are told not to, and take the member in either mode.
    const isOff = wish?.effort === 'none' || wish?.kind === 'off';
    if (isOff || !hasCalls) return {};
    losses.approximated(turn.path, 'the reasoning of this turn is lost, and the server requires it');
    return { reasoning_content: '' };
  }

  #user(turn: Turn): readonly JsonTree[] {
    const results = turn.parts.filter((part): part is ToolResult => part.kind === 'result');
    const others = turn.parts.filter(({ kind }) => kind !== 'result');
    const messages = results.map((result) => this.#result(result));
    const moved = results.flatMap((result) => this.#movedMedia(result));
    const own = others.flatMap((part) => this.#content(part));
    const content = [...moved, ...own];
    if (content.length === 0)
      return messages.length > 0 ? messages : [{ role: 'user', content: EMPTY_MESSAGE }];
    const [only] = content;
    const isText = content.length === 1 && only?.['type'] === 'text';
    return [...messages, { role: 'user', content: isText ? only['text'] : content }];
  }

  #result(result: ToolResult): JsonTree {
    const { losses } = this.#exchange;
    const { dialect } = this.#manner;
    const parts = result.parts;
    for (const part of result.parts) if (part.kind === 'unknown') insteadOf(part, losses);
    const media = parts.filter(isMovable);
    const texts = parts.map(textInResult).filter((text) => text !== undefined && text !== '');
    if (result.isError === true && result.made !== true) {
      losses.approximated(`${result.path}.is_error`, 'the text marks it as an error');
    }
    const prefix = result.isError === true ? '[error] ' : '';
    const base = { role: 'tool', tool_call_id: callIdFor(result.callId, dialect.callIds) };
    if (media.length === 0) return { ...base, content: prefix + texts.join('\n') };
    if (dialect.mediaInResults) {
      const first = prefix + texts.join('\n');
      const text = first === '' ? [] : [{ type: 'text', text: first }];
      return {
        ...base,
        content: [...text, ...media.flatMap((part) => writeMedia(part, this.#exchange, dialect))],
      };
    }
    losses.approximated(`${result.path}.content`, 'the media moved to the message after the results');
    const text =
      texts.length === 0
        ? `[${countOfMedia(media)} ${media.length === 1 ? 'follows' : 'follow'}]`
        : texts.join('\n');
    return { ...base, content: prefix + text };
  }

  #movedMedia(result: ToolResult): readonly JsonTree[] {
    const { dialect } = this.#manner;
    const media = dialect.mediaInResults ? [] : result.parts.filter(isMovable);
    const written = media.flatMap((part) => writeMedia(part, this.#exchange, dialect));
    if (written.length === 0) return [];
    const id = callIdFor(result.callId, dialect.callIds);
    return [
      { type: 'text', text: `Result of ${this.#callNames.get(id) ?? result.name ?? 'tool'} (${id}):` },
      ...written,
    ];
  }

  #content(part: Part): readonly JsonTree[] {
    if (part.kind === 'text') return [{ type: 'text', text: part.text }];
    return isMedia(part) ? writeMedia(part, this.#exchange, this.#manner.dialect) : [];
  }
}

type MediaPart = Extract<Part, { kind: 'image' | 'document' | 'audio' | 'video' }>;

const isMedia = (part: Part): part is MediaPart =>
  part.kind === 'image' || part.kind === 'document' || part.kind === 'audio' || part.kind === 'video';

/** Whether media must move to a user message. A plain-text document can be written as text instead. */
const isMovable = (part: Part): part is MediaPart => isMedia(part) && part.source.kind !== 'text';

function textInResult(part: Part): string | undefined {
  if (part.kind === 'text') return part.text;
  if (part.kind === 'unknown') return part.instead?.text;
  return isMedia(part) && part.source.kind === 'text' ? documentText(part, part.source.text) : undefined;
}

const textsOf = (parts: readonly Part[]): readonly Text[] =>
  parts.filter((part): part is Text => part.kind === 'text');

function joinedOrNull(texts: readonly Text[]): string | null {
  return texts.length === 0 ? null : texts.map(({ text }) => text).join('\n\n');
}

function plainContent(texts: readonly Text[]): unknown {
  const [only] = texts;
  if (only === undefined) return '';
  return texts.length === 1 ? only.text : texts.map(({ text }) => ({ type: 'text', text }));
}

function detailOf({ text, seal, redacted }: Reasoning): JsonTree | undefined {
  if (seal === undefined) return text === '' ? undefined : { type: 'reasoning.text', text };
  if (seal.origin !== 'anthropic') return text === '' ? undefined : { type: 'reasoning.text', text };
  if (redacted) return { type: 'reasoning.encrypted', data: seal.payload };
  return { type: 'reasoning.text', text, signature: seal.payload };
}
