import { slices, type StreamPiece } from './held-text.ts';
import type { HubError } from './hub-error.ts';
import { CallIds } from './ids.ts';
import { createJsonToolFilter } from './json-tool.ts';
import { Sequence } from './sequence.ts';
import { isContent, type HubEvent, type StreamReader, type StreamWriter } from './stream.ts';
import { completed, type Usage } from './usage.ts';

/** Translates a stream from the provider's API to the client's. */
export interface StreamTranslation {
  /** Translates one event of the provider. */
  readonly push: (event: string, data: Uint8Array) => StreamStep;
  /** Like `push`, for a large event: its texts are translated piece by piece. */
  readonly pushLarge: (event: string, data: string) => Iterable<StreamStep>;
  /** Call this when the provider's bytes end, or when nothing has followed its finish for a while. */
  readonly atEndOfBytes: () => StreamStep;
  /**
   * Only the answer's first event, for a provider that is alive but has sent no content. undefined: it has already been
   * sent.
   */
  readonly begin: () => Uint8Array | undefined;
  /** The client API's error event. Nothing may follow it. */
  readonly fail: (error: HubError) => Uint8Array;
  readonly usage: () => Usage | undefined;
  /** The service tier by OpenAI's name; undefined: it was not reported. */
  readonly serviceTier: () => string | undefined;
}

export interface StreamStep {
  /** Ready to send, in order. */
  readonly bytes: readonly StreamPiece[];
  /** Whether this step contains content. Content commits the stream. */
  readonly content: boolean;
  /** Whether the provider has sent its finish reason, in this step or before. */
  readonly finished: boolean;
  /** The answer is complete, or broken by this error. The error has not been written; `fail` writes it. */
  readonly over: 'complete' | HubError | undefined;
}

export interface StreamHalves {
  readonly reader: StreamReader;
  readonly writer: StreamWriter;
  /** Whether structured output was requested through a tool (`json-tool.ts`). */
  readonly jsonTool: boolean;
}

export function createStreamTranslation({ reader, writer, jsonTool }: StreamHalves): StreamTranslation {
  const pipe = createHubPipe(jsonTool);
  let usage: Usage | undefined;
  let serviceTier: string | undefined;
  let over: StreamStep['over'];
  let finished = false;
  function step(events: readonly HubEvent[]): StreamStep {
    const bytes: StreamPiece[] = [];
    let content = false;
    for (const read of events) {
      if (read.kind === 'usage' || read.kind === 'start') {
        usage = completed(usage, read.usage);
        serviceTier = read.serviceTier ?? serviceTier;
      }
      content ||= isContent(read);
      finished ||= read.kind === 'finish';
      for (const event of pipe(read)) write(event, bytes);
    }
    return { bytes, content, finished, over };
  }
  function write(event: HubEvent, bytes: StreamPiece[]): void {
    if (over !== undefined) return;
    if (event.kind === 'error') {
      over = event.error;
      return;
    }
    const piece = writer.push(event);
    if (piece !== undefined) bytes.push(piece);
    if (event.kind === 'end') over = 'complete';
    else over = writer.fault?.();
  }
  return {
    push: (event, data) => step(over === undefined ? reader.push(event, data) : []),
    *pushLarge(event, data) {
      if (over !== undefined) return;
      for (const events of reader.pushLarge?.(data) ?? [reader.push(event, data)]) {
        if (events.length === 0) yield step(events);
        for (const read of events) for (const piece of piecesOf(read)) yield step([piece]);
      }
    },
    atEndOfBytes: () => step(over === undefined ? reader.atEndOfBytes() : []),
    begin: () => writer.begin(),
    fail: (error) => writer.fail(error),
    usage: () => usage,
    serviceTier: () => serviceTier,
  };
}

/** A long text as several events. */
function* piecesOf(event: HubEvent): Generator<HubEvent> {
  if (event.kind === 'text' || event.kind === 'reasoning' || event.kind === 'refusal')
    for (const text of slices(event.text)) yield { ...event, text };
  else if (event.kind === 'arguments') for (const json of slices(event.json)) yield { ...event, json };
  else yield event;
}

/**
 * The steps between a reader and a writer: undoes the gateway's own devices, tells the ids of calls apart and orders the
 * blocks.
 */
export function createHubPipe(jsonTool: boolean): (event: HubEvent) => readonly HubEvent[] {
  const sequence = new Sequence();
  const ids = new CallIds();
  const whole = createSurrogateJoin();
  const inOrder = (event: HubEvent): readonly HubEvent[] => {
    if (event.kind === 'call') return sequence.push({ ...event, id: ids.unused(event.id) });
    return sequence.push(event);
  };
  const joined = (event: HubEvent): readonly HubEvent[] => {
    const events = whole(event);
    return events.length === 1 && events[0] !== undefined ? inOrder(events[0]) : events.flatMap(inOrder);
  };
  if (!jsonTool) return joined;
  const filter = createJsonToolFilter();
  return (event) => {
    const kept = filter(event);
    return kept === undefined ? [] : joined(kept);
  };
}

type TextEvent = Extract<HubEvent, { readonly text: string }>;

/** Joins surrogate pairs that a provider divides between two pieces of text: alone, half of one is no character. */
function createSurrogateJoin(): (event: HubEvent) => readonly HubEvent[] {
  let half: TextEvent | undefined;
  return (event) => {
    const isText = event.kind === 'text' || event.kind === 'reasoning' || event.kind === 'refusal';
    if (half === undefined && !(isText && endsInHalf(event.text))) return [event];
    const before = half;
    half = undefined;
    if (!isText) return before === undefined ? [event] : [before, event];
    if (before !== undefined && before.kind !== event.kind) return [before, event];
    const text = (before?.text ?? '') + event.text;
    if (!endsInHalf(text)) return [{ kind: event.kind, text }];
    half = { kind: event.kind, text: text.slice(-1) };
    return text.length === 1 ? [] : [{ kind: event.kind, text: text.slice(0, -1) }];
  };
}

function endsInHalf(text: string): boolean {
  return (text.charCodeAt(text.length - 1) & 0xfc00) === 0xd800;
}
