import { SLICE_BYTES } from '../../lib/in-turns.ts';
import { createSseSplitter, splitEvents } from '../../lib/sse.ts';
import { createFrameReader } from '../../translation/carriage/event-stream.ts';
import { asObject, parsed } from '../../translation/json.ts';

/** The largest event that is translated, as large as a frame. It is parsed at once, while everybody else waits. */
export const MAX_TRANSLATED_BYTES = 16 * 1024 * 1024;

/** One event of a provider's stream, as the translation reads it. */
export interface ProviderEvent {
  readonly name: string;
  readonly data: Uint8Array;
}

/** Whether others get a turn while the event is translated. */
export function isLarge({ data }: ProviderEvent): boolean {
  return data.byteLength > SLICE_BYTES;
}

/** Splits the bytes of a stream into events. */
export interface EventCutter {
  /** Returns the events that a chunk completes; `broken` if the bytes are not a stream of this kind. */
  readonly push: (chunk: Uint8Array) => readonly ProviderEvent[] | 'broken';
  /** Whether the bytes so far end inside an event. */
  readonly isInside: () => boolean;
  /** Returns the event at the end of the bytes that lacks only its blank line, if there is one. */
  readonly tail: () => readonly ProviderEvent[];
}

/** Creates the cutter for Amazon's frames, or for server-sent events. */
export function createEventCutter(framed: boolean): EventCutter {
  return framed ? frameCutter() : sseCutter();
}

function sseCutter(): EventCutter {
  const splitter = createSseSplitter(MAX_TRANSLATED_BYTES);
  return {
    push(chunk) {
      const block = splitter.push(chunk);
      if (block === undefined) return 'broken';
      return block.byteLength === 0 ? [] : eventsIn(block);
    },
    isInside: () => !splitter.isEmpty(),
    tail: () => eventsIn(splitter.takeTail()).filter(({ data }) => isWhole(data)),
  };
}

/** Drops comments and empty events, which are only signs of life. */
function eventsIn(block: Uint8Array): readonly ProviderEvent[] {
  return splitEvents(block).filter(({ data }) => data.byteLength > 0);
}

/** Whether data that the end of the bytes may have cut is all there: an object, or the word for the end. */
function isWhole(data: Uint8Array): boolean {
  const text = UTF8.decode(data).trim();
  return text === '[DONE]' || asObject(parsed(text)) !== undefined;
}

const UTF8 = new TextDecoder();

/** Exceptions get a separate event name. */
function frameCutter(): EventCutter {
  const frames = createFrameReader();
  return {
    push(chunk) {
      const read = frames.push(chunk);
      if (read === 'broken') return 'broken';
      return read.map(({ type, name, payload }) => ({
        name: type === 'event' ? name : `exception ${name}`,
        data: payload,
      }));
    },
    isInside: () => frames.isInside(),
    tail: () => [],
  };
}
