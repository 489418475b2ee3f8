import { useSyncExternalStore } from 'react';
import { KEPT_FEED } from './feed-groups.ts';
import type { FeedEntry, LiveRoute, ProviderStatus, RequestRow, Tick } from './types.ts';
import { listenLive, type LiveState } from './live-stream.ts';
import { endedBefore, type Second, withEarlier, withTick } from './seconds.ts';

export interface Hello {
  /** The role of whoever listens. */
  readonly role: string;
  readonly version: string;
  readonly config_version: number;
  readonly started_at: string;
  readonly now: string;
}

/** All that the live stream has told so far. Replaced as a whole with every change. */
export interface Live {
  readonly state: LiveState | 'off';
  readonly hello: Hello | undefined;
  /** When the page began to listen, by the gateway's clock. */
  readonly beganAt: string | undefined;
  /** The gateway was restarted while the page was open. */
  readonly wasRestarted: boolean;
  readonly providers: ReadonlyMap<string, ProviderStatus>;
  readonly routes: ReadonlyMap<string, LiveRoute>;
  /** The last five minutes, oldest first. */
  readonly seconds: readonly Second[];
  /** Of these, what the stream told. */
  readonly told: readonly Second[];
  /** Newest first. */
  readonly feed: readonly FeedEntry[];
  /** The last requests that ended, newest first. */
  readonly ended: readonly RequestRow[];
  readonly inFlight: number | undefined;
  readonly configVersion: number | undefined;
  readonly lost: number;
}

const KEPT_REQUESTS = 500;

const EMPTY: Live = {
  state: 'off',
  hello: undefined,
  beganAt: undefined,
  wasRestarted: false,
  providers: new Map(),
  routes: new Map(),
  seconds: [],
  told: [],
  feed: [],
  ended: [],
  inFlight: undefined,
  configVersion: undefined,
  lost: 0,
};

let live = EMPTY;
let stop: (() => void) | undefined;
const listeners = new Set<() => void>();

function change(part: Partial<Live>): void {
  live = { ...live, ...part };
  for (const listener of listeners) listener();
}

interface Listening {
  /** The role that the page shows. */
  readonly role: () => string | undefined;
  /** Reads the session again, which has ended or has another role. */
  readonly onOther: () => void;
}

/** Begins to listen, for as long as somebody is signed in who may. */
export function startLive({ role, onOther }: Listening): () => void {
  stop?.();
  live = EMPTY;
  stop = listenLive({
    state: (state) => change({ state }),
    event: (type, data) => {
      if (type !== 'end') change(afterEvent(live, type, data));
      // A gateway that stops says so, too, and the session outlives that.
      else if ((data as { reason: string }).reason === 'session') onOther();
      // A role that changes while nothing is connected ends no stream.
      if (type === 'hello' && (data as Hello).role !== role()) onOther();
    },
  });
  return () => {
    stop?.();
    stop = undefined;
    change(EMPTY);
  };
}

/** Returns a value picked from the live stream's data, and renders again when it changes. */
export function useLive<T>(pick: (live: Live) => T): T {
  return useSyncExternalStore(subscribe, () => pick(live));
}

/** Puts requests that ended before the page was opened before the seconds of the stream, in place of those put before. */
export function addEarlier(rows: readonly RequestRow[]): void {
  const { beganAt = '', ended, told } = live;
  change({ seconds: withEarlier(told, endedBefore(beganAt, rows, ended)) });
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The change that an event makes. */
export function afterEvent(before: Live, type: string, data: unknown): Partial<Live> {
  switch (type) {
    case 'hello':
      return afterHello(before, data as Hello);
    case 'state':
      return afterState(before, data as { providers?: ProviderStatus[]; routes?: LiveRoute[] });
    case 'tick':
      return afterTick(before, data as Tick);
    case 'feed':
      return afterFeed(before, data as FeedEntry);
    case 'lost':
      return { lost: before.lost + (data as { events: number }).events };
    default:
      return {};
  }
}

function afterHello(before: Live, hello: Hello): Partial<Live> {
  const isOther = before.hello !== undefined && before.hello.started_at !== hello.started_at;
  return {
    hello,
    beganAt: before.beganAt ?? hello.now,
    configVersion: hello.config_version,
    wasRestarted: before.wasRestarted || isOther,
    // Another process knows nothing of these.
    ...(isOther && { providers: new Map(), routes: new Map() }),
  };
}

function afterState(
  before: Live,
  { providers = [], routes = [] }: { providers?: ProviderStatus[]; routes?: LiveRoute[] },
): Partial<Live> {
  return {
    ...(providers.length > 0 && {
      providers: new Map([...before.providers, ...providers.map((one) => [one.name, one] as const)]),
    }),
    ...(routes.length > 0 && {
      routes: new Map([...before.routes, ...routes.map((one) => [one.id, one] as const)]),
    }),
  };
}

function afterFeed(before: Live, entry: FeedEntry): Partial<Live> {
  const isKnown = before.feed.some((one) => JSON.stringify(one) === JSON.stringify(entry));
  return {
    ...(!isKnown && { feed: [entry, ...before.feed].slice(0, KEPT_FEED) }),
    ...(entry.version !== null && { configVersion: entry.version }),
  };
}

function afterTick(before: Live, tick: Tick): Partial<Live> {
  return {
    seconds: withTick(before.seconds, tick),
    told: withTick(before.told, tick),
    inFlight: tick.in_flight,
    ...(tick.ended.length > 0 && {
      ended: [...[...tick.ended].sort(byTime), ...before.ended].slice(0, KEPT_REQUESTS),
    }),
  };
}

function byTime(one: RequestRow, other: RequestRow): number {
  return other.time.localeCompare(one.time);
}
