import { dollarsOf } from '../../prices/cost.ts';
import type { RequestEnded } from '../../gateway/events.ts';
import type { Attempt } from '../../routing/outcome.ts';
import type { Route } from '../../routing/route.ts';
import { instantOf, jsonBody } from './json-line.ts';
import { milliseconds } from './json-members.ts';
import type { LineTexts } from './line-texts.ts';
import { endEntry, metricsEntry } from './log-entry.ts';
import type { Language } from './messages.ts';

/**
 * The JSON lines of requests that one attempt answered. Those of one route and key differ in their numbers alone, so
 * each is rendered once with marks in place of numbers, and cut there. Joining the pieces with the numbers of a request
 * costs a fifth of rendering, mostly because a long text of many short pieces is slow to become bytes.
 */
export class UsualLines {
  readonly #texts: LineTexts;
  readonly #language: Language;
  /** The newest lines of each route and key. A new configuration has new routes. */
  readonly #known = new WeakMap<Route, Map<string | undefined, KnownLines>>();

  constructor(texts: LineTexts, language: Language) {
    this.#texts = texts;
    this.#language = language;
  }

  /** Whether the lines are those of these texts and this language. */
  isOf(texts: LineTexts, language: Language): boolean {
    return this.#texts === texts && this.#language === language;
  }

  /** Returns the lines of a request's end; undefined if it is not usual. */
  of(event: RequestEnded): CutLines | undefined {
    const attempt = onlyAttempt(event);
    if (attempt === undefined || !isUsual(event)) return undefined;
    let ofRoute = this.#known.get(attempt.route);
    if (ofRoute === undefined) this.#known.set(attempt.route, (ofRoute = new Map()));
    const known = ofRoute.get(event.keyName);
    if (known?.lines !== undefined && isLike(known.lines.like, event, attempt)) return known.lines;
    if (known === undefined) {
      if (ofRoute.size >= MOST_KEYS) ofRoute.clear();
      ofRoute.set(event.keyName, { lines: undefined, rendered: 1 });
      return undefined;
    }
    known.rendered += 1;
    // Cutting costs as much as rendering a few lines, which one request of its kind is not worth.
    if (known.rendered % RENDERED_FIRST !== 0) return undefined;
    known.lines = this.#cut(event, attempt);
    return known.lines;
  }

  #cut(event: RequestEnded, attempt: Attempt): CutLines | undefined {
    const [blank, marked] = [withNumbers(event, attempt, 0), withNumbers(event, attempt, 1)];
    const body = (entry: ReturnType<typeof endEntry>): string =>
      `${jsonBody(entry, this.#language, this.#texts.escaped)}}\n`;
    // A name that looks like a mark would be taken for one.
    if (MARK.test(body(endEntry(blank)) + body(metricsEntry(blank)))) return undefined;
    return {
      like: likenessOf(event, attempt),
      ended: cutAtMarks(body(endEntry(marked))),
      metrics: cutAtMarks(body(metricsEntry(marked))),
    };
  }
}

/** How many requests of a route and key are rendered before the lines of one are cut. */
const RENDERED_FIRST = 16;

/** The keys whose lines are known for a route. */
const MOST_KEYS = 1_000;

interface KnownLines {
  lines: CutLines | undefined;
  /** How many requests were not like the known one. */
  rendered: number;
}

/** The pieces of the lines about a request's end, and what such requests have in common. */
interface CutLines {
  readonly like: Likeness;
  readonly ended: CutLine;
  readonly metrics: CutLine;
}

interface CutLine {
  readonly start: string;
  /** Each number, with the text after it. */
  readonly rest: readonly { readonly number: (event: RequestEnded) => string; readonly after: string }[];
}

/** Joins a cut line with the numbers of a request. */
export function joinedLine({ start, rest }: CutLine, event: RequestEnded, now: Date): string {
  let line = `{"time":"${instantOf(now)}","level":"info","request_id":"${event.requestId}"${start}`;
  for (const { number, after } of rest) line += number(event) + after;
  return line;
}

function onlyAttempt({ history }: RequestEnded): Attempt | undefined {
  const attempt = history.length === 1 ? history[0] : undefined;
  return attempt?.outcome.kind === 'answered' && attempt.isResent !== true ? attempt : undefined;
}

