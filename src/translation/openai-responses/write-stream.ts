import type { Citation } from '../answer.ts';
import type { Seal } from '../conversation.ts';
import { KINDS } from '../error-kinds.ts';
import type { Exchange } from '../exchange.ts';
import type { Finish } from '../finish.ts';
import { LargeTexts } from '../held-text.ts';
import { type HubError, unreadable } from '../hub-error.ts';
import { type JsonTree, writeJson } from '../json.ts';
import { LATE_SEAL } from '../losses.ts';
import type { EventOf, HubEvent, StreamWriter } from '../stream.ts';
import { createTextStreamWriter } from '../text-writer.ts';
import { completed, type Usage } from '../usage.ts';
import { writeFinish } from './finish.ts';
import { encryptedContent, type ItemStatus } from './items.ts';
import { openCall, openMessage, openReasoning, type OpenItem } from './open-item.ts';
import { writeUsage } from './usage.ts';
import { responseHead, tierOf, toldUsage } from './write-answer.ts';

/** The maximum number of characters of an answer that its closing events repeat. */
const MAX_HELD = 64 * 1024 * 1024;

/** Writes the stream of a Responses client. */
export function createStreamWriter(exchange: Exchange): StreamWriter {
  const writer = new ResponsesWriter(exchange);
  return createTextStreamWriter({
    push: (event) => writer.push(event),
    begin: () => writer.begin(),
    fail: (error) => writer.fail(error),
    fault: () => writer.fault(),
    texts: writer.texts,
  });
}

class ResponsesWriter {
  readonly texts = new LargeTexts();
  readonly #exchange: Exchange;
  readonly #output: JsonTree[] = [];
  /** Undefined until the first event is written. */
  #head: JsonTree | undefined;
  #model: string | undefined;
  #sequence = 0;
  #usage: Usage | undefined;
  #serviceTier: string | undefined;
  #finish: Finish = { reason: 'end' };
  #open: OpenItem | undefined;
  /**
   * Whether the open item's block has ended. The item is closed when something follows, which shows whether the answer
   * was truncated there.
   */
  #isOver = false;
  #encrypted: string | undefined;
  #refused = false;
  #logprobs: readonly unknown[] = [];
  #held = 0;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  begin(): string {
    if (this.#head !== undefined) return '';
    const created = this.#created();
    return created + this.#emit('response.in_progress', `,"response":${writeJson(this.#head)}`);
  }

  fault(): HubError | undefined {
    return this.#held > MAX_HELD ? unreadable('it is too long') : undefined;
  }

  /** Writes the failure. Includes the items that the provider finished, but not an open one. */
  fail(error: HubError): string {
    const before = this.#head === undefined ? this.#created() : this.#isOver ? this.#close('completed') : '';
    const response = { ...this.#head, status: 'failed', error: failure(error), output: this.#output };
    return before + this.#emit('response.failed', `,"response":${writeJson(response)}`);
  }

  push(event: HubEvent): string {
    switch (event.kind) {
      case 'start':
      case 'usage':
        this.#report(event);
        return '';
      case 'text':
      case 'refusal':
      case 'reasoning':
        return this.#text(event.kind, event.text);
      case 'reasoning-end':
        return this.#reasoningEnd(event.seal, event.redacted);
      case 'late-seal':
        this.#exchange.losses.dropped(event.path, LATE_SEAL);
        return '';
      case 'part-end':
      case 'call-end':
        this.#isOver = true;
        return event.kind === 'part-end' ? this.#sealed(event.seal) : '';
      case 'call':
        return this.#call(event);
      case 'arguments':
        return this.#arguments(event.json);
      case 'logprobs':
        this.#logprobs = [...this.#logprobs, ...event.tokens];
        return '';
      case 'citation':
        return this.#cite(event.citation);
      case 'finish':
        this.#finish = event.finish;
        return this.begin() + this.#explained(event.finish);
      case 'end':
        return this.#end();
      case 'error':
        return '';
    }
  }

  #report(event: EventOf<'start' | 'usage'>): void {
    if (event.kind === 'start') this.#model = event.model;
    this.#usage = completed(this.#usage, event.usage);
    this.#serviceTier = event.serviceTier ?? this.#serviceTier;
  }

