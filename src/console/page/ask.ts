import { createEventParser, type ServerEvent } from './event-stream.ts';

/** A request as it is sent. */
export interface Ask {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | FormData | undefined;
}

/** Receives the answer as it arrives. Times are milliseconds since the request was sent. */
export interface Listener {
  readonly head: (status: number, headers: Headers, ms: number) => void;
  readonly event: (event: ServerEvent, ms: number) => void;
  /** The whole body of an answer that is not an event stream. */
  readonly body: (body: Blob) => void;
}

/** How an answer ended. `broken`: in the middle. */
export type Ending =
  | { readonly kind: 'complete'; readonly ms: number }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'broken'; readonly ms: number }
  | { readonly kind: 'unreachable' };

let view = new AbortController();

/** Cancels the requests of the view that is left: nobody reads the answers, and they may cost money. */
export function leaveView(): void {
  view.abort();
  view = new AbortController();
}

/** Sends a request and reports its answer; resolves with the ending. Never rejects. */
export async function ask(request: Ask, listener: Listener, stop: AbortSignal): Promise<Ending> {
  const signal = AbortSignal.any([stop, view.signal]);
  const startedAt = performance.now();
  const ms = (): number => performance.now() - startedAt;
  let hasBegun = false;
  try {
    const response = await fetch(request.url, {
      method: request.method,
      headers: { ...request.headers },
      ...(request.body !== undefined && { body: request.body }),
      cache: 'no-store',
      credentials: 'omit',
      signal,
    });
    hasBegun = true;
    listener.head(response.status, response.headers, ms());
    if (response.headers.get('content-type')?.startsWith('text/event-stream') === true)
      await readEvents(response, (event) => listener.event(event, ms()));
    else listener.body(await response.blob());
    return { kind: 'complete', ms: ms() };
  } catch {
    if (signal.aborted) return { kind: 'stopped' };
    return hasBegun ? { kind: 'broken', ms: ms() } : { kind: 'unreachable' };
  }
}

async function readEvents({ body }: Response, tell: (event: ServerEvent) => void): Promise<void> {
  if (body === null) return;
  const parse = createEventParser();
  const decoder = new TextDecoder();
  const reader = body.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    parse(decoder.decode(part.value, { stream: true })).forEach(tell);
  }
}
