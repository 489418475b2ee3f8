/** The tabs of a browser share one session. A tab that starts or ends it tells the others. */
export type SessionNews = 'signed-in' | 'signed-out';

const channel = new BroadcastChannel('llm-proxy/session');

/** Tells the other tabs of this browser. */
export function tellOtherTabs(news: SessionNews): void {
  channel.postMessage(news);
}

/** Calls `listener` when another tab tells something. Returns how to stop that. */
export function onOtherTabs(listener: (news: SessionNews) => void): () => void {
  const receive = ({ data }: MessageEvent<SessionNews>): void => listener(data);
  channel.addEventListener('message', receive);
  return () => channel.removeEventListener('message', receive);
}