  #arguments(json: string): string {
    this.#held += json.length;
    return this.#open?.delta(json, []) ?? '';
  }

  #cite(citation: Citation): string {
    if (this.#open?.kind === 'text') return this.#open.cite(citation);
    this.#exchange.losses.dropped('annotations', 'the citation belongs to no text');
    return '';
  }

  #text(kind: 'text' | 'refusal' | 'reasoning', text: string): string {
    this.#held += text.length;
    this.#refused ||= kind === 'refusal';
    const fits = this.#open?.kind === kind && !this.#isOver;
    const opened = fits ? '' : this.#opened(kind);
    const logprobs = kind === 'text' ? this.#logprobs : [];
    if (kind === 'text') this.#logprobs = [];
    return opened + (this.#open?.delta(text, logprobs) ?? '');
  }

  /** The explanation of a refusal, unless the model itself gave one. */
  #explained({ refusal }: Finish): string {
    const text = refusal?.explanation ?? '';
    return text === '' || this.#refused ? '' : this.#text('refusal', text);
  }

  #opened(kind: 'text' | 'refusal' | 'reasoning'): string {
    const before = this.begin() + this.#close('completed');
    const { events, open } =
      kind === 'reasoning' ? openReasoning(this.#base()) : openMessage(this.#base(), kind);
    this.#open = open;
    return before + events;
  }

  #reasoningEnd(seal: Seal | undefined, redacted: boolean): string {
    const opened = this.#open?.kind === 'reasoning' && !this.#isOver ? '' : this.#opened('reasoning');
    this.#encrypted = encryptedContent(seal, redacted, this.#exchange);
    this.#isOver = true;
    return opened;
  }

  #call(call: EventOf<'call'>): string {
    const before = this.begin() + this.#close('completed') + this.#sealed(call.seal);
    const closed = before + this.#close('completed');
    const { events, open } = openCall(this.#base(), call);
    this.#open = open;
    return closed + events;
  }

  /** The seal of a text or a call as a separate reasoning item. Nothing if the client keeps no seals. */
  #sealed(seal: Seal | undefined): string {
    const encrypted = encryptedContent(seal, false, this.#exchange);
    if (encrypted === undefined) return '';
    const opened = this.#opened('reasoning');
    this.#encrypted = encrypted;
    this.#isOver = true;
    return opened;
  }

  #close(status: ItemStatus): string {
    const open = this.#open;
    if (open === undefined) return '';
    const { events, item } = open.close(status, this.#encrypted);
    this.#output.push(item);
    this.#open = undefined;
    this.#isOver = false;
    this.#encrypted = undefined;
    return events;
  }

  #end(): string {
    const finish = writeFinish(this.#finish, this.#exchange);
    const isCut = finish['status'] === 'incomplete';
    const before = this.begin() + this.#close(isCut ? 'incomplete' : 'completed');
    const usage = writeUsage(toldUsage(this.#usage, this.#exchange));
    const response = {
      ...this.#head,
      ...finish,
      ...tierOf(this.#serviceTier),
      output: this.#output,
      usage,
    };
    const type = isCut ? 'response.incomplete' : 'response.completed';
    return before + this.#emit(type, `,"response":${writeJson(response)}`);
  }

  #created(): string {
    this.#head = responseHead(this.#exchange, this.#model);
    return this.#emit('response.created', `,"response":${writeJson(this.#head)}`);
  }

  #base() {
    const { suffix } = this.#exchange;
    return { emit: this.#emit, suffix, index: this.#output.length, texts: this.texts };
  }

  readonly #emit = (type: string, members: string): string =>
    `event: ${type}\ndata: {"type":"${type}","sequence_number":${this.#sequence++}${members}}\n\n`;
}

/** The error of a failed response. Codex recognises an overload by a code of its own. */
function failure(error: HubError): JsonTree {
  const { type, code } = KINDS[error.kind].openAi;
  const isTold = error.message.toLowerCase().includes('try again in');
  const wait = error.kind === 'rate_limit' && !isTold && /^\d+$/.test(error.retryAfter ?? '');
  return {
    code:
      error.kind === 'overloaded' ? 'server_is_overloaded' : (error.code ?? code ?? OWN_CODES[type] ?? type),
    message: wait ? `${error.message} Please try again in ${error.retryAfter}s.` : error.message,
  };
}

/** This API's codes for errors that have none in Chat. */
const OWN_CODES: Readonly<Record<string, string>> = {
  invalid_request_error: 'invalid_prompt',
  api_error: 'server_error',
};
