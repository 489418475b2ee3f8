import { LargeTexts, wholePiece } from './held-text.ts';
import type { HubError } from './hub-error.ts';
import type { HubEvent, StreamWriter } from './stream.ts';

/** A {@link StreamWriter} that writes text. '' stands for no output. */
export interface TextWriter {
  readonly push: (event: HubEvent) => string;
  readonly begin: () => string;
  readonly fail: (error: HubError) => string;
  readonly fault?: (() => HubError | undefined) | undefined;
  /** The long texts for whose marks the events leave room. */
  readonly texts?: LargeTexts;
}

/** Encodes the output of a text writer as UTF-8. */
export function createTextStreamWriter(writer: TextWriter): StreamWriter {
  const { push, begin, fail, fault, texts = new LargeTexts() } = writer;
  return {
    push(event) {
      const text = push(event);
      return text === '' ? undefined : texts.encoded(text);
    },
    begin() {
      const text = begin();
      return text === '' ? undefined : wholePiece(texts.encoded(text));
    },
    fail: (error) => wholePiece(texts.encoded(fail(error))),
    fault,
  };
}
