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

/** What the fetcher needs of the world. Tests have servers on the loopback address. */
export interface MediaWorld {
  /** The addresses of a name. Rejects where it has none. */
  readonly resolve: (name: string) => Promise<readonly string[]>;
  /** Whether files may be fetched from an address. */
  readonly allows: (address: string) => boolean;
}

const WORLD: MediaWorld = {
  resolve: async (name) => (await lookup(name, { all: true })).map(({ address }) => address),
  allows: isPublicAddress,
};

const MOST_REDIRECTS = 3;
const MOST_ADDRESSES = 3;
const MOST_URL_CHARS = 8_192;

/** Why there is no file. The message is for the client. */
class Refused extends Error {}

/**
 * Fetches files over HTTP/1.1. Every address that a name resolves to is checked, the connection goes to a checked
 * address, and the connected one is checked again, so that no second answer of the name server counts. Redirects stay on
 * the host. Neither credentials nor cookies are sent, and no proxy is used.
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

/** One fetch, its redirects included. */
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
  // A machine without IPv6 resolves such addresses too.
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

/** The checked address, in place of the name; the certificate must be for the name all the same. */
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

/** undefined: it did not come about. */
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
