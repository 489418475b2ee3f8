import type { CloudCredential, Provider } from '../../config/snapshot.ts';
import type { Cancellation, UpstreamReply, UpstreamRequest } from '../../gateway/ports.ts';
import { addSecret } from '../../gateway/redact.ts';
import { systemClock } from '../../lib/system-clock.ts';
import type { AuthenticatedRequest } from '../authenticated-request.ts';
import { upstreamFields } from '../headers.ts';
import { requestUrl } from '../request-url.ts';
import { GoogleTokens, TokenError } from './google-token.ts';
import { signRequest } from './sigv4.ts';

/** Sends a request whose header shows the credential. */
type Send = (request: AuthenticatedRequest) => Promise<UpstreamReply>;

/** Shows providers the credentials of clouds. */
export interface Authenticator {
  /** Sends the request with the provider's credential, by which `credential` is meant. Never rejects. */
  readonly send: (
    request: UpstreamRequest,
    credential: CloudCredential,
    send: Send,
  ) => Promise<UpstreamReply>;
}

/** Clocks that differ by less are no reason to refuse a signature: AWS allows five minutes. */
const LEAST_SKEW_MS = 60_000;

/** `fetch` asks the token endpoints of service accounts. */
export function createAuthenticator(
  fetch: (url: string, init: RequestInit) => Promise<Response>,
): Authenticator {
  const tokens = new GoogleTokens({ epochMs: systemClock.epochMs, fetch });
  // By how much AWS's clock is ahead of ours, where it has refused a signature for it. A provider is never changed, only replaced.
  const skews = new WeakMap<Provider, number>();
  return {
    async send(request, credential, send) {
      const { provider } = request;
      if (credential.kind !== 'aws') {
        const token = await tokenOf(credential, { tokens, cancellation: request.cancellation });
        if (token === 'aborted') return { kind: 'aborted' };
        if (token === undefined) return { kind: 'unreachable', reason: 'credential' };
        addSecret(provider, token.text);
        return send({ ...request, authentication: { authorization: `Bearer ${token.text}` } });
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

/** undefined: the token endpoint gives none. */
type TokenResult = { readonly text: string } | 'aborted' | undefined;

function tokenOf(
  credential: Exclude<CloudCredential, { kind: 'aws' }>,
  { tokens, cancellation }: { readonly tokens: GoogleTokens; readonly cancellation: Cancellation },
): TokenResult | Promise<TokenResult> {
  if (credential.kind === 'token') return { text: credential.token };
  const token = tokens.token(credential);
  if (typeof token === 'string') return { text: token };
  if (cancellation.isCancelled) return 'aborted';
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

/** By how much the clock of a provider that refused a request is ahead of ours, in milliseconds; undefined: it did not, or does not say. */
function skewOf(reply: UpstreamReply): number | undefined {
  if (reply.kind !== 'reply' || reply.status !== 403) return undefined;
  const theirs = Date.parse(reply.headers.get('date') ?? '');
  return Number.isNaN(theirs) ? undefined : theirs - systemClock.epochMs();
}
