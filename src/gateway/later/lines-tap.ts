import { ByteHold } from '../../lib/byte-buffer.ts';
import { createPieceDecoder } from '../../lib/http/piece-decoder.ts';
import { scanObject, valueAt } from '../../lib/json/json-scan.ts';
import type { Usage } from '../../protocols/protocol.ts';
import { usageInBytes } from '../../protocols/usage.ts';
import { added } from '../billed-usage.ts';
import type { Cost, CostMeter } from '../cost.ts';
import type { ObjectTap } from '../objects/object-tap.ts';
import type { LaterEvent, LaterUse } from './later-costs.ts';

/** A longer line is no result, or that of a request that is not understood. */
const LONGEST_LINE = 32 * 1024 * 1024;

/** Results name one model, or a few. */
const MOST_MODELS = 100;

export interface LinesTapOptions {
  /** The file, or the batch. */
  readonly id: string;
  readonly provider: string;
  readonly coding: string | null;
  /** undefined: costs are not calculated. */
  readonly costs: CostMeter | undefined;
  readonly note: (event: LaterEvent) => void;
}

/**
 * Sums up the usage in the results of a batch, one JSON object a line, in OpenAI's or Anthropic's form. A file whose first
 * line is something else is read no further. Each request is priced by itself, since long ones may cost more.
 */
export function linesTap({ id, provider, coding, costs, note }: LinesTapOptions): ObjectTap {
  const sums = new Map<string, Sum>();
  const pricing: Promise<void>[] = [];
  const hold = new ByteHold();
  let isGivenUp = costs === undefined;
  const giveUp = (): void => {
    isGivenUp = true;
    decoder.stop();
  };
  const takeLine = (line: Uint8Array): void => {
    const result = isGivenUp ? undefined : resultIn(line);
    if (result === undefined) {
      // Failed requests have no usage, so only the first line tells whether these are results.
      if (sums.size === 0 && !isResult(line)) giveUp();
      return;
    }
    const { model, usage } = result;
    const sum = sums.get(model);
    if (sum !== undefined) sum.add(usage);
    else if (sums.size >= MOST_MODELS) return;
    else sums.set(model, new Sum(usage));
    const cost = costs?.costOf({ provider, model, usage, isEstimated: false });
    if (cost instanceof Promise) pricing.push(cost.then((known) => sums.get(model)?.price(known)));
    else if (cost !== undefined) sums.get(model)?.price(cost);
  };
  const decoder = createPieceDecoder(coding, {
    take(piece) {
      let from = 0;
      for (let at = piece.indexOf(NEWLINE); at !== -1; at = piece.indexOf(NEWLINE, from)) {
        takeLine(hold.take(piece.subarray(from, at)));
        from = at + 1;
      }
      // A copy, since the client gets the piece next, and the buffer takes over the memory of a large one.
      hold.add(new Uint8Array(piece.subarray(from)));
      if (hold.length > LONGEST_LINE) giveUp();
    },
    end() {
      const last = hold.take(new Uint8Array(0));
      if (!isGivenUp && last.byteLength > 0) takeLine(last);
      if (isGivenUp || sums.size === 0) return;
      void Promise.all(pricing).then(() =>
        note({ type: 'ended', id, provider, uses: [...sums].map(([model, sum]) => sum.use(model)) }),
      );
    },
  });
  return {
    push: (bytes) => {
      if (!isGivenUp) decoder.push(bytes);
    },
    end: () => {
      if (!isGivenUp) decoder.end();
    },
  };
}

const NEWLINE = 0x0a;

class Sum {
  #usage: Usage;
  #requests = 1;
  #nano = 0;
  #isUnknown = false;

  constructor(usage: Usage) {
    this.#usage = usage;
  }

  add(usage: Usage): void {
    this.#usage = added(this.#usage, usage);
    this.#requests += 1;
  }

  price({ nano }: Cost): void {
    if (nano === undefined) this.#isUnknown = true;
    else this.#nano += nano;
  }

  use(model: string): LaterUse {
    return {
      model,
      usage: this.#usage,
      requests: this.#requests,
      nano: this.#isUnknown ? 'unknown' : this.#nano,
    };
  }
}

/** `{"response": {"body": {…}}}` of OpenAI, or `{"result": {"message": {…}}}` of Anthropic. */
const PLACES = [
  ['response', 'body'],
  ['result', 'message'],
] as const;

/** The model and the usage of one result; undefined: the line has none. */
function resultIn(line: Uint8Array): { readonly model: string; readonly usage: Usage } | undefined {
  for (const [outer, inner] of PLACES) {
    const answer = memberOf(memberOf(line, outer), inner);
    const usage = answer && usageInBytes(answer);
    if (answer === undefined || usage === undefined) continue;
    const model = memberOf(answer, 'model');
    const name = model && valueAt(model, 0, model.byteLength);
    return { model: typeof name === 'string' ? name : '', usage: inBatch(usage) };
  }
  return undefined;
}

function isResult(line: Uint8Array): boolean {
  return line.byteLength === 0 || memberOf(line, 'custom_id') !== undefined;
}

function memberOf(bytes: Uint8Array | undefined, name: string): Uint8Array | undefined {
  const scan = bytes && scanObject(bytes, [name]);
  const member = scan?.kind === 'object' ? scan.members.at(-1) : undefined;
  return member && bytes?.subarray(member.valueStart, member.valueEnd);
}

/** The usage at the prices of batches, whatever tier the result names. */
export function inBatch(usage: Usage): Usage {
  return { ...usage, parts: { ...usage.parts, serviceTier: 'batch' } };
}
