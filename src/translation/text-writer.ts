import type { HubError } from './hub-error.ts';
import type { HubEvent, StreamWriter } from './stream.ts';

/** A {@link StreamWriter} that writes text. '' stands for no output. */
export interface TextWriter {
  readonly push: (event: HubEvent) => string;
  readonly begin: () => string;
  readonly fail: (error: HubError) => string;
  readonly fault?: (() => HubError | undefined) | undefined;
}

/** Encodes the output of a text writer as UTF-8. */
export function createTextStreamWriter({ push, begin, fail, fault }: TextWriter): StreamWriter {
  return {
    push: (event) => encoded(push(event)),
    begin: () => encoded(begin()),
    fail: (error) => UTF8.encode(fail(error)),
    fault,
  };
}

const UTF8 = new TextEncoder();

function encoded(text: string): Uint8Array | undefined {
  return text === '' ? undefined : UTF8.encode(text);
}
