import type { AnswerCall } from './answer.ts';
import type { LargeTexts } from './held-text.ts';
import { JsonCheck } from './json-check.ts';
import { RawJson } from './json.ts';
import type { LossList } from './losses.ts';
import { argumentsObject } from './write-common.ts';

/** Longer arguments are checked piece by piece, since parsing them at once would take tens of milliseconds. */
const LARGE_CHARS = 256 * 1024;

/** Arguments of a call that arrive in pieces, for a client API that takes them as one object. */
export class HeldArguments {
  readonly #pieces: string[] = [];
  #length = 0;
  /** Absent while the arguments are short. */
  #check: JsonCheck | undefined;

  add(json: string): void {
    this.#pieces.push(json);
    this.#length += json.length;
    if (this.#check !== undefined) this.#check.push(json);
    else if (this.#length > LARGE_CHARS) this.#check = checkOf(this.#pieces);
  }

  /** Returns them as `argumentsObject` does; if they are long, with a mark in their place. */
  object(call: Pick<AnswerCall, 'form'>, losses: LossList, texts: LargeTexts): RawJson {
    const text = this.#pieces.join('');
    const isObject = this.#check?.isObject();
    if (call.form === 'function' && isObject === true) return new RawJson(texts.markFor([text.trim()]));
    return argumentsObject({ ...call, arguments: text }, 'tool_calls', losses, isObject);
  }
}

function checkOf(pieces: readonly string[]): JsonCheck {
  const check = new JsonCheck();
  for (const piece of pieces) check.push(piece);
  return check;
}
