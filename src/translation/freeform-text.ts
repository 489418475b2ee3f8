import type { LossList } from './losses.ts';

/**
 * Extracts the input of a freeform tool from `{"input": "…"}` that arrives in pieces. Examines each character once.
 * Passes on unchanged any text that is not such an object.
 */
export interface FreeformText {
  /** The part of the input in these characters; '' for none. */
  readonly push: (json: string) => string;
  /** Whether the input has ended. */
  readonly isOver: () => boolean;
}

const HEAD = /^\s*\{\s*"input"\s*:\s*"/;
/** A longer head is not the start of such an object. */
const MAX_HEAD = 256;

/** The tool call's place in the provider's answer, for the loss recorded when its arguments are not such an object. */
export interface FreeformPlace {
  readonly losses: LossList;
  readonly path: string;
}

export function createFreeformText(place?: FreeformPlace): FreeformText {
  let head = '';
  let state: 'head' | 'text' | 'raw' | 'over' = 'head';
  let escape = '';
  /** A high surrogate whose low surrogate has not arrived. Clients cannot decode it alone. */
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
      place?.losses.approximated(place.path, 'the tool input is not in the requested form');
      return head;
    },
  };
}

/** Whether the text may be the start of such an object. */
function mayBegin(head: string): boolean {
  const plain = head.replace(/\s/g, '');
  return '{"input":"'.startsWith(plain);
}

/** The character of an escape sequence; undefined while the sequence is incomplete. */
function unescaped(escape: string): string | undefined {
  if (escape.charAt(1) === 'u') {
    return escape.length < 6 ? undefined : String.fromCharCode(Number.parseInt(escape.slice(2), 16) || 0);
  }
  return SIMPLE[escape.charAt(1)] ?? escape.charAt(1);
}

const SIMPLE: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' };

/**
 * The arguments of a whole call in the form of the client's tool, as a stream would deliver them. A freeform tool that
 * was written as a function returns as `{"input": "…"}`; any other arguments become the input unchanged. `custom`: the
 * provider supports freeform tools natively.
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
