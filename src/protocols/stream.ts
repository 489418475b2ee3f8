import { countCharacters, hasValue, hasWord, markOf, occurs } from '../lib/json/json-marks.ts';
import type { Mark } from '../lib/json/json-marks.ts';
import { shortenStrings } from '../lib/json/json-short.ts';
import type { StreamReader, StreamSign, Usage } from './protocol.ts';
import { asObject } from './json-object.ts';
import { reportedError } from './reported-error.ts';
import { saysSomething } from './answer.ts';
import { mergeReports, usageFrom } from './usage.ts';
import type { JsonObject } from './json-object.ts';

/** How one API's events are to be understood. */
export interface StreamGrammar {
  /** Keys, with their quotes: an event where one has a value other than null is parsed. */
  readonly marks: readonly Mark[];
  /** Texts: an event that holds one is parsed. */
  readonly words: readonly Mark[];
  /** The keys, with their quotes, under which deltas carry text. */
  readonly textKeys: readonly Mark[];
  /** Reads what `understand` looks at; without it the whole event is parsed. undefined: it is no JSON object. */
  readonly digest?: (data: Uint8Array) => JsonObject | undefined;
  readonly understand: (value: JsonObject, event: string) => Reading;
  /** Whether an event that is no JSON ends the stream in order. */
  readonly isEnd: (data: string) => boolean;
  /** Whether a later report of usage completes the earlier ones; else it takes their place. */
  readonly mergesUsage: boolean;
}

export interface Reading {
  readonly sign: StreamSign;
  /** The usage object of the event, as it stands there. */
  readonly usage?: unknown;
  /** Whether it holds the protocol's word for the end. */
  readonly done?: boolean;
}

/**
 * Follows a stream. It begins **waiting**, and parses each event until one is content. Then it is **following**: events
 * are searched for marks and only parsed where one is found. Once an event says that it is **done** it stays so,
 * though usage may still come.
 */
export function createStreamReader(grammar: StreamGrammar): StreamReader {
  let following = false;
  let done = false;
  let report: JsonObject | undefined;
  let usage: Usage | undefined;
  let failure: JsonObject | undefined;

  function note(reading: Reading): StreamSign {
    if (reading.done === true) done = true;
    const next = asObject(reading.usage);
    if (next !== undefined) {
      report = grammar.mergesUsage ? mergeReports(report, next) : next;
      usage = usageFrom(report) ?? usage;
    }
    if (reading.sign === 'content') following = true;
    return reading.sign;
  }

  return {
    read(event, data) {
      if (data.length === 0) return 'preamble';
      if (following && event !== 'error' && !isMarked(data, grammar)) {
        return grammar.textKeys.some((key) => countCharacters(data, key) > 0) ? 'content' : 'preamble';
      }
      const short = data.length > LONG_BYTES ? shortenStrings(data, MAX_PARSED_BYTES) : data;
      const value = short && (grammar.digest ?? parse)(short);
      if (value === undefined) {
        if (data.length < 100 && grammar.isEnd(UTF8.decode(data).trim()))
          return note({ sign: 'done', done: true });
        failure = undefined;
        // Within a stream the client judges it; in front of the first content it is no beginning of an answer.
        return following && event !== 'error' ? 'content' : 'error';
      }
      const reading: Reading = isError(value, event) ? { sign: 'error' } : grammar.understand(value, event);
      if (reading.sign === 'error') failure = event === 'error' ? { type: 'error', ...value } : value;
      return note(reading);
    },
    skim(block) {
      return following && !isMarked(block, grammar);
    },
    usage: () => usage,
    isDone: () => done,
    error: () => failure && reportedError(failure),
  };
}

/** The last sign that says something about the model: that it speaks, or that it thinks. */
export function lastTelling(signs: readonly StreamSign[]): StreamSign | undefined {
  return signs.findLast((sign) => sign === 'content' || sign === 'thinking');
}

/** An event from this size on holds an image or a file, which is not parsed along with what matters. */
const LONG_BYTES = 65_536;

/** More than this besides long strings is not parsed, since everything else would wait. */
const MAX_PARSED_BYTES = 2 * 1024 * 1024;

function isMarked(bytes: Uint8Array, grammar: StreamGrammar): boolean {
  // Hardly any event has the word at all, so that one search settles the three.
  if (
    occurs(bytes, ERROR) &&
    (hasWord(bytes, ERROR_WORD) || ERROR_EVENTS.some((mark) => occurs(bytes, mark)))
  ) {
    return true;
  }
  for (const mark of grammar.marks) {
    if (hasValue(bytes, mark)) return true;
  }
  for (const word of grammar.words) {
    if (occurs(bytes, word)) return true;
  }
  return false;
}

const ERROR = markOf('error');
const ERROR_WORD = markOf('"error"');
const ERROR_EVENTS = [markOf('event: error'), markOf('event:error')];

function isError(value: JsonObject, event: string): boolean {
  if (event === 'error' || value.type === 'error' || value.object === 'error') return true;
  // An empty object says as little as null does.
  return (
    (typeof value.error === 'string' || asObject(value.error) !== undefined) && saysSomething(value.error)
  );
}

function parse(data: Uint8Array): JsonObject | undefined {
  try {
    return asObject(JSON.parse(UTF8.decode(data)));
  } catch {
    return undefined;
  }
}

const UTF8 = new TextDecoder();
