import { nextTurn } from '../../lib/in-turns.ts';
import { textUnder } from '../../protocols/text.ts';
import { SlicedText, type StreamPiece } from '../../translation/held-text.ts';
import type { AnswerText } from '../../usage/estimate-usage.ts';
import type { ByteSink } from '../body/pipe.ts';
import { TextSample } from '../stream/text-sample.ts';

/** Translated events that have not been sent yet. */
export class OutgoingEvents {
  readonly #sample = new TextSample(TEXT);
  #kept: StreamPiece[] = [];

  add(events: StreamPiece): void {
    if (events instanceof SlicedText) this.#sample.skip(events.length);
    else this.#sample.add(events);
    this.#kept.push(events);
  }

  /** A sample of the text of all events so far. */
  text(): AnswerText {
    return this.#sample.text();
  }

  get isEmpty(): boolean {
    return this.#kept.length === 0;
  }

  /** Sends them in one piece. Returns a promise while the client is behind. `hasLeft` ends the sending of large events. */
  send(sink: ByteSink, hasLeft: () => boolean): Promise<unknown> | undefined {
    const kept = this.#kept;
    this.#kept = [];
    const [first] = kept;
    if (kept.length === 1 && first instanceof Uint8Array) return sink.write(first);
    if (!kept.every((piece) => piece instanceof Uint8Array)) return sendSlices(kept, sink, hasLeft);
    return sink.write(Buffer.concat(kept));
  }
}

/** Sends large events slice by slice, so that nobody else waits for all of them. */
async function sendSlices(
  pieces: readonly StreamPiece[],
  sink: ByteSink,
  hasLeft: () => boolean,
): Promise<void> {
  for (const piece of pieces) {
    for (const slice of piece instanceof SlicedText ? piece : [piece]) {
      await sink.write(slice);
      await nextTurn();
      if (hasLeft()) return;
    }
  }
}

/** The keys that hold text in the events of any client's API. */
const TEXT = {
  textOf: textUnder(
    '"content"',
    '"reasoning_content"',
    '"text"',
    '"thinking"',
    '"delta"',
    '"arguments"',
    '"partial_json"',
  ),
};
