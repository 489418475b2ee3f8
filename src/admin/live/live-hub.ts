import { percentile } from '../../lib/histogram.ts';
import { dollarsOf } from '../../prices/cost.ts';
import type { Json, JsonObject } from '../../store/revision.ts';
import { requestView } from '../request-view.ts';
import { providerStandings, standingView, type StandingView } from '../running/provider-states.ts';
import type { RunningGateway } from '../running/running-gateway.ts';
import {
  publicRouteId,
  requestsInFlight,
  routeStateView,
  type RouteStateView,
  servedRoutes,
} from '../running/route-states.ts';
import { type Activity, addActivity, emptyActivity, type News } from './activity.ts';
import type { Subscriber } from './subscriber.ts';

/** The intervals of events, of keep-alives, and of checks whether subscribers are still authorised. */
const TICK_MS = 250;
const QUIET_MS = 5_000;
const CHECK_MS = 500;

export interface LiveHubOptions {
  readonly running: () => RunningGateway;
  /** The subscribers that are still authorised. */
  readonly mayListen: (subscribers: readonly Subscriber[]) => Promise<ReadonlySet<Subscriber>>;
}

/**
 * Sends events to subscribers, at most four times a second. Each event is computed and serialised once for all of them,
 * and not at all without subscribers.
 */
export class LiveHub {
  readonly #options: LiveHubOptions;
  readonly #subscribers = new Set<Subscriber>();
  #unwatch: (() => void) | undefined;
  #timers: Timer[] = [];
  #activity = emptyActivity();
  #toldAtMs = 0;
  #isClosed = false;
  #eventId = 0;
  /** The last reported state of each provider and route, as text. */
  readonly #told = new Map<string, string>();

  constructor(options: LiveHubOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#subscribers.size;
  }

