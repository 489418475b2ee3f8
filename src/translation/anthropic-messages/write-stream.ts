import { messagesErrorBody } from '../errors.ts';
import type { Seal } from '../conversation.ts';
import type { Exchange } from '../exchange.ts';
import type { Finish } from '../finish.ts';
import { type JsonTree, writeJson } from '../json.ts';
import { LATE_SEAL } from '../losses.ts';
import type { HubEvent, StreamWriter } from '../stream.ts';
import { createTextStreamWriter } from '../text-writer.ts';
import { completed, type Usage } from '../usage.ts';
import { writeFinish } from './finish.ts';
import { writeDeltaUsage, writeUsage } from './usage.ts';
import { messageHead, signatureOf, toldUsage } from './write-answer.ts';

/** Writes the stream of a Messages client. */
export function createStreamWriter(exchange: Exchange): StreamWriter {
  const writer = new MessagesWriter(exchange);
  return createTextStreamWriter({
    push: (event) => writer.push(event),
    begin: () => writer.begin(),
    fail: (error) => sse('error', messagesErrorBody(error, exchange.requestId)),
  });
}

function sse(name: string, data: JsonTree): string {
  return `event: ${name}\ndata: ${writeJson(data)}\n\n`;
}

const DELTA = 'event: content_block_delta\ndata: {"type":"content_block_delta","index":';

class MessagesWriter {
  readonly #exchange: Exchange;
  #begun = false;
  #model: string | undefined;
  #usage: Usage | undefined;
  #finish: Finish = { reason: 'end' };
  /** The index of the open block, or of the next one. */
  #index = 0;
  #open: 'text' | 'thinking' | 'tool_use' | undefined;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  begin(): string {
    if (this.#begun) return '';
    this.#begun = true;
    const message = { ...messageHead(this.#exchange, this.#model), usage: writeUsage(this.#usage) };
    return sse('message_start', { type: 'message_start', message });
  }

  push(event: HubEvent): string {
    switch (event.kind) {
      case 'start':
        this.#model = event.model;
        this.#usage = completed(this.#usage, event.usage);
        return '';
      case 'usage':
        this.#usage = completed(this.#usage, event.usage);
        return '';
      case 'text':
      case 'refusal':
        return (
          this.#in('text', TEXT) + this.#delta(`{"type":"text_delta","text":${JSON.stringify(event.text)}}`)
        );
      case 'reasoning':
        return (
          this.#in('thinking', THINKING) +
          this.#delta(`{"type":"thinking_delta","thinking":${JSON.stringify(event.text)}}`)
        );
      case 'reasoning-end':
        return this.#reasoningEnd(event.seal, event.redacted);
      case 'late-seal':
        this.#exchange.losses.dropped(event.path, LATE_SEAL);
        return '';
      case 'part-end':
        return this.#stop() + (event.seal === undefined ? '' : this.#reasoningEnd(event.seal, false));
      case 'call': {
        const seal = event.seal === undefined ? '' : this.#stop() + this.#reasoningEnd(event.seal, false);
        const { id, name } = event;
        return (
          seal + this.#in('tool_use', { type: 'tool_use', id, name, input: {}, caller: { type: 'direct' } })
        );
      }
      case 'arguments':
        return this.#delta(`{"type":"input_json_delta","partial_json":${JSON.stringify(event.json)}}`);
      case 'call-end':
        return this.#stop();
      case 'finish':
        this.#finish = event.finish;
        return this.begin();
      case 'end':
        return this.#end();
      case 'citation':
        this.#exchange.losses.dropped('annotations', 'citations require an encrypted index in this API');
        return '';
      case 'logprobs':
      case 'error':
        return '';
    }
  }

  /** Opens a block of this kind unless one is open. A tool call always opens a new block. */
  #in(kind: 'text' | 'thinking' | 'tool_use', block: JsonTree): string {
    if (this.#open === kind && kind !== 'tool_use') return '';
    const before = this.begin() + this.#stop();
    this.#open = kind;
    return before + this.#start(block);
  }

  #start(block: JsonTree): string {
    return sse('content_block_start', {
      type: 'content_block_start',
      index: this.#index,
      content_block: block,
    });
  }

  #delta(delta: string): string {
    return `${DELTA}${this.#index},"delta":${delta}}\n\n`;
  }

  #stop(): string {
    if (this.#open === undefined) return '';
    this.#open = undefined;
    const index = this.#index++;
    return `event: content_block_stop\ndata: {"type":"content_block_stop","index":${index}}\n\n`;
  }

  /** Ends a thinking block with its signature, which is sent once and whole. Creates a block if none is open. */
  #reasoningEnd(seal: Seal | undefined, redacted: boolean): string {
    if (redacted && seal?.origin === 'anthropic') {
      const before = this.begin() + this.#stop();
      const block = this.#start({ type: 'redacted_thinking', data: seal.payload });
      this.#open = 'thinking';
      return before + block + this.#stop();
    }
    const signature = signatureOf(seal, redacted, this.#exchange);
    if (signature === '' && this.#open !== 'thinking') return '';
    const opened = this.#in('thinking', THINKING);
    const told =
      signature === ''
        ? ''
        : this.#delta(`{"type":"signature_delta","signature":${JSON.stringify(signature)}}`);
    return opened + told + this.#stop();
  }

  #end(): string {
    const before = this.begin() + this.#stop();
    const delta = { container: null, ...writeFinish(this.#finish, this.#exchange) };
    const usage = writeDeltaUsage(toldUsage(this.#usage, this.#exchange));
    return (
      before +
      sse('message_delta', { type: 'message_delta', delta, usage }) +
      sse('message_stop', { type: 'message_stop' })
    );
  }
}

const TEXT: JsonTree = { type: 'text', text: '', citations: null };
const THINKING: JsonTree = { type: 'thinking', thinking: '', signature: '' };
