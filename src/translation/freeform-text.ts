import type { LossList } from './losses.ts';

/**
 * Takes the input of a freeform tool out of `{"input": "…"}` while it comes in pieces. Looks at each character once. Anything else than such an
 * object passes as it came.
 */
export interface FreeformText {
  /** The piece of the input that these characters hold; '' for none. */
  readonly push: (json: string) => string;
  /** Whether the input has ended. */
  readonly isOver: () => boolean;
}

const HEAD = /^\s*\{\s*"input"\s*:\s*"/;
/** Longer beginnings are no such object. */
const MAX_HEAD = 256;

/** Where a call stands in the provider's answer; arguments that are no such object are told there. */
export interface FreeformPlace {
  readonly losses: LossList;
  readonly path: string;
}

export function createFreeformText(place?: FreeformPlace): FreeformText {
  let head = '';
  let state: 'head' | 'text' | 'raw' | 'over' = 'head';
  let escape = '';
  /** The first half of a character whose second half has not come. Alone it would be no text that a client can read. */
  let half = '';
  function text(json: string): string {
    const whole = half + unescapedText(json);
    half = state === 'text' && /[\uD800-\uDBFF]$/.test(whole) ? whole.slice(-1) : '';
    return half === '' ? whole : whole.slice(0, -1);
  }
  function unescapedText(json: string): string {
    let out = '';
    for (let at = 0; at < json.length; at++) {
      const char = json.charAt(at);
      if (escape !== '') {
        escape += char;
        const plain = unescaped(escape);
        if (plain === undefined) continue;
        out += plain;
        escape = '';
      } else if (char === '\\') escape = char;
      else if (char === '"') {
        state = 'over';
        return out;
      } else out += char;
    }
    return out;
  }
  return {
    isOver: () => state === 'over',
    push(json) {
      if (state === 'over') return '';
      if (state === 'raw') return json;
      if (state === 'text') return text(json);
      head += json;
      const begin = HEAD.exec(head);
      if (begin !== null) {
        state = 'text';
        return text(head.slice(begin[0].length));
      }
      if (head.length < MAX_HEAD && mayBegin(head)) return '';
      state = 'raw';
      place?.losses.approximated(place.path, 'the input of the tool is not told as it was asked for');
      return head;
    },
  };
}

/** Whether the head of such an object may begin so. */
function mayBegin(head: string): boolean {
  const plain = head.replace(/\s/g, '');
  return '{"input":"'.startsWith(plain);
}

/** What an escape stands for; undefined while it is not complete. */
function unescaped(escape: string): string | undefined {
  if (escape.charAt(1) === 'u') {
    return escape.length < 6 ? undefined : String.fromCharCode(Number.parseInt(escape.slice(2), 16) || 0);
  }
  return SIMPLE[escape.charAt(1)] ?? escape.charAt(1);
}

const SIMPLE: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' };

/**
 * The arguments of a whole call by the form of the client's tool, as a stream would give them: a freeform tool that was written as a function
 * comes back as `{"input": "…"}`, other arguments stand for the input as they are. `custom`: the provider has freeform tools itself.
 */
export function formOf(
  form: 'function' | 'freeform' | 'custom',
  given: string,
  place: FreeformPlace,
): { readonly form: 'function' | 'freeform'; readonly arguments: string } {
  if (form === 'function') return { form, arguments: given };
  if (form === 'custom') return { form: 'freeform', arguments: given };
  return { form, arguments: createFreeformText(place).push(given) };
}
