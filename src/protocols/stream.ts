import { countCharacters, hasValue, hasWord, markOf, occurs } from '../lib/json/json-marks.ts';
import type { Mark } from '../lib/json/json-marks.ts';
import { shortenStrings } from '../lib/json/json-short.ts';
import type { StreamReader, StreamSign, Usage } from './protocol.ts';
import { asObject } from './json-object.ts';
import { reportedError, type ReportedError } from './reported-error.ts';
import { saysSomething } from './answer.ts';
import { mergeReports, usageFrom, withTier } from './usage.ts';
import type { JsonObject } from './json-object.ts';

/** How to read one API's events. */
export interface StreamGrammar {
  /** Keys with their quotes. An event is parsed if one of them has a value other than null. */
  readonly marks: readonly Mark[];
  /** Texts. An event is parsed if it contains one of them. */
  readonly words: readonly Mark[];
  /** The keys, with their quotes, that hold the text of deltas. */
  readonly textKeys: readonly Mark[];
  /**
   * Parses only what `understand` needs; if absent, the whole event is parsed. Returns undefined if the data is not a
   * JSON object.
   */
  readonly digest?: (data: Uint8Array) => JsonObject | undefined;
  readonly understand: (value: JsonObject, event: string) => Reading;
  /** Reads an event with content that is too large to be parsed; if absent, only its size is known. */
  readonly glance?: (data: Uint8Array, event: string) => Reading;
  /** Whether an event that is not JSON ends the stream normally. */
  readonly isEnd: (data: string) => boolean;
  /** Whether a later usage report is merged into the earlier ones instead of replacing them. */
  readonly mergesUsage: boolean;
}

export interface Reading {
  readonly sign: StreamSign;
  /** The event's usage object, unparsed by the grammar. */
  readonly usage?: unknown;
  /** The service tier that the event names beside its usage. */
  readonly tier?: unknown;
  /** Whether the event ends the answer in this API. */
  readonly done?: boolean;
}

/**
 * Reads a stream. While **waiting**, it parses each event until one has content. While **following**, it searches
 * events for marks and parses only those with one. After an event says that the stream is **done**, it remains done,
 * although usage may still arrive.
 */
export class GrammarReader implements StreamReader {
  readonly #grammar: StreamGrammar;
  #isFollowing = false;
  #isDone = false;
  #report: JsonObject | undefined;
  #usage: Usage | undefined;
  #failure: JsonObject | undefined;

  constructor(grammar: StreamGrammar) {
    this.#grammar = grammar;
  }

  read(event: string, data: Uint8Array): StreamSign {
    const { textKeys, digest = parse } = this.#grammar;
    if (data.length === 0) return 'preamble';
    if (this.#isFollowing && event !== 'error' && !isMarked(data, this.#grammar)) {
      return textKeys.some((key) => countCharacters(data, key) > 0) ? 'content' : 'preamble';
    }
    const short = data.length > LONG_BYTES ? shortenStrings(data, MAX_PARSED_BYTES) : data;
    if (short === undefined) return this.#glanced(event, data);
    const value = digest(short);
    if (value === undefined) return this.#unparsed(event, data);
    const reading: Reading = isError(value, event) ? { sign: 'error' } : this.understand(value, event);
    if (reading.sign === 'error') this.#failure = event === 'error' ? { type: 'error', ...value } : value;
    return this.#note(reading);
  }

  skim(block: Uint8Array): boolean {
    return this.#isFollowing && !isMarked(block, this.#grammar);
  }

  usage(): Usage | undefined {
    return this.#usage;
  }

  isDone(): boolean {
    return this.#isDone;
  }

  error(): ReportedError | undefined {
    return this.#failure && reportedError(this.#failure);
  }

  protected understand(value: JsonObject, event: string): Reading {
    return this.#grammar.understand(value, event);
  }

  #note(reading: Reading): StreamSign {
    if (reading.done === true) this.#isDone = true;
    const next = asObject(reading.usage);
    if (next !== undefined) {
      this.#report = this.#grammar.mergesUsage ? mergeReports(this.#report, next) : next;
      this.#usage = better(withTier(usageFrom(this.#report), reading.tier), this.#usage);
    }
    if (reading.sign === 'content') this.#isFollowing = true;
    return reading.sign;
  }

  #unparsed(event: string, data: Uint8Array): StreamSign {
    if (data.length < 100 && this.#grammar.isEnd(UTF8.decode(data).trim()))
      return this.#note({ sign: 'done', done: true });
    this.#failure = undefined;
    // Within a stream, the client judges malformed data. Before the first content, malformed data is not the start
    // of an answer.
    return this.#isFollowing && event !== 'error' ? 'content' : 'error';
  }

  #glanced(event: string, data: Uint8Array): StreamSign {
    if (event === 'error' || !seemsContent(data)) return this.#unparsed(event, data);
    this.#failure = undefined;
    return this.#note(this.#grammar.glance?.(data, event) ?? { sign: 'content' });
  }
}

/** The later report, unless it has only zeros after one with numbers. */
function better(later: Usage | undefined, earlier: Usage | undefined): Usage | undefined {
  if (earlier === undefined || later?.inputTokens || later?.outputTokens) return later ?? earlier;
  return earlier;
}

/** Returns the last sign that the model is speaking or thinking. */
export function lastTelling(signs: readonly StreamSign[]): StreamSign | undefined {
  return signs.findLast((sign) => sign === 'content' || sign === 'thinking');
}

/** Events from this size on contain an image or a file, which is not parsed. */
const LONG_BYTES = 65_536;

/**
 * If more than this remains without long strings, the event is not parsed, since that would block all other requests.
 */
const MAX_PARSED_BYTES = 2 * 1024 * 1024;

/** Whether a large event is an object whose first member is no error. Only a list that a model wrote makes one so large. */
function seemsContent(data: Uint8Array): boolean {
  return /^\s*\{\s*"(?!error"\s*:\s*[^n\s])/.test(UTF8.decode(data.subarray(0, HEAD_BYTES)));
}

const HEAD_BYTES = 64;

function isMarked(bytes: Uint8Array, grammar: StreamGrammar): boolean {
  // Hardly any event contains "error", so one search rules out all three conditions.
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
  // An empty object means no error, like null.
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
