import { lookup } from 'node:dns/promises';
import type {
  Cancellation,
  MediaFetcher,
  MediaLimits,
  MediaReply,
  UpstreamReply,
} from '../../gateway/ports.ts';
import { isForbiddenHost, isPublicAddress } from '../../lib/outgoing-address.ts';
import { systemClock } from '../../lib/system-clock.ts';
import type { Connection } from '../http1/connection.ts';
import { ConnectionPool } from '../http1/connection-pool.ts';
import { Exchange } from '../http1/exchange.ts';
import type { Target } from '../http1/target.ts';

/** The fetcher's access to the network. Tests replace it to allow servers on the loopback address. */
export interface MediaWorld {
  /** Resolves a name to its addresses. Rejects if it has none. */
  readonly resolve: (name: string) => Promise<readonly string[]>;
  /** Whether the fetcher may connect to an address. */
  readonly allows: (address: string) => boolean;
}

const WORLD: MediaWorld = {
  resolve: async (name) => (await lookup(name, { all: true })).map(({ address }) => address),
  allows: isPublicAddress,
};

const MOST_REDIRECTS = 3;
const MOST_ADDRESSES = 3;
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

async function ask(url: URL, call: Call, { resolve, allows }: MediaWorld): Promise<Reply> {
  const name = url.hostname.replace(/^\[|\]$/g, '');
  const found = await resolve(name).catch(() => []);
  if (found.length === 0) throw new Refused(UNREACHABLE);
  if (!found.every(allows)) throw new Refused(NOT_PUBLIC);
  // Prefer IPv4, since a machine without IPv6 may still resolve IPv6 addresses.
  const addresses = found.toSorted((one, other) => Number(one.includes(':')) - Number(other.includes(':')));
  for (const address of addresses.slice(0, MOST_ADDRESSES)) {
    if (call.isCancelled) break;
    const pool = new ConnectionPool(targetOf(url, address, allows), () => undefined, { mostIdle: 0 });
    try {
      const connection = await open(pool, call);
      if (connection !== undefined) return await exchange(connection, url, call);
    } finally {
      pool.close();
    }
  }
  throw new Refused(UNREACHABLE);
}

/** Connects to the checked address instead of the name. The certificate must still match the name. */
function targetOf({ protocol, hostname, port }: URL, address: string, allows: MediaWorld['allows']): Target {
  const isTls = protocol === 'https:';
  const place = {
    name: `${protocol} ${hostname} ${port} ${address}`,
    hostname: address,
    port: port === '' ? (isTls ? 443 : 80) : Number(port),
    forbids: (connected: string) => !allows(connected),
  };
  if (!isTls) return { ...place, tls: undefined };
  const isName = hostname !== address && !hostname.startsWith('[');
  const options = (): Bun.TLSOptions => ({
    rejectUnauthorized: true,
    ...(isName && { serverName: hostname }),
  });
  return { ...place, tls: { verifies: true, options } };
}

/** Returns undefined if the connection cannot be opened. */
function open(pool: ConnectionPool, call: Call): Promise<Connection | undefined> {
  return new Promise((resolve) => {
    const forget = pool.open({ take: resolve, fail: () => resolve(undefined) });
    call.onCancel = () => {
      forget();
      resolve(undefined);
    };
    if (call.isCancelled) call.onCancel();
  });
}

async function exchange(connection: Connection, url: URL, call: Call): Promise<Reply> {
  const reply = await new Promise<UpstreamReply>((resolve) => {
    const current = new Exchange(connection, { method: 'GET', cancellation: call }, resolve);
    if (call.isCancelled) void current.cancel();
    else connection.send(current, headOf(url), []);
  });
  if (reply.kind !== 'reply') throw new Refused(UNREACHABLE);
  return reply;
}

function headOf({ pathname, search, host }: URL): string {
  const fields = [
    `GET ${pathname}${search} HTTP/1.1`,
    `host: ${host}`,
    'user-agent: llm-proxy',
    'accept: image/*, application/pdf, text/*;q=0.5, */*;q=0.1',
    'accept-encoding: identity',
    'connection: close',
  ];
  return `${fields.join('\r\n')}\r\n\r\n`;
}

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
