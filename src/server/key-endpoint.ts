import { claimsShownTo } from '../config/claims-in-scope.ts';
import type { MasterKey } from '../config/snapshot.ts';
import { authenticate } from '../gateway/authenticate.ts';
import type { KeyAnswer, KeyQuestion, KeyUse } from '../gateway/key-use.ts';
import { limitView } from '../gateway/limits/limit-view.ts';
import type { Gateway } from '../gateway/ports.ts';
import { Refusal } from '../gateway/refusals.ts';
import type { RequestTarget } from './request-target.ts';

/** The context of answers about keys. */
export interface KeyEndpointContext {
  readonly gateway: Gateway;
  /** undefined: nothing is stored, so only limits are known. */
  readonly keyUse: KeyUse | undefined;
  readonly clientAddress: () => string;
  /** The key whose session asks; undefined: the request has its credential with it. */
  readonly key?: MasterKey | undefined;
}

const PATH = /^\/v1\/key(?:\/(usage|requests|rotate)|\/requests\/(\w{1,64}))?$/;

/** With this header, the path is a provider's: OpenRouter has the same one. */
const PROVIDER_HEADER = 'x-llm-proxy-provider';

const ROTATION_BYTES = 4096;

/**
 * Answers a key holder's requests about the key: its limits, use, requests and rotation. Returns undefined if the
 * request names a provider and so is for it, or if the gateway needs no keys.
 */
export function answerAboutKey(
  request: Request,
  { path, search }: Pick<RequestTarget, 'path' | 'search'>,
  context: KeyEndpointContext,
): Promise<Response> | undefined {
  const { access } = context.gateway.snapshot();
  if (access.kind === 'open' || request.headers.has(PROVIDER_HEADER)) return undefined;
  const match = PATH.exec(path);
  if (match === null) return undefined;
  const [, what = 'key', requestId] = match;
  const key =
    context.key ?? authenticate({ headers: request.headers, search }, access, context.gateway.clock);
  const allowed = what === 'rotate' ? 'POST' : 'GET';
  const isAllowed = request.method === allowed || (allowed === 'GET' && request.method === 'HEAD');
  if (!isAllowed)
    throw new Refusal(
      'method_not_allowed',
      { path, method: request.method, allowed },
      { headers: { allow: allowed } },
    );
  if (key === undefined) return undefined;
  if (what === 'rotate') return rotate(request, key, context);
  const parameters = parametersOf(search);
  const asker = { keyId: key.id, keyName: key.name };
  if (requestId !== undefined) return told({ ...asker, about: 'request', requestId }, context);
  if (what === 'usage' || what === 'requests') return told({ ...asker, about: what, parameters }, context);
  return overview(key, context);
}

/** The parameters of a question, without the key. PostgreSQL has no text with a NUL. */
function parametersOf(search: string): Record<string, string> {
  const { key: _, ...parameters } = Object.fromEntries(new URLSearchParams(search));
  const param = Object.keys(parameters).find((name) => `${name}${parameters[name]}`.includes('\0'));
  if (param === undefined) return parameters;
  throw new Refusal('invalid_query', { problem: `${param} contains a NUL character` }, { param });
}

/** The state of the key and its limits, from memory, and its spending if the database is available. */
async function overview(key: MasterKey, context: KeyEndpointContext): Promise<Response> {
  const { gateway, keyUse } = context;
  const { limits } = gateway.snapshot();
  const at = { nowMs: gateway.clock.nowMs(), epochMs: gateway.clock.epochMs() };
  const spend = await keyUse?.({ keyId: key.id, keyName: key.name, about: 'spend' });
  return json({
    name: key.name,
    team: key.team?.name ?? null,
    user: key.user?.name ?? null,
    expires_at: key.expiresAtMs === undefined ? null : new Date(key.expiresAtMs).toISOString(),
    allowed_models: key.allowedModels,
    limits: claimsShownTo(key, limits).map((claim) => ({
      ...limitView(claim, gateway.counters.standing(claim, at), at.epochMs),
      ...(gateway.counters.isShared(claim) && { counted_by: 'all machines' }),
    })),
    spend: spend?.kind === 'answered' ? (JSON.parse(spend.body) as unknown) : null,
  });
}

async function rotate(request: Request, key: MasterKey, context: KeyEndpointContext): Promise<Response> {
  if (!key.selfRotate) throw new Refusal('rotation_not_allowed', { key: key.name });
  const body = (await request.text()) || '{}';
  if (body.length > ROTATION_BYTES) throw new Refusal('invalid_body', { problem: 'The body is too long.' });
  const rotation = {
    clientAddress: context.clientAddress(),
    body,
    idempotencyKey: request.headers.get('idempotency-key') ?? undefined,
  };
  return told({ keyId: key.id, keyName: key.name, about: 'rotation', rotation }, context);
}

async function told(question: KeyQuestion, { keyUse }: KeyEndpointContext): Promise<Response> {
  const answer: KeyAnswer = (await keyUse?.(question)) ?? {
    kind: 'unavailable',
    problem: 'it is not stored here',
  };
  switch (answer.kind) {
    case 'answered':
      return new Response(answer.body, {
        status: answer.status,
        headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
      });
    case 'invalid':
      throw new Refusal('invalid_query', { problem: answer.problem }, { param: answer.param });
    case 'too-many':
      throw new Refusal(
        'rate_limit_exceeded',
        {
          owner: `key "${question.keyName}"`,
          limit: '10 questions a minute about its own use',
          hint: `Try again in ${answer.retryAfterSeconds} s.`,
        },
        { headers: { 'retry-after': String(answer.retryAfterSeconds) } },
      );
    case 'not-found':
      throw new Refusal('request_not_found', { id: question.about === 'request' ? question.requestId : '' });
    case 'not-allowed':
      throw new Refusal('rotation_not_allowed', { key: question.keyName });
    case 'unavailable':
      throw new Refusal('use_unavailable', { problem: answer.problem }, { headers: { 'retry-after': '5' } });
  }
}

function json(body: unknown): Response {
  return Response.json(body, { headers: { 'cache-control': 'no-store' } });
}