  /** Adds a subscriber. Its first events are its identity and all states. */
  add(subscriber: Subscriber, hello: JsonObject): void {
    const running = this.#options.running();
    if (this.#subscribers.size === 0) this.#start(running);
    this.#subscribers.add(subscriber);
    subscriber.onClose = () => this.#remove(subscriber);
    const { providers, routes } = statesOf(running);
    const at = new Date(running.clock.epochMs()).toISOString();
    subscriber.send(
      `retry: 1000\n${this.#event('hello', hello)}${this.#event('state', { at, providers, routes })}`,
    );
  }

  /** Reports news that no process emits, such as a drain. */
  tell(news: News): void {
    if (this.#subscribers.size > 0) this.#activity.news.push(news);
  }

  /** Whether the gateway is stopping. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Ends every stream, since the gateway is stopping. */
  close(): void {
    this.#isClosed = true;
    for (const subscriber of this.#subscribers) subscriber.end(this.#event('end', { reason: 'stopping' }));
  }

  #start(running: RunningGateway): void {
    this.#unwatch = running.watch((activity: Activity) => addActivity(this.#activity, activity));
    this.#toldAtMs = running.clock.nowMs();
    this.#told.clear();
    for (const [key, text] of textsOf(statesOf(running))) this.#told.set(key, text);
    this.#timers = [
      setInterval(() => this.#tick(running), TICK_MS),
      setInterval(() => void this.#check(), CHECK_MS),
    ];
    for (const timer of this.#timers) timer.unref();
  }

  #remove(subscriber: Subscriber): void {
    this.#subscribers.delete(subscriber);
    if (this.#subscribers.size > 0) return;
    for (const timer of this.#timers) clearInterval(timer);
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.#activity = emptyActivity();
  }

  #tick(running: RunningGateway): void {
    const activity = this.#activity;
    const changed = this.#changes(running, activity.news);
    const nowMs = running.clock.nowMs();
    const isQuiet = activity.sums.requests === 0 && activity.news.length === 0 && changed === undefined;
    if (isQuiet && nowMs - this.#toldAtMs < QUIET_MS) return;
    this.#activity = emptyActivity();
    const at = new Date(running.clock.epochMs()).toISOString();
    const seconds = Math.round(nowMs - this.#toldAtMs) / 1000;
    this.#toldAtMs = nowMs;
    const texts = [
      ...(changed === undefined ? [] : [this.#event('state', { at, ...changed })]),
      this.#event('tick', { at, seconds, in_flight: requestsInFlight(running), ...tickView(activity) }),
      ...activity.news.map((news) => this.#event('feed', newsView(news))),
    ];
    const text = texts.join('');
    for (const subscriber of this.#subscribers) subscriber.send(text, texts.length);
  }

  /** The states that changed since the last report; undefined: none. Adds news of routes that are available again. */
  #changes(running: RunningGateway, news: News[]): JsonObject | undefined {
    const states = statesOf(running);
    const changed = new Set<string>();
    for (const [key, text] of textsOf(states)) {
      const before = this.#told.get(key);
      if (before === text) continue;
      changed.add(key);
      this.#told.set(key, text);
      const isBack = key.startsWith('route ') && before?.startsWith('available') === false;
      if (isBack && text.startsWith('available'))
        news.push({ kind: 'route_back', atMs: running.clock.epochMs(), ...routeNames(states, key) });
    }
    if (changed.size === 0) return undefined;
    return {
      providers: states.providers.filter(({ name }) => changed.has(`provider ${name}`)),
      routes: states.routes.filter(({ id }) => changed.has(`route ${id}`)),
    };
  }

  async #check(): Promise<void> {
    const subscribers = [...this.#subscribers];
    // A brief outage of the database ends no stream.
    const allowed = await this.#options.mayListen(subscribers).catch(() => new Set(subscribers));
    for (const subscriber of subscribers)
      if (!allowed.has(subscriber)) subscriber.end(this.#event('end', { reason: 'session' }));
  }

  #event(name: string, data: Json): string {
    this.#eventId += 1;
    return `id: ${this.#eventId}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
  }
}

interface States {
  readonly providers: readonly StandingView[];
  readonly routes: readonly RouteStateView[];
}

function statesOf(running: RunningGateway): States {
  return {
    providers: providerStandings(running).map((standing) => standingView(standing, running)),
    routes: servedRoutes(running.snapshot()).map((route) => routeStateView(route, running)),
  };
}

/** The part of a state whose change is an event. The remaining cooldown and the latency are not part of it. */
function* textsOf({ providers, routes }: States): Generator<[key: string, text: string]> {
  for (const { name, state, in_flight, routes_available } of providers)
    yield [`provider ${name}`, [state, in_flight, routes_available].join(' ')];
  for (const { id, state, endpoint, in_flight } of routes)
    yield [`route ${id}`, [state, endpoint, in_flight].join(' ')];
}

function routeNames({ routes }: States, key: string): Pick<News, 'provider' | 'detail'> {
  const route = routes.find(({ id }) => key === `route ${id}`);
  return { provider: route?.provider, detail: route?.id };
}

function tickView({ ended, more, sums }: Activity): JsonObject {
  const { requests, failures, promptTokens, completionTokens, costNano, durations, firstBytes } = sums;
  return {
    requests,
    failures,
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    cost: dollarsOf(costNano),
    latency_ms: { p50: percentile(durations, 0.5), p95: percentile(durations, 0.95) },
    time_to_first_token_ms: { p50: percentile(firstBytes, 0.5), p95: percentile(firstBytes, 0.95) },
    ended: ended.map(requestView),
    more,
  };
}

function newsView({ kind, atMs, routeId, requestId, ...rest }: News): JsonObject {
  const { provider, model, key, version, seconds, detail } = rest;
  const route = kind === 'route_back' ? detail : routeId === undefined ? undefined : publicRouteId(routeId);
  return {
    at: new Date(atMs).toISOString(),
    kind,
    provider: provider ?? null,
    model: model ?? null,
    route: route ?? null,
    key: key ?? null,
    request_id: requestId ?? null,
    version: version ?? null,
    seconds: seconds ?? null,
    detail: kind === 'route_back' ? null : (detail ?? null),
  };
}
