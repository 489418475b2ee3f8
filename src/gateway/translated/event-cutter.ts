import { createSseSplitter, splitEvents } from '../../lib/sse.ts';
import { createFrameReader } from '../../translation/carriage/event-stream.ts';
import { MAX_EVENT_BYTES } from '../stream/sse-reading.ts';
import { isFrames } from './unframed-body.ts';

/** One event of a provider's stream, as a reader of the translation takes it. */
export interface ProviderEvent {
  readonly name: string;
  readonly data: Uint8Array;
}

/** Cuts the bytes of a stream into its events. */
export interface EventCutter {
  /** The events that a chunk completes; `broken`: it is no stream of this kind. */
  readonly push: (chunk: Uint8Array) => readonly ProviderEvent[] | 'broken';
  /** What may be left at the end of the bytes: an event without the blank line behind it. */
  readonly tail: () => readonly ProviderEvent[];
}

/** The cutter for a stream with this header: Amazon's frames, or server-sent events. */
export function createEventCutter(headers: Headers): EventCutter {
  return isFrames(headers) ? frameCutter() : sseCutter();
}

function sseCutter(): EventCutter {
  const splitter = createSseSplitter(MAX_EVENT_BYTES);
  return {
    push(chunk) {
      const block = splitter.push(chunk);
      if (block === undefined) return 'broken';
      return block.byteLength === 0 ? [] : eventsIn(block);
    },
    tail: () => eventsIn(splitter.takeTail()),
  };
}

/** Comments and empty events are life, but no events. */
function eventsIn(block: Uint8Array): readonly ProviderEvent[] {
  return splitEvents(block).filter(({ data }) => data.byteLength > 0);
}

/** Exceptions have a name of their own kind. */
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
    tail: () => [],
  };
}
