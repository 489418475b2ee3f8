/** A Google service account, read from its key file. */
export interface ServiceAccount {
  readonly clientEmail: string;
  /** PKCS#8 in PEM. */
  readonly privateKey: string;
  readonly privateKeyId: string | undefined;
  /** An https URL. It comes from the key file, never from a client. */
  readonly tokenUri: string;
}

/** An access token and its expiry in milliseconds since 1970. */
interface Token {
  readonly value: string;
  readonly expiresAtMs: number;
}

/** The clock and HTTP client that `GoogleTokens` uses. */
export interface TokenWorld {
  readonly epochMs: () => number;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
}

/** The token endpoint did not issue a token. The message contains no secret. */
export class TokenError extends Error {}

const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';
const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

const LIFETIME_SECONDS = 3600;

/** Requests start a renewal when the token has less than this left. */
const RENEW_BEFORE_MS = 5 * 60_000;

const REQUEST_TIMEOUT_MS = 10_000;

/** Longer answers are cut off here; a token response has a few kilobytes. */
const MAX_ANSWER_CHARS = 64 * 1024;

/**
 * Fetches and caches access tokens for service accounts (RFC 7523,
 * https://developers.google.com/identity/protocols/oauth2/service-account). All requests share one token per account,
 * and concurrent requests share one renewal.
 */
export class GoogleTokens {
  readonly #world: TokenWorld;
  readonly #tokens = new Map<string, Token>();
  readonly #pending = new Map<string, Promise<Token>>();

  constructor(world: TokenWorld) {
    this.#world = world;
  }

  /** Returns the account's token, synchronously if a valid one is cached. Rejects with a `TokenError`. */
  token(account: ServiceAccount): string | Promise<string> {
    const known = this.#tokens.get(idOf(account));
    const nowMs = this.#world.epochMs();
    if (known === undefined || known.expiresAtMs <= nowMs)
      return this.#renew(account).then(({ value }) => value);
    // Renew a token that is still valid in the background, so that the request neither waits for the renewal nor
    // fails with it.
    if (known.expiresAtMs - nowMs <= RENEW_BEFORE_MS) this.#renew(account).catch(() => undefined);
    return known.value;
  }

  #renew(account: ServiceAccount): Promise<Token> {
    const id = idOf(account);
    const pending = this.#pending.get(id);
    if (pending !== undefined) return pending;
    const renewal = requestToken(account, this.#world)
      .then((token) => {
        this.#tokens.set(id, token);
        return token;
      })
      .finally(() => this.#pending.delete(id));
    this.#pending.set(id, renewal);
    return renewal;
  }
}

/** The cache key. It includes the private key's identity, so that a rotated key gets a new token. */
function idOf({ clientEmail, tokenUri, privateKeyId, privateKey }: ServiceAccount): string {
  return `${clientEmail} ${tokenUri} ${privateKeyId ?? Bun.hash(privateKey).toString(36)}`;
}

async function requestToken(account: ServiceAccount, world: TokenWorld): Promise<Token> {
  const assertion = await signedAssertion(account, world.epochMs());
  const response = await askForToken(account.tokenUri, assertion, world);
  const text = (await response.text().catch(() => '')).slice(0, MAX_ANSWER_CHARS);
  const answer = parsed(text);
  if (!response.ok || typeof answer['access_token'] !== 'string') {
    const reason = typeof answer['error'] === 'string' ? `, ${answer['error'].slice(0, 100)}` : '';
    throw new TokenError(`the token endpoint answered ${response.status}${reason}`);
  }
  const seconds = typeof answer['expires_in'] === 'number' ? answer['expires_in'] : LIFETIME_SECONDS;
  return { value: answer['access_token'], expiresAtMs: world.epochMs() + seconds * 1000 };
}

async function askForToken(tokenUri: string, assertion: string, { fetch }: TokenWorld): Promise<Response> {
  try {
    return await fetch(tokenUri, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body: new URLSearchParams({ grant_type: GRANT, assertion }).toString(),
      redirect: 'error',
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
  } catch {
    throw new TokenError('the token endpoint could not be reached');
  }
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** A JWT signed with RS256 (RFC 7515, RFC 7518 section 3.3). */
async function signedAssertion(account: ServiceAccount, epochMs: number): Promise<string> {
  const issuedAt = Math.floor(epochMs / 1000);
  const header = {
    alg: 'RS256',
    typ: 'JWT',
    ...(account.privateKeyId !== undefined && { kid: account.privateKeyId }),
  };
  const claims = {
    iss: account.clientEmail,
    scope: SCOPE,
    aud: account.tokenUri,
    iat: issuedAt,
    exp: issuedAt + LIFETIME_SECONDS,
  };
  const text = `${base64Url(JSON.stringify(header))}.${base64Url(JSON.stringify(claims))}`;
  const key = await importKey(account.privateKey);
  const signature = await crypto.subtle.sign('RSASSA-PKCS1-v1_5', key, new TextEncoder().encode(text));
  return `${text}.${Buffer.from(signature).toString('base64url')}`;
}

async function importKey(pem: string): Promise<CryptoKey> {
  const body = pem.replaceAll(/-----(?:BEGIN|END) PRIVATE KEY-----|\s/g, '');
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  try {
    return await crypto.subtle.importKey('pkcs8', Buffer.from(body, 'base64'), algorithm, false, ['sign']);
  } catch {
    throw new TokenError('the private key of the service account is not PKCS#8 in PEM');
  }
}

function base64Url(text: string): string {
  return Buffer.from(text).toString('base64url');
}
