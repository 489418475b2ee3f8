import { finishAfter, type Finish } from './finish.ts';
import { unreadable } from './hub-error.ts';
import { createJsonDepth, type JsonDepth } from './json-depth.ts';
import type { EventOf, HubEvent } from './stream.ts';

/**
 * The maximum numbers of characters of one call's arguments, of characters in waiting deltas, and of calls and blocks
 * of an answer.
 */
const MAX_ARGUMENTS = 8 * 1024 * 1024;
const MAX_WAITING = 8 * 1024 * 1024;
const MAX_BLOCKS = 1024;

/**
 * Orders the blocks of a stream so that each closes before the next begins, even if the reader's API interleaves them.
 * The open call streams live. Events for other blocks wait. They are sent delta by delta once the open call is complete
 * JSON, the reader ends it, or the answer finishes. The finish is held until the end, so that events after it still
 * count. Linear in the number of events.
 */
export class Sequence {
  #open: Block | undefined;
  #waiting: Block[] = [];
  #waitingChars = 0;
  #blocks = 0;
  #finish: Finish | undefined;
  #out: HubEvent[] = [];
  readonly #calls = new Map<string, CallState>();
  readonly #seen = { call: false, refusal: false };

  /** Converts one event of a reader. An `error` is the last event. */
  push(event: HubEvent): readonly HubEvent[] {
    this.#out = [];
    const fault = this.#take(event) ?? this.#excess();
    return fault === undefined ? this.#out : [{ kind: 'error', error: unreadable(fault) }];
  }

  #excess(): string | undefined {
    if (this.#waitingChars > MAX_WAITING) return 'too much data arrived for waiting calls';
    return this.#blocks + this.#waiting.length > MAX_BLOCKS ? 'it has too many blocks' : undefined;
  }

