import type { CloudCredential, Provider } from '../../config/snapshot.ts';
import type { Cancellation, UpstreamReply, UpstreamRequest } from '../../gateway/ports.ts';
import { addSecret } from '../../gateway/redact.ts';
import { systemClock } from '../../lib/system-clock.ts';
import type { AuthenticatedRequest } from '../authenticated-request.ts';
import { upstreamFields } from '../headers.ts';
import { requestUrl } from '../request-url.ts';
import { GoogleTokens, TokenError } from './google-token.ts';
import { signRequest } from './sigv4.ts';

/** Sends a request that already carries its authentication fields. */
type Send = (request: AuthenticatedRequest) => Promise<UpstreamReply>;

/** Authenticates requests with cloud credentials (AWS signatures, Google access tokens). */
export interface Authenticator {
  /** Sends the request, authenticated with `credential`, which belongs to the request's provider. Never rejects. */
  readonly send: (
    request: UpstreamRequest,
    credential: CloudCredential,
    send: Send,
  ) => Promise<UpstreamReply>;
  /**
   * Returns the fields that authenticate a handshake, which has no body to sign: undefined if there are none, because
   * the token endpoint issued no token or the credential is AWS's. Never rejects.
   */
  readonly fieldsOf: (
    request: { readonly provider: Provider; readonly cancellation: Cancellation },
    credential: CloudCredential,
  ) => Promise<Readonly<Record<string, string>> | 'aborted' | undefined>;
}

/** Smaller clock differences cannot cause a rejected signature, because AWS allows five minutes. */
const LEAST_SKEW_MS = 60_000;

/** `fetch` calls the token endpoints of service accounts. */
export function createAuthenticator(
  fetch: (url: string, init: RequestInit) => Promise<Response>,
): Authenticator {
  const tokens = new GoogleTokens({ epochMs: systemClock.epochMs, fetch });
  // Clock skew per provider in milliseconds (AWS's clock minus ours), learned from rejected signatures. Configuration
  // changes replace the provider object, which drops its entry.
  const skews = new WeakMap<Provider, number>();
  const fieldsOf: Authenticator['fieldsOf'] = async ({ provider, cancellation }, credential) => {
    if (credential.kind === 'aws') return undefined;
    const token = await tokenOf(credential, { tokens, cancellation });
    if (token === 'aborted' || token === undefined) return token;
    addSecret(provider, token.text);
    return { authorization: `Bearer ${token.text}` };
  };
  return {
    fieldsOf,
    async send(request, credential, send) {
      const { provider } = request;
      if (credential.kind !== 'aws') {
        const authentication = await fieldsOf(request, credential);
        if (authentication === 'aborted') return { kind: 'aborted' };
        if (authentication === undefined) return { kind: 'unreachable', reason: 'credential' };
        return send({ ...request, authentication });
      }
      const signed = (): AuthenticatedRequest => {
        const epochMs = systemClock.epochMs() + (skews.get(provider) ?? 0);
        return { ...request, authentication: signatureOf(request, credential, epochMs) };
      };
      const reply = await send(signed());
      const skewMs = skewOf(reply);
      if (skewMs === undefined || Math.abs(skewMs - (skews.get(provider) ?? 0)) < LEAST_SKEW_MS) return reply;
      skews.set(provider, skewMs);
      if (reply.kind === 'reply') await reply.body?.cancel();
      return send(signed());
    },
  };
}

/** undefined if the token endpoint did not issue a token. */
type TokenResult = { readonly text: string } | 'aborted' | undefined;

function tokenOf(
  credential: Exclude<CloudCredential, { kind: 'aws' }>,
  { tokens, cancellation }: { readonly tokens: GoogleTokens; readonly cancellation: Cancellation },
): TokenResult | Promise<TokenResult> {
  if (credential.kind === 'token') return { text: credential.token };
  // Nobody would notice if fetching a token for it failed.
  if (cancellation.isCancelled) return 'aborted';
  const token = tokens.token(credential);
  if (typeof token === 'string') return { text: token };
  return new Promise((resolve, reject) => {
    cancellation.onCancel = () => resolve('aborted');
    token
      .then(
        (text) => resolve({ text }),
        (error: unknown) => (error instanceof TokenError ? resolve(undefined) : reject(error)),
      )
      .finally(() => (cancellation.onCancel = undefined));
  });
}

function signatureOf(
  request: UpstreamRequest,
  credential: Extract<CloudCredential, { kind: 'aws' }>,
  epochMs: number,
): Readonly<Record<string, string>> {
  const { host, pathname, search } = new URL(requestUrl(request) ?? request.provider.apiBase);
  const contentType = upstreamFields(request)['content-type'];
  return signRequest(
    {
      method: request.method,
      path: pathname,
      query: search.slice(1),
      headers: { host, ...(contentType !== undefined && { 'content-type': contentType }) },
      body: request.body ?? [],
    },
    credential,
    { region: request.provider.region ?? '', service: 'bedrock', epochMs },
  );
}

/**
 * Returns the provider's clock skew in milliseconds (its clock minus ours) if it refused the request with 403;
 * undefined if it did not refuse or sent no date.
 */
function skewOf(reply: UpstreamReply): number | undefined {
  if (reply.kind !== 'reply' || reply.status !== 403) return undefined;
  const theirs = Date.parse(reply.headers.get('date') ?? '');
  return Number.isNaN(theirs) ? undefined : theirs - systemClock.epochMs();
}
