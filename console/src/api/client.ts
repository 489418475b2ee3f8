import { Problem, problemOf } from './problem.ts';

export type Query = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface CallOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly query?: Query;
  readonly body?: unknown;
  /** The version of the configuration that the change was made for. */
  readonly ifVersion?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

type Listener = (problem: Problem) => void;
const listeners = new Set<Listener>();

/** Calls `listener` when an answer says that nobody is signed in any more. Returns how to stop that. */
export function onSignedOut(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

let csrfToken: string | null = null;
let writer: string | undefined;
let renewToken = async (): Promise<void> => undefined;

/**
 * Sends the token of the session with each write, which `person` makes. Over plain HTTP, browsers do not say that a request is
 * the page's own.
 */
export function signWrites(token: string | null, person: string): void {
  csrfToken = token;
  writer = person;
}

/**
 * Calls `renew` when a write is refused for the token of an earlier session, since somebody signed in again in another tab.
 * `renew` reads the session and calls `signWrites`. The write is sent again if the same person makes it.
 */
export function onOldToken(renew: () => Promise<void>): void {
  renewToken = renew;
}

/** Calls an operation of the Admin API, such as `/models`. Throws `Problem`. */
export async function admin<T>(path: string, options: CallOptions = {}): Promise<T> {
  return call<T>(`/admin/v1${path}`, options);
}

/** Calls any path of the gateway. An empty answer is `undefined`. Throws `Problem`. */
export async function call<T>(path: string, options: CallOptions = {}): Promise<T> {
  const response = await send(path, options);
  const text = await response.text();
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

/** Sends a request and gives its successful answer unread. Throws `Problem`. */
export async function send(path: string, options: CallOptions = {}): Promise<Response> {
  const sender = writer;
  try {
    return await sendOnce(path, options);
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'csrf') throw error;
    await renewToken();
    if (writer !== sender) throw error;
    return sendOnce(path, options);
  }
}

async function sendOnce(path: string, options: CallOptions): Promise<Response> {
  const { method = 'GET', query, body, ifVersion, signal, headers } = options;
  let response: Response;
  try {
    response = await fetch(`${path}${queryText(query)}`, {
      method,
      credentials: 'same-origin',
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(method !== 'GET' && csrfToken !== null && { 'x-csrf-token': csrfToken }),
        ...(ifVersion !== undefined && { 'if-match': `"${ifVersion}"` }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal !== undefined && { signal }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Problem({ status: 0, code: 'unreachable', message: 'The gateway does not answer.' });
  }
  if (response.ok) return response;
  const problem = await problemOf(response);
  // Whether anybody is signed in is what the question for the session asks.
  const isEnd = problem.code === 'no_session' && !path.endsWith('/session');
  if (isEnd) for (const listener of listeners) listener(problem);
  throw problem;
}

/** The query with its question mark; values that are undefined, null or empty are left out. */
export function queryText(query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}
