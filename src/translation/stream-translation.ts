import type { HubError } from './hub-error.ts';
import { createJsonToolFilter } from './json-tool.ts';
import { Sequence } from './sequence.ts';
import { isContent, type HubEvent, type StreamReader, type StreamWriter } from './stream.ts';
import { completed, type Usage } from './usage.ts';

/** A stream on its way from the provider's API to the client's. */
export interface StreamTranslation {
  /** One event of the provider. */
  readonly push: (event: string, data: Uint8Array) => StreamStep;
  /** The provider's bytes ended, or nothing follows its finish for a while. */
  readonly atEndOfBytes: () => StreamStep;
  /** The answer's first event alone: for a provider that lives and has not said anything yet. undefined: it has been sent. */
  readonly begin: () => Uint8Array | undefined;
  /** The client API's error event; nothing comes behind it. */
  readonly fail: (error: HubError) => Uint8Array;
  readonly usage: () => Usage | undefined;
}

export interface StreamStep {
  /** Ready to send, in order. */
  readonly bytes: readonly Uint8Array[];
  /** Whether content has come with this step: the stream is committed. */
  readonly content: boolean;
  /** Whether the provider has said why the answer ends, in this step or before. */
  readonly finished: boolean;
  /** The answer is complete, or broken by this error, which has not been written: `fail` does that. */
  readonly over: 'complete' | HubError | undefined;
}

export interface StreamHalves {
  readonly reader: StreamReader;
  readonly writer: StreamWriter;
  /** Whether the structured output was asked for by a tool (`json-tool.ts`). */
  readonly jsonTool: boolean;
}

export function createStreamTranslation({ reader, writer, jsonTool }: StreamHalves): StreamTranslation {
  const pipe = createHubPipe(jsonTool);
  let usage: Usage | undefined;
  let over: StreamStep['over'];
  let finished = false;
  function step(events: readonly HubEvent[]): StreamStep {
    const bytes: Uint8Array[] = [];
    let content = false;
    for (const read of events) {
      if (read.kind === 'usage' || read.kind === 'start') usage = completed(usage, read.usage);
      content ||= isContent(read);
      finished ||= read.kind === 'finish';
      for (const event of pipe(read)) write(event, bytes);
    }
    return { bytes, content, finished, over };
  }
  function write(event: HubEvent, bytes: Uint8Array[]): void {
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
    atEndOfBytes: () => step(over === undefined ? reader.atEndOfBytes() : []),
    begin: () => writer.begin(),
    fail: (error) => writer.fail(error),
    usage: () => usage,
  };
}

/** What stands between a reader and a writer: the gateway's own devices undone, the blocks in sequence. */
export function createHubPipe(jsonTool: boolean): (event: HubEvent) => readonly HubEvent[] {
  const sequence = new Sequence();
  if (!jsonTool) return (event) => sequence.push(event);
  const filter = createJsonToolFilter();
  return (event) => {
    const kept = filter(event);
    return kept === undefined ? [] : sequence.push(kept);
  };
}
