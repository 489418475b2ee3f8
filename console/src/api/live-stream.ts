/** Hands on the events of the gateway's live stream, whichever tab of the browser reads it. */
export interface LiveListener {
  readonly event: (type: string, data: unknown) => void;
  readonly state: (state: LiveState) => void;
}

export type LiveState = 'connecting' | 'live' | 'reconnecting';

const EVENTS = ['hello', 'state', 'tick', 'feed', 'lost', 'end'];
const LOCK = 'llm-proxy/live';

type Shared =
  | { readonly is: 'event'; readonly type: string; readonly data: unknown }
  | { readonly is: 'state'; readonly state: LiveState }
  /** A tab that has just begun wants all states again. */
  | { readonly is: 'newcomer' };

/**
 * Reads `/admin/v1/live` once for all tabs of this browser, since a browser opens six connections to a host at most. The
 * tab that holds a lock reads, and tells the others. A hidden tab gives the lock away. Over plain HTTP under any name but
 * this machine's, browsers have no locks, and each visible tab reads for itself.
 */
export function listenLive(listener: LiveListener): () => void {
  const { locks } = navigator as Partial<Navigator>;
  const channel = locks && new BroadcastChannel(LOCK);
  let source: EventSource | undefined;
  let release: (() => void) | undefined;
  let stopped = new AbortController();

  const tell = (message: Shared): void => {
    receive(message, listener);
    channel?.postMessage(message);
  };
  const connect = (): void => {
    source?.close();
    tell({ is: 'state', state: 'connecting' });
    source = new EventSource('/admin/v1/live');
    source.addEventListener('open', () => tell({ is: 'state', state: 'live' }));
    source.addEventListener('error', () => {
      tell({ is: 'state', state: 'reconnecting' });
      // The browser gives up for good after an answer that is no stream, such as a proxy's 502.
      if (source?.readyState === EventSource.CLOSED) setTimeout(() => release && connect(), 2000);
    });
    for (const type of EVENTS) {
      source.addEventListener(type, ({ data }: MessageEvent<string>) =>
        tell({ is: 'event', type, data: JSON.parse(data) }),
      );
    }
  };
  const lead = (): void => {
    stopped = new AbortController();
    const held = (): Promise<void> =>
      new Promise((resolve) => {
        release = resolve;
        connect();
      });
    if (locks) void locks.request(LOCK, { signal: stopped.signal }, held).catch(() => undefined);
    else void held();
  };
  const follow = (): void => {
    stopped.abort();
    source?.close();
    source = undefined;
    release?.();
    release = undefined;
  };
  const onVisibility = (): void => {
    follow();
    if (!document.hidden) lead();
  };
  channel?.addEventListener('message', ({ data }: MessageEvent<Shared>) => {
    if (data.is !== 'newcomer') receive(data, listener);
    else if (source !== undefined) connect();
  });
  document.addEventListener('visibilitychange', onVisibility);
  onVisibility();
  channel?.postMessage({ is: 'newcomer' } satisfies Shared);
  return () => {
    document.removeEventListener('visibilitychange', onVisibility);
    follow();
    channel?.close();
  };
}

function receive(message: Shared, listener: LiveListener): void {
  if (message.is === 'event') listener.event(message.type, message.data);
  if (message.is === 'state') listener.state(message.state);
}
