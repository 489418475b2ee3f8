import type { Media, Part, Reasoning, ToolCall, ToolResult, Turn } from '../conversation.ts';
import type { Exchange } from '../exchange.ts';
import { callIdFor } from '../ids.ts';
import type { JsonTree } from '../json.ts';
import { documentText, fileName, mediaUrl, tellCitations, tellDocument, unreachable } from '../media.ts';
import { arranged, CONTINUES, EMPTY_MESSAGE } from '../repair.ts';
import { argumentsText, insteadOf } from '../write-common.ts';

type Names = (name: string, namespace?: string) => string;

/**
 * Writes the system text, which ends with `sentences`, and the turns as items. Without a turn, the system text becomes
 * the input, which must not be empty.
 */
export function writeInput(
  exchange: Exchange,
  names: Names,
  sentences: readonly string[],
): { readonly instructions: string | undefined; readonly input: readonly JsonTree[] } {
  const { conversation, losses, target } = exchange;
  const turns = arranged(
    conversation.turns,
    {
      merge: false,
      userFirst: 'never',
      system: 'keep',
      adapt(part) {
        if (part.kind === 'unknown') return insteadOf(part, losses);
        const isForeign =
          part.kind === 'reasoning' &&
          (part.seal?.origin !== 'openai' || part.seal.provider !== target.provider);
        if (!isForeign) return [part];
        losses.dropped(part.path, 'the provider accepts only reasoning that it sealed itself');
        return [];
      },
    },
    losses,
  );
  const system = [...conversation.system.map(({ text }) => text), ...sentences].join('\n\n');
  const writer = new ItemWriter(exchange, names);
  const input = turns.flatMap((turn) => writer.write(turn));
  if (input.length > 0) return { instructions: system === '' ? undefined : system, input };
  if (system === '') {
    losses.repaired('input', 'the API requires an item');
    return { instructions: undefined, input: [message('user', [inputText(CONTINUES)])] };
  }
  return { instructions: undefined, input: [message('developer', [inputText(system)])] };
}

class ItemWriter {
  readonly #exchange: Exchange;
  readonly #names: Names;
  /** Ids of freeform tool calls, whose results have another item type. */
  readonly #freeform = new Set<string>();

  constructor(exchange: Exchange, names: Names) {
    this.#exchange = exchange;
    this.#names = names;
  }

  write(turn: Turn): readonly JsonTree[] {
    switch (turn.role) {
      case 'system':
        return [
          message(
            'developer',
            turn.parts.flatMap((part) => this.#content(part)),
          ),
        ];
      case 'assistant':
        return turn.parts.flatMap((part) => this.#item(part));
      case 'user': {
        const results = turn.parts.filter((part): part is ToolResult => part.kind === 'result');
        const content = turn.parts.flatMap((part) => this.#content(part));
        const items = results.map((result) => this.#result(result));
        if (content.length > 0) return [...items, message('user', content)];
        return items.length > 0 ? items : [message('user', [inputText(EMPTY_MESSAGE)])];
      }
    }
  }

  #item(part: Part): readonly JsonTree[] {
    switch (part.kind) {
      case 'text':
        return [{ type: 'message', role: 'assistant', content: part.text }];
      case 'reasoning':
        return [reasoningItem(part)];
      case 'call':
        return [this.#call(part)];
      case 'result':
      case 'unknown':
        return [];
      case 'image':
      case 'document':
      case 'audio':
      case 'video':
        this.#exchange.losses.meaning(part.path, 'an assistant message cannot contain media in this API');
        return [];
    }
  }

  #call(call: ToolCall): JsonTree {
    const call_id = callIdFor(call.id, 'responses');
    const name = this.#names(call.name, call.namespace);
    if (call.form === 'freeform') {
      this.#freeform.add(call_id);
      return { type: 'custom_tool_call', call_id, name, input: call.arguments };
    }
    this.#freeform.delete(call_id);
    return { type: 'function_call', call_id, name, arguments: argumentsText(call) };
  }

  #result(result: ToolResult): JsonTree {
    const { losses } = this.#exchange;
    const call_id = callIdFor(result.callId, 'responses');
    const type = this.#freeform.has(call_id) ? 'custom_tool_call_output' : 'function_call_output';
    const isError = result.isError === true;
    if (isError && result.made !== true)
      losses.approximated(`${result.path}.is_error`, 'the text marks it as an error');
    const parts = result.parts.flatMap((part) =>
      part.kind === 'unknown' ? insteadOf(part, losses) : [part],
    );
    const content = parts.flatMap((part) => this.#content(part));
    const isText = content.every((part) => part['type'] === 'input_text');
    const prefix = isError ? '[error] ' : '';
    if (isText) return { type, call_id, output: prefix + content.map((part) => part['text']).join('\n') };
    return { type, call_id, output: isError ? [inputText('[error]'), ...content] : content };
  }

  #content(part: Part): readonly JsonTree[] {
    switch (part.kind) {
      case 'text':
        return part.text.trim() === '' ? [] : [inputText(part.text)];
      case 'image':
      case 'document':
      case 'audio':
      case 'video':
        return writeMedia(part, this.#exchange);
      case 'call':
      case 'result':
      case 'reasoning':
      case 'unknown':
        return [];
    }
  }
}

function message(role: string, content: readonly JsonTree[]): JsonTree {
  return { type: 'message', role, content };
}

function inputText(text: string): JsonTree {
  return { type: 'input_text', text };
}

function reasoningItem({ text, seal }: Reasoning): JsonTree {
  return {
    type: 'reasoning',
    id: seal?.itemId,
    summary: text === '' ? [] : [{ type: 'summary_text', text }],
    encrypted_content: seal?.payload,
  };
}

/**
 * Writes media as parts of a message or a result. Records a loss and writes nothing if the API does not accept them.
 */
function writeMedia(media: Media, exchange: Exchange): readonly JsonTree[] {
  const { losses } = exchange;
  const { source, path } = media;
  if (source.kind === 'text') tellCitations(media, exchange);
  else tellDocument(media, exchange);
  const lost = unreachable(source);
  if (lost !== undefined) {
    losses.meaning(path, lost);
    return [];
  }
  if (media.kind === 'image') {
    const url = mediaUrl(media);
    return url === undefined ? [] : [{ type: 'input_image', image_url: url, detail: media.detail ?? 'auto' }];
  }
  if (media.kind === 'document') {
    if (source.kind === 'text') return [inputText(documentText(media, source.text))];
    if (source.kind === 'url') return [{ type: 'input_file', file_url: source.url }];
    return [{ type: 'input_file', filename: fileName(media), file_data: mediaUrl(media) }];
  }
  losses.meaning(path, `the API does not accept ${media.kind}`);
  return [];
}
