import { commentText, type EventStyle, eventText } from './event-text.ts';
import { frameBytes } from './event-frame.ts';
import type { StreamEvent } from './item.ts';

/**
 * The layout of a stream: server-sent events; one JSON array, as Gemini without `alt=sse`; AWS frames; or AWS frames
 * whose payload contains an event of the model's own API, as in Bedrock's InvokeModelWithResponseStream.
 */
export type Framing = 'sse' | 'array' | 'frames' | 'chunk-frames';

/** Serialises the events of one stream. */
export interface EventWriter {
  readonly event: (event: StreamEvent) => Buffer;
  readonly comment: (text: string) => Buffer;
}

const NOTHING = Buffer.alloc(0);

/** Creates a writer for one stream, starting at its first event. */
export function createEventWriter(framing: Framing, style: EventStyle): EventWriter {
  switch (framing) {
    case 'sse':
      return {
        event: (event) => Buffer.from(event.name === UNWRITTEN ? '' : eventText(event, style)),
        comment: (text) => Buffer.from(commentText(text, style)),
      };
    case 'array':
      return createArrayWriter();
    case 'frames':
      return { event: (event) => frame(event, event.data), comment: () => NOTHING };
    case 'chunk-frames':
      return { event: chunkFrame, comment: () => NOTHING };
  }
}

/** The name of an event that only exists in a JSON array: its closing bracket. */
export const UNWRITTEN = '(end of array)';

function createArrayWriter(): EventWriter {
  let count = 0;
  return {
    event: ({ name, data }) => {
      if (name === UNWRITTEN) return Buffer.from(count === 0 ? '[]' : '\n]');
      return Buffer.from(`${count++ === 0 ? '[' : '\n,\r\n'}${data}`);
    },
    comment: () => Buffer.from(count === 0 ? '' : '\n'),
  };
}

function frame({ part, name }: StreamEvent, payload: string): Buffer {
  const isError = part === 'error';
  return frameBytes(
    [
      [isError ? ':exception-type' : ':event-type', name],
      [':content-type', 'application/json'],
      [':message-type', isError ? 'exception' : 'event'],
    ],
    Buffer.from(payload),
  );
}

function chunkFrame(event: StreamEvent): Buffer {
  if (event.part === 'error') return frame(event, event.data);
  const bytes = Buffer.from(event.data).toString('base64');
  return frame({ ...event, name: 'chunk' }, JSON.stringify({ bytes, p: 'abcdefgh' }));
}