  #take(event: HubEvent): string | undefined {
    switch (event.kind) {
      case 'text':
      case 'reasoning':
      case 'refusal':
        return this.#text({ ...event });
      case 'call':
        return this.#startCall(event);
      case 'arguments':
        return this.#arguments(event);
      case 'call-end':
        return this.#endCall(event.key);
      case 'part-end':
      case 'reasoning-end':
        return this.#endBlock(event);
      case 'finish':
        this.#finish ??= event.finish;
        return undefined;
      case 'end':
        return this.#end(event);
      case 'start':
      case 'late-seal':
      case 'citation':
      case 'logprobs':
      case 'usage':
      case 'error':
        this.#out.push(event);
        return undefined;
    }
  }

  #text(event: EventOf<'text' | 'reasoning' | 'refusal'>): undefined {
    this.#seen.refusal ||= event.kind === 'refusal';
    const open = this.#open;
    if (open?.call !== undefined && (this.#waiting.length > 0 || !isComplete(open))) {
      const last = this.#waiting.at(-1);
      const block = last?.kind === event.kind && !last.ended ? last : createBlock(event.kind);
      if (block !== last) this.#waiting.push(block);
      this.#hold(block, event, event.text.length);
      return;
    }
    if (open?.kind !== event.kind) {
      this.#close();
      this.#begin(createBlock(event.kind));
    }
    this.#out.push(event);
  }

  #startCall(event: EventOf<'call'>): string | undefined {
    if (this.#calls.has(event.key)) return 'a call starts twice';
    this.#seen.call = true;
    const call: CallState = { started: event, closed: false, chars: 0, depth: createJsonDepth() };
    this.#calls.set(event.key, call);
    this.#waiting.push(createBlock('call', call));
    this.#advance(false);
    return undefined;
  }

  #arguments(event: EventOf<'arguments'>): string | undefined {
    const call = this.#calls.get(event.key);
    if (call === undefined) return 'arguments arrived for a call that never started';
    call.chars += event.json.length;
    if (call.chars > MAX_ARGUMENTS) return 'the arguments of a call are too long';
    if (call.closed) return event.json.trim() === '' ? undefined : 'arguments arrived for a closed call';
    if (this.#open?.call === call) {
      this.#send(event);
      this.#advance(false);
      return undefined;
    }
    const block = this.#waiting.find((waiting) => waiting.call === call);
    if (block !== undefined) this.#hold(block, event, event.json.length);
    return undefined;
  }

  #endCall(key: string): undefined {
    const call = this.#calls.get(key);
    if (call === undefined || call.closed) return;
    if (this.#open?.call === call) {
      this.#close();
      this.#advance(false);
      return;
    }
    const block = this.#waiting.find((waiting) => waiting.call === call);
    if (block !== undefined) block.ended = true;
  }

  /** Closes the open block of this kind with the reader's end event, which may carry a seal. */
  #endBlock(event: EventOf<'part-end' | 'reasoning-end'>): undefined {
    const hasSeal = event.seal !== undefined || (event.kind === 'reasoning-end' && event.redacted);
    const open = this.#open;
    if (open?.call !== undefined && (this.#waiting.length > 0 || !isComplete(open))) {
      this.#holdEnd(event, hasSeal);
      return;
    }
    const fits = open !== undefined && endsWith(open, event);
    if (!fits && !hasSeal) return;
    if (!fits) {
      this.#close();
      this.#blocks += 1;
    }
    this.#open = undefined;
    this.#out.push(event);
  }

  #holdEnd(event: EventOf<'part-end' | 'reasoning-end'>, hasSeal: boolean): void {
    const last = this.#waiting.at(-1);
    const fits = last !== undefined && !last.ended && endsWith(last, event);
    if (!fits && !hasSeal) return;
    const block = fits ? last : createBlock(event.kind === 'reasoning-end' ? 'reasoning' : 'text');
    if (!fits) this.#waiting.push(block);
    this.#hold(block, event, event.seal?.payload.length ?? 0);
    block.ended = true;
  }

  #end(event: EventOf<'end'>): undefined {
    this.#advance(true);
    this.#close();
    if (this.#finish !== undefined) {
      this.#out.push({ kind: 'finish', finish: finishAfter(this.#finish, this.#seen) });
    }
    this.#out.push(event);
  }

  /** Sends waiting events as far as the open block allows. `all`: the answer has ended. */
  #advance(all: boolean): void {
    let sent = 0;
    for (const next of this.#waiting) {
      if (!all && this.#open !== undefined && !isComplete(this.#open)) break;
      sent += 1;
      this.#close();
      this.#begin(next);
      for (const event of next.held) this.#send(event);
      next.held = [];
      const last = this.#out.at(-1)?.kind;
      if (last === 'part-end' || last === 'reasoning-end') this.#open = undefined;
      else if (next.ended) this.#close();
    }
    if (sent > 0) this.#waiting = this.#waiting.slice(sent);
    if (this.#waiting.length === 0) this.#waitingChars = 0;
  }

  #begin(block: Block): void {
    this.#blocks += 1;
    this.#open = block;
    if (block.call !== undefined) this.#out.push(block.call.started);
  }

  #send(event: HubEvent): void {
    this.#out.push(event);
    if (event.kind === 'arguments') this.#open?.call?.depth.push(event.json);
  }

  #hold(block: Block, event: HubEvent, chars: number): void {
    block.held.push(event);
    this.#waitingChars += chars;
  }

  #close(): void {
    const open = this.#open;
    this.#open = undefined;
    if (open === undefined) return;
    if (open.call !== undefined) {
      open.call.closed = true;
      this.#out.push({ kind: 'call-end', key: open.call.started.key });
    } else
      this.#out.push(
        open.kind === 'reasoning' ? { kind: 'reasoning-end', redacted: false } : { kind: 'part-end' },
      );
  }
}

interface Block {
  readonly kind: 'text' | 'reasoning' | 'refusal' | 'call';
  readonly call: CallState | undefined;
  /** Events that wait for their turn. */
  held: HubEvent[];
  /** Whether the reader has already ended it. */
  ended: boolean;
}

interface CallState {
  readonly started: EventOf<'call'>;
  readonly depth: JsonDepth;
  closed: boolean;
  chars: number;
}

function createBlock(kind: Block['kind'], call?: CallState): Block {
  return { kind, call, held: [], ended: false };
}

/** Whether the event ends this kind of block. */
function endsWith(block: Block, event: EventOf<'part-end' | 'reasoning-end'>): boolean {
  return block.kind !== 'call' && (block.kind === 'reasoning') === (event.kind === 'reasoning-end');
}

/** Whether another block may begin: the open one is not a call, or its arguments are complete JSON. */
function isComplete(block: Block): boolean {
  return (
    block.call === undefined || (block.call.started.form === 'function' && block.call.depth.isComplete())
  );
}
