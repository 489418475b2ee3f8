import { createListSplitter, splitElements } from '../../lib/json/json-list.ts';
import { createSseSplitter, splitEvents, type SseEvent, type SseSplitter } from '../../lib/sse.ts';
import type { Protocol, StreamReader } from '../../protocols/protocol.ts';

/** How the events of a stream lie in its bytes. */
export interface StreamFraming {
  readonly isEvents: boolean;
  readonly createSplitter: (maxEventBytes: number) => SseSplitter;
  readonly split: (block: Uint8Array) => readonly SseEvent[];
  readonly readerOf: (protocol: Protocol) => StreamReader;
}

/** Server-sent events. */
export const EVENTS: StreamFraming = {
  isEvents: true,
  createSplitter: createSseSplitter,
  split: splitEvents,
  readerOf: (protocol) => protocol.readStream(),
};

/** The elements of one JSON list. */
export const LIST: StreamFraming = {
  isEvents: false,
  createSplitter: createListSplitter,
  split: splitElements,
  readerOf: (protocol) => protocol.readList?.() ?? protocol.readStream(),
};
