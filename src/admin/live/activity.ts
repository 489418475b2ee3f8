import { addHistogram, count, emptyHistogram, type Histogram } from '../../lib/histogram.ts';
import type { Emit } from '../../gateway/ports.ts';
import type { GatewayEvent, RequestEnded } from '../../gateway/events.ts';
import { isAnswered, recordOf, type RequestRecord } from '../../store/records/request-record.ts';

/** A batch of activity: names and numbers, never a prompt, an answer or a credential. */
export interface Activity {
  /** The newest requests that ended, the oldest first. */
  readonly ended: RequestRecord[];
  /** The number of other requests that ended. */
  more: number;
  readonly sums: ActivitySums;
  readonly news: News[];
}

export interface ActivitySums {
  requests: number;
  failures: number;
  promptTokens: number;
  completionTokens: number;
  /** Nano-dollars. */
  costNano: number;
  readonly durations: Histogram;
  readonly firstBytes: Histogram;
}

/** An item of the operator's feed. */
export interface News {
  readonly kind:
    | 'route_cooled'
    | 'route_back'
    | 'fallback'
    | 'budget'
    | 'provider_error'
    | 'configuration'
    | 'refused_change'
    | 'drained'
    | 'resumed'
    | 'cleared';
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly provider?: string | undefined;
  readonly model?: string | undefined;
  /** The id of a route within the program. */
  readonly routeId?: string | undefined;
  readonly key?: string | undefined;
  readonly requestId?: string | undefined;
  readonly version?: number | undefined;
  readonly seconds?: number | undefined;
  /** Details, such as the problems of a refused configuration. */
  readonly detail?: string | undefined;
}

/** Further ones in the same batch are only counted. */
export const MOST_ENDED = 50;
const MOST_NEWS = 50;

export function emptyActivity(): Activity {
  return {
    ended: [],
    more: 0,
    news: [],
    sums: {
      requests: 0,
      failures: 0,
      promptTokens: 0,
      completionTokens: 0,
      costNano: 0,
      durations: emptyHistogram(),
      firstBytes: emptyHistogram(),
    },
  };
}

/** Adds the activity of other processes at the same time. */
export function addActivity(to: Activity, other: Activity): void {
  to.ended.push(...other.ended);
  to.more += other.more;
  const surplus = to.ended.length - MOST_ENDED;
  if (surplus > 0) {
    to.ended.splice(0, surplus);
    to.more += surplus;
  }
  to.news.push(...other.news.slice(0, Math.max(0, MOST_NEWS - to.news.length)));
  const { sums } = to;
  sums.requests += other.sums.requests;
  sums.failures += other.sums.failures;
  sums.promptTokens += other.sums.promptTokens;
  sums.completionTokens += other.sums.completionTokens;
  sums.costNano += other.sums.costNano;
  addHistogram(sums.durations, other.sums.durations);
  addHistogram(sums.firstBytes, other.sums.firstBytes);
}

/** How often a process reports its activity. */
const EVERY_MS = 250;

/** Collects the events of one process and reports them in batches, while there are subscribers. */
export class ActivityTap {
  readonly #tell: (activity: Activity) => void;
  readonly #epochMs: () => number;
  readonly #timer: Timer;
  #activity = emptyActivity();
  #isEmpty = true;

  constructor(tell: (activity: Activity) => void, epochMs: () => number = Date.now) {
    this.#tell = tell;
    this.#epochMs = epochMs;
    this.#timer = setInterval(() => this.flush(), EVERY_MS);
    this.#timer.unref();
  }

  readonly listen: Emit = (event) => {
    if (event.type === 'request-ended') this.#ended(event);
    const news = newsOf(event, this.#epochMs());
    if (news === undefined) return;
    this.#isEmpty = false;
    const told = this.#activity.news;
    // A client that goes on asking without a budget is news once in a moment.
    const isKnown =
      news.kind === 'budget' && told.some(({ kind, key }) => kind === 'budget' && key === news.key);
    if (told.length < MOST_NEWS && !isKnown) told.push(news);
  };

  flush(): void {
    if (this.#isEmpty) return;
    const activity = this.#activity;
    this.#activity = emptyActivity();
    this.#isEmpty = true;
    this.#tell(activity);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #ended(event: RequestEnded): void {
    this.#isEmpty = false;
    const { ended, sums } = this.#activity;
    const record = recordOf(event, this.#epochMs());
    ended.push(record);
    if (ended.length > MOST_ENDED) {
      ended.shift();
      this.#activity.more += 1;
    }
    sums.requests += 1;
    if (record.ending !== 'complete' && record.ending !== 'client-left') sums.failures += 1;
    sums.promptTokens += record.promptTokens ?? 0;
    sums.completionTokens += record.completionTokens ?? 0;
    sums.costNano += record.costNano ?? 0;
    if (!isAnswered(record)) return;
    count(sums.durations, record.durationMs);
    if (record.firstTokenMs !== null) count(sums.firstBytes, record.firstTokenMs);
  }
}

function newsOf(event: GatewayEvent, atMs: number): News | undefined {
  const tell = NEWS[event.type] as ((event: GatewayEvent, atMs: number) => News | undefined) | undefined;
  return tell?.(event, atMs);
}

type Tellers = {
  readonly [Type in GatewayEvent['type']]?: (
    event: Extract<GatewayEvent, { type: Type }>,
    atMs: number,
  ) => News | undefined;
};

/** The events that are news. */
const NEWS: Tellers = {
  'route-cooled': ({ provider, routeId, requestId, forMs }, atMs) => ({
    kind: 'route_cooled',
    atMs,
    provider,
    routeId,
    requestId,
    seconds: Math.ceil(forMs / 1000),
  }),
  'provider-probed': ({ provider, error }, atMs) =>
    error === undefined ? undefined : { kind: 'provider_error', atMs, provider, detail: error },
  'configuration-accepted': ({ version }, atMs) => ({ kind: 'configuration', atMs, version }),
  'configuration-refused': ({ problems }, atMs) => ({
    kind: 'refused_change',
    atMs,
    detail: problems.slice(0, 3).join('; ').slice(0, 500),
  }),
  'request-ended': (event, atMs) => fallbackOf(event, atMs) ?? budgetOf(event, atMs),
};

/** The news of a request that was answered by another route than the first; undefined: none. */
function fallbackOf(event: RequestEnded, atMs: number): News | undefined {
  const { history, model, keyName: key, requestId, provider, ending } = event;
  const first = history[0]?.route.id;
  if (ending !== 'complete' || history.every(({ route }) => route.id === first)) return undefined;
  return { kind: 'fallback', atMs, model: model?.slice(0, 256), key, requestId, provider, routeId: first };
}

/** A request that a budget refused; undefined: none did. */
function budgetOf({ code, model, keyName: key, requestId }: RequestEnded, atMs: number): News | undefined {
  if (code !== 'budget_exceeded') return undefined;
  return { kind: 'budget', atMs, model: model?.slice(0, 256), key, requestId };
}
