import type { Media, Part, Seal, Text, ToolCall, ToolResult, Turn } from '../conversation.ts';
import type { Exchange } from '../exchange.ts';
import { asString, type JsonTree } from '../json.ts';
import { documentText, dropDetail, tellCitations, tellDocument } from '../media.ts';
import { type GeminiFacts, isGeminiFile } from '../models/gemini.ts';
import { arranged, CONTINUES, EMPTY_MESSAGE, joinedMessages } from '../repair.ts';
import { argumentsObject, insteadOf } from '../write-common.ts';

/** Settings for writing all parts of a request. */
export interface Manner {
  readonly facts: GeminiFacts;
  readonly names: (name: string, namespace?: string) => string;
}

/**
 * Replaces a signature for calls that the model did not make
 * (https://ai.google.dev/gemini-api/docs/thought-signatures).
 */
const NO_SIGNATURE = 'skip_thought_signature_validator';

/**
 * Writes `contents`: alternating user and model turns, with results first in their turn and in the order of the calls.
 */
export function writeContents(exchange: Exchange, manner: Manner): readonly JsonTree[] {
  const { conversation, losses } = exchange;
  const turns = arranged(
    conversation.turns,
    {
      merge: true,
      userFirst: 'before-calls',
      system: 'fold',
      adapt: (part) => (part.kind === 'unknown' ? insteadOf(part, losses) : [part]),
    },
    losses,
  );
  const writer = new ContentWriter(exchange, manner);
  const contents = joinedMessages(
    turns.map((turn) => writer.write(turn)),
    'parts',
  );
  if (contents.length > 0) return contents;
  losses.repaired('messages', 'the API requires a message');
  return [{ role: 'user', parts: [{ text: CONTINUES }] }];
}

interface Content {
  readonly role: 'user' | 'model';
  readonly parts: readonly JsonTree[];
}

class ContentWriter {
  readonly #exchange: Exchange;
  readonly #manner: Manner;
  readonly #callNames = new Map<string, string>();

  constructor(exchange: Exchange, manner: Manner) {
    this.#exchange = exchange;
    this.#manner = manner;
  }

  write(turn: Turn): Content {
    if (turn.role === 'assistant') return { role: 'model', parts: this.#model(turn) };
    const parts = turn.parts.flatMap((part) => this.#user(part));
    return { role: 'user', parts: parts.length === 0 ? [{ text: EMPTY_MESSAGE }] : parts };
  }

  #user(part: Part): readonly JsonTree[] {
    switch (part.kind) {
      case 'text':
        return [{ text: part.text }];
      case 'result':
        return this.#result(part);
      case 'image':
      case 'document':
      case 'audio':
      case 'video':
        return this.#media(part);
      case 'call':
      case 'reasoning':
      case 'unknown':
        return [];
    }
  }

  /**
   * A signature belongs on the part that it was made with. A signature from a separate reasoning block goes on the next
   * part. In a stream, the one of a text comes behind it, so that the last text gets one that nothing follows.
   */
  #model(turn: Turn): readonly JsonTree[] {
    const parts: JsonTree[] = [];
    let signature: string | undefined;
    let isFirstCall = true;
    for (const part of turn.parts) {
      if (part.kind === 'reasoning') {
        signature = signatureOf(part.seal) ?? signature;
        if (signatureOf(part.seal) === undefined)
          this.#exchange.losses.dropped(part.path, 'Gemini did not sign the reasoning');
        continue;
      }
      if (part.kind === 'call') parts.push(this.#call(part, { signature, isFirstCall }));
      else if (part.kind === 'text') parts.push(textPart(part, signature));
      else if (part.kind !== 'result' && part.kind !== 'unknown') parts.push(...this.#media(part));
      if (part.kind === 'call') isFirstCall = false;
      signature = undefined;
    }
    const last = parts.at(-1);
    if (signature !== undefined && typeof last?.['text'] === 'string') last['thoughtSignature'] ??= signature;
    return parts;
  }

  #call(
    call: ToolCall,
    { signature, isFirstCall }: { readonly signature: string | undefined; readonly isFirstCall: boolean },
  ): JsonTree {
    const { facts, names } = this.#manner;
    const { losses } = this.#exchange;
    const name = names(call.name, call.namespace);
    this.#callNames.set(call.id, name);
    let thoughtSignature = signatureOf(call.seal) ?? signature;
    if (thoughtSignature === undefined && isFirstCall && facts.signatures) {
      losses.approximated(call.path, 'a placeholder replaces the signature');
      thoughtSignature = NO_SIGNATURE;
    }
    const args = argumentsObject(call, call.path, losses);
    return { functionCall: { id: call.id, name, args }, thoughtSignature };
  }

  #result(result: ToolResult): readonly JsonTree[] {
    const { losses } = this.#exchange;
    const parts = result.parts.flatMap((part) =>
      part.kind === 'unknown' ? insteadOf(part, losses) : [part],
    );
    // A part of a response can hold only bytes or a file.
    const written = parts.flatMap((part) =>
      part.kind === 'text' ? [{ text: part.text }] : this.#mediaIn(part),
    );
    const media = written.filter((part) => part['text'] === undefined);
    const text = written
      .map((part) => asString(part['text']) ?? '')
      .filter((each) => each !== '')
      .join('\n');
    const inside = this.#manner.facts.signatures && media.length > 0;
    const functionResponse = {
      id: result.callId,
      name: this.#callNames.get(result.callId) ?? result.name ?? 'tool',
      response: result.isError === true ? { error: text } : { output: text },
      parts: inside ? media : undefined,
    };
    return inside ? [{ functionResponse }] : [{ functionResponse }, ...media];
  }

  #mediaIn(part: Part): readonly JsonTree[] {
    const isMedia =
      part.kind === 'image' || part.kind === 'document' || part.kind === 'audio' || part.kind === 'video';
    return isMedia ? this.#media(part) : [];
  }

  #media(media: Media): readonly JsonTree[] {
    const { source, mediaType: mimeType } = media;
    const { losses } = this.#exchange;
    dropDetail(media, this.#exchange);
    if (source.kind === 'text') tellCitations(media, this.#exchange);
    else tellDocument(media, this.#exchange);
    switch (source.kind) {
      case 'bytes':
        return [{ inlineData: { mimeType, data: source.data } }];
      case 'text':
        return [{ text: documentText(media, source.text) }];
      case 'url':
        if (this.#takesUrl(source.url))
          return [{ fileData: { fileUri: source.url, mimeType: mimeType === '' ? undefined : mimeType } }];
        losses.meaning(media.path, 'Gemini fetches only URLs of its own files and of YouTube');
        return [];
      case 'file-id':
        losses.meaning(media.path, 'the file is stored at another provider');
        return [];
    }
  }

  #takesUrl(url: string): boolean {
    if (this.#exchange.target.carriage === 'vertex') return /^(?:https?|gs):\/\//.test(url);
    return isGeminiFile(url);
  }
}

function signatureOf(seal: Seal | undefined): string | undefined {
  return seal?.origin === 'gemini' ? seal.payload : undefined;
}

function textPart(part: Text, signature: string | undefined): JsonTree {
  return { text: part.text, thoughtSignature: signatureOf(part.seal) ?? signature };
}
