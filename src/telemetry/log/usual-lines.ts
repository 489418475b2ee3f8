import type { RequestEnded, RequestReceived } from '../../gateway/events.ts';
import type { Attempt } from '../../routing/outcome.ts';
import type { Route } from '../../routing/route.ts';
import { jsonBody } from './json-line.ts';
import { type CutLine, cutAtMarks, type LineSink, MARK, MOST_NUMBER_BYTES } from './cut-line.ts';
import { MOST_LINE_BYTES } from './line-bytes.ts';
import type { LineTexts } from './line-texts.ts';
import { endEntry, metricsEntry, receivedEntry } from './log-entry.ts';
import type { Language } from './messages.ts';

/**
 * The JSON lines of requests that one attempt answered. Those of one route and key differ in their numbers alone, so
 * each is rendered once with marks in place of numbers, and cut there. Joining the bytes of the pieces with the numbers
 * of a request costs a tenth of rendering.
 */
export class UsualLines {
  readonly #texts: LineTexts;
  readonly #language: Language;
  /** The newest lines of each route and key. A new configuration has new routes. */
  readonly #known = new WeakMap<Route, Map<string | undefined, KnownLines>>();

  /** The end of the line of an admitted request, by its model, key and client. */
  readonly #received = new Map<string, KnownReceived>();
  #lastReceived: KnownReceived | undefined;

  constructor(texts: LineTexts, language: Language) {
    this.#texts = texts;
    this.#language = language;
  }

  /** Writes the line of an admitted request; returns false if it is too long. */
  received(event: RequestReceived, epochMs: number, sink: LineSink): boolean {
    const body = this.#receivedBody(event);
    const mostBytes = body.byteLength + MOST_NUMBER_BYTES;
    if (mostBytes >= MOST_LINE_BYTES) return false;
    sink.add(sink.line(mostBytes).begin(epochMs, event.requestId).add(body, 0, body.byteLength));
    return true;
  }

  #receivedBody(event: RequestReceived): Buffer {
    const { model, keyName } = event;
    const client = event.clientAddress();
    const last = this.#lastReceived;
    if (last?.client === client && last.model === model && last.keyName === keyName) return last.body;
    // The lengths keep names apart, whatever characters a client puts into a model's.
    const names = `${model.length} ${keyName?.length ?? -1} ${model}${keyName ?? ''}${client}`;
    let known = this.#received.get(names);
    if (known === undefined) {
      const entry = receivedEntry({ ...event, clientAddress: () => client });
      const body = Buffer.from(`${jsonBody(entry, this.#language, this.#texts.escaped)}}\n`);
      known = { model, keyName, client, body };
      if (this.#received.size >= MOST_RECEIVED) this.#received.clear();
      this.#received.set(names, known);
    }
    this.#lastReceived = known;
    return known.body;
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
    const [ended, metrics] = [body(endEntry(marked)), body(metricsEntry(marked))];
    const lines = {
      like: likenessOf(event, attempt),
      ended: cutAtMarks(ended),
      metrics: cutAtMarks(metrics),
    };
    return Math.max(lines.ended.mostBytes, lines.metrics.mostBytes) < MOST_LINE_BYTES ? lines : undefined;
  }
}

/** How many requests of a route and key are rendered before the lines of one are cut. */
const RENDERED_FIRST = 16;

/** The keys whose lines are known for a route. */
const MOST_KEYS = 1_000;

/** The admitted requests whose lines are known. */
const MOST_RECEIVED = 1_000;

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

/** An admitted request, and the end of its line. */
interface KnownReceived {
  readonly model: string;
  readonly keyName: string | undefined;
  readonly client: string;
  readonly body: Buffer;
}

const NUMBERS = new Float64Array(9);

/**
 * A request's numbers in the order of their marks: milliseconds, tokens, nano-dollars. They hold until the next request
 * is asked for.
 */
export function numbersOf(event: RequestEnded): Float64Array {
  const { startedAtMs, endedAtMs, firstByteAtMs = 0, overheadMs = 0, usage, cost } = event;
  const [attempt] = event.history;
  NUMBERS[1] = endedAtMs - startedAtMs;
  NUMBERS[2] = firstByteAtMs - startedAtMs;
  NUMBERS[3] = overheadMs;
  NUMBERS[4] = attempt === undefined ? 0 : attempt.endedAtMs - attempt.startedAtMs;
  NUMBERS[5] = usage?.inputTokens ?? 0;
  NUMBERS[6] = usage?.outputTokens ?? 0;
  NUMBERS[7] = usage?.totalTokens ?? 0;
  NUMBERS[8] = cost?.nano ?? 0;
  return NUMBERS;
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