/** Whether the lines of a request have nothing that those of most others lack. */
function isUsual(event: RequestEnded): boolean {
  const { usage, cost } = event;
  return (
    event.ending === 'complete' &&
    event.code === undefined &&
    event.translation === undefined &&
    event.cache === undefined &&
    event.clientAddress === undefined &&
    !event.isUsageEstimated &&
    cost?.savedNano === undefined &&
    event.overheadMs !== undefined &&
    event.firstByteAtMs !== undefined &&
    (usage === undefined || (usage.inputTokens !== undefined && usage.outputTokens !== undefined)) &&
    (usage === undefined || usage.totalTokens !== undefined)
  );
}

/** Everything in the lines of a usual request besides its route, its key and its numbers. */
interface Likeness
  extends
    Pick<RequestEnded, 'method' | 'endpoint' | 'model' | 'provider' | 'status'>,
    Pick<Attempt, 'reason'> {
  readonly hasUsage: boolean;
  readonly hasCost: boolean;
}

function likenessOf(event: RequestEnded, { reason }: Attempt): Likeness {
  const { method, endpoint, model, provider, status, usage, cost } = event;
  const hasCost = cost?.nano !== undefined;
  return { method, endpoint, model, provider, status, reason, hasUsage: usage !== undefined, hasCost };
}

function isLike(like: Likeness, event: RequestEnded, { reason }: Attempt): boolean {
  return (
    like.status === event.status &&
    like.model === event.model &&
    like.endpoint === event.endpoint &&
    like.provider === event.provider &&
    like.method === event.method &&
    like.reason === reason &&
    like.hasUsage === (event.usage !== undefined) &&
    like.hasCost === (event.cost?.nano !== undefined)
  );
}

/** The same request with marks as its numbers, times `factor`. */
function withNumbers(event: RequestEnded, attempt: Attempt, factor: 0 | 1): RequestEnded {
  const { usage, cost } = event;
  return {
    ...event,
    startedAtMs: 0,
    endedAtMs: 111_111.111 * factor,
    firstByteAtMs: 222_222.222 * factor,
    overheadMs: 333_333.333 * factor,
    history: [{ ...attempt, startedAtMs: 0, endedAtMs: 444_444.444 * factor }],
    usage: usage && {
      ...usage,
      inputTokens: 555_555 * factor,
      outputTokens: 666_666 * factor,
      totalTokens: 777_777 * factor,
    },
    cost: cost && {
      ...cost,
      nano: cost.nano === undefined ? undefined : 888_888_888_888_888 * factor,
    },
  };
}

/** Six equal digits that say which number it is, and its decimals. */
const MARK = /([1-8])\1{5}(?:\.(\1{2,9}))?/;
const MARKS = new RegExp(MARK, 'g');

function cutAtMarks(text: string): CutLine {
  const marks = [...text.matchAll(MARKS)];
  const rest = marks.map(({ index, 0: mark, 1: digit = '', 2: decimals = '' }, at) => ({
    number: numberFor(digit, decimals.length),
    after: text.slice(index + mark.length, marks[at + 1]?.index),
  }));
  return { start: text.slice(0, marks[0]?.index), rest };
}

/** Returns what writes the number that a mark stands for. */
function numberFor(digit: string, decimals: number): (event: RequestEnded) => string {
  const shown = decimals === 0 ? wholeText : decimals === 2 ? hundredthsText : milliseconds;
  switch (digit) {
    case '1':
      return ({ startedAtMs, endedAtMs }) => shown(endedAtMs - startedAtMs);
    case '2':
      return ({ startedAtMs, firstByteAtMs = 0 }) => shown(firstByteAtMs - startedAtMs);
    case '3':
      return ({ overheadMs = 0 }) => shown(overheadMs);
    case '4':
      return ({ history: [attempt] }) => shown(attempt ? attempt.endedAtMs - attempt.startedAtMs : 0);
    case '5':
      return ({ usage }) => String(usage?.inputTokens);
    case '6':
      return ({ usage }) => String(usage?.outputTokens);
    case '7':
      return ({ usage }) => String(usage?.totalTokens);
    default:
      return ({ cost }) => dollarsOf(cost?.nano ?? 0);
  }
}

function wholeText(ms: number): string {
  return String(Math.round(ms));
}

function hundredthsText(ms: number): string {
  return ms.toFixed(2);
}
