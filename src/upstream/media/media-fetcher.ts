import type {
  Cancellation,
  MediaFetcher,
  MediaLimits,
  MediaReply,
  UpstreamReply,
} from '../../gateway/ports.ts';
import { isForbiddenHost, isPublicAddress } from '../../lib/outgoing-address.ts';
import { systemClock } from '../../lib/system-clock.ts';
import { type CheckedWorld, exchangeChecked, resolveName } from '../checked-exchange.ts';

/** The fetcher's access to the network. Tests replace it to allow servers on the loopback address. */
export type MediaWorld = CheckedWorld;

const WORLD: MediaWorld = { resolve: resolveName, allows: isPublicAddress };

const MOST_REDIRECTS = 3;
const MOST_URL_CHARS = 8_192;

/** Why a file was not fetched. The message is shown to the client. */
class Refused extends Error {}

/**
 * Fetches files over HTTP/1.1. It checks every address of a name, connects to a checked one, and checks the connected
 * address again, so that a second DNS answer cannot redirect it. Redirects must stay on the host. It sends neither
 * credentials nor cookies and uses no proxy.
 */
export function createMediaFetcher(world: MediaWorld = WORLD): MediaFetcher {
  return {
    async fetch(url, limits) {
      const call = new Call();
      const stopTimer = systemClock.setTimer(limits.timeoutMs, () => call.cancel('it takes too long'));
      const leave = (): void => call.cancel('the client has left');
      limits.signal.addEventListener('abort', leave);
      if (limits.signal.aborted) leave();
      try {
        return await Promise.race([fetchFile(url, limits, call, world), call.cancelled]);
      } catch (error) {
        if (error instanceof Refused) return { kind: 'refused', why: error.message };
        throw error;
      } finally {
        stopTimer();
        limits.signal.removeEventListener('abort', leave);
        call.cancel('it is over');
      }
    },
  };
}

/** One fetch, including its redirects. */
class Call implements Cancellation {
  readonly #cancelled = Promise.withResolvers<never>();
  isCancelled = false;
  onCancel: (() => void) | undefined;

  constructor() {
    this.#cancelled.promise.catch(() => undefined);
  }

  /** Rejects with a `Refused` when the call is cancelled. */
  get cancelled(): Promise<never> {
    return this.#cancelled.promise;
  }

  cancel(why: string): void {
    if (this.isCancelled) return;
    this.isCancelled = true;
    this.#cancelled.reject(new Refused(why));
    this.onCancel?.();
  }
}

// oxlint-disable-next-line max-params -- one fetch, and what it may do
async function fetchFile(
  url: string,
  limits: MediaLimits,
  call: Call,
  world: MediaWorld,
): Promise<MediaReply> {
  let place = placeOf(url);
  for (let redirects = 0; ; redirects++) {
    const reply = await ask(place, call, world);
    const location = isRedirect(reply.status) ? reply.headers.get('location') : null;
    if (location === null) return fileOf(reply, limits);
    await reply.body?.cancel();
    if (redirects === MOST_REDIRECTS) throw new Refused('it is redirected too often');
    const next = placeOf(URL.parse(location, place.href)?.href ?? '');
    const isSafer = next.protocol === place.protocol || next.protocol === 'https:';
    if (next.hostname !== place.hostname || !isSafer) throw new Refused('it is redirected to another host');
    place = next;
  }
}

function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}

function placeOf(text: string): URL {
  const url = text.length > MOST_URL_CHARS ? null : URL.parse(text);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new Refused('its URL is not one of http or https');
  if (url.username !== '' || url.password !== '') throw new Refused('its URL holds credentials');
  if (isForbiddenHost(url.hostname)) throw new Refused(NOT_PUBLIC);
  return url;
}

const NOT_PUBLIC = 'its host has no public address';
const UNREACHABLE = 'its host cannot be reached';

type Reply = Extract<UpstreamReply, { kind: 'reply' }>;

async function ask(url: URL, call: Call, world: MediaWorld): Promise<Reply> {
  const reply = await exchangeChecked({ url, method: 'GET', fields: FIELDS }, world, call);
  if (reply.kind === 'forbidden') throw new Refused(NOT_PUBLIC);
  if (reply.kind === 'unreachable') throw new Refused(UNREACHABLE);
  return reply;
}

const FIELDS = [
  'user-agent: llm-proxy',
  'accept: image/*, application/pdf, text/*;q=0.5, */*;q=0.1',
  'accept-encoding: identity',
];

async function fileOf({ status, headers, body }: Reply, limits: MediaLimits): Promise<MediaReply> {
  if (status !== 200) throw new Refused(`its host answers ${status}`);
  const coding = headers.get('content-encoding') ?? 'identity';
  if (coding !== 'identity') throw new Refused('it comes compressed');
  const { maxBytes, take } = limits;
  const tooLarge = `it is larger than ${maxBytes / 1024 / 1024} MB`;
  if (Number(headers.get('content-length') ?? 0) > maxBytes) throw new Refused(tooLarge);
  const pieces: Uint8Array[] = [];
  let size = 0;
  let why: string | undefined;
  const end = await body?.pipe((piece) => {
    size += piece.byteLength;
    if (size > maxBytes) why = tooLarge;
    else if (!take(piece.byteLength)) why = 'the files of the request are too large together';
    pieces.push(piece);
    return why === undefined ? undefined : 'stop';
  });
  if (why !== undefined) throw new Refused(why);
  if (end === 'broken') throw new Refused('its transfer broke off');
  return { kind: 'file', bytes: Buffer.concat(pieces), contentType: headers.get('content-type') ?? '' };
}
