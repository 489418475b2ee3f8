import { fieldEntries, type Fields } from '../../lib/http/fields.ts';
import { canonicalJson } from '../../lib/json/json-canonical.ts';
import { hmacSha256 } from '../../lib/sha256.ts';
import { foreignCredentials, withoutCredentials } from '../credentials.ts';
import type { ClientRequest } from '../ports.ts';
import type { PlannedRequest } from '../request-context.ts';
import { modelPrint, providersOf } from './config-print.ts';

/**
 * Names a request such that two requests of one name may have one answer: by tenant, path, model, headers that change
 * the answer, and body. A name cannot be guessed without the secret. Returns undefined if the body has none.
 */
export function identityOf(planned: PlannedRequest, secret: Uint8Array): string | undefined {
  const { request, snapshot, plan } = planned;
  const body = canonicalJson(plan.body);
  if (body === undefined) return undefined;
  const head = [
    tenantOf(planned),
    plan.clientProtocol.name,
    request.path,
    withoutCredentials(request.search, []),
    request.azure?.deployment ?? '',
    plan.model.name,
    modelPrint(plan.model, snapshot),
    ...fieldsOf(request.headers),
    ...forwardedCredentials(planned),
  ];
  // As JSON, no part can run into the next one.
  return hmacSha256(secret, [Buffer.from(JSON.stringify(head)).toString('latin1'), '\n', body]);
}

/** Whose answers are shared: those of a team, of a key without one, or of an open gateway. */
function tenantOf({ key }: PlannedRequest): string {
  if (key === undefined) return 'open';
  return key.team === undefined ? `key:${key.id}` : `team:${key.team.id}`;
}

/** Fields that change an answer, besides the groups below. The provider may compress it as the client accepts. */
const FIELDS: ReadonlySet<string> = new Set(['accept', 'accept-encoding']);
const GROUPS = ['anthropic-', 'openai-', 'x-goog-', 'x-llm-proxy-'] as const;
/** Fields of these groups that only name or attribute the request, ask for its cost, or hold a credential. */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set([
  'x-llm-proxy-cost',
  'x-llm-proxy-request-id',
  'x-llm-proxy-user',
  'x-llm-proxy-tags',
  'x-goog-api-key',
  'x-goog-api-client',
]);

function fieldsOf(headers: Fields): string[] {
  const fields: string[] = [];
  for (const [name, value] of fieldEntries(headers)) {
    const isMeant = FIELDS.has(name) || GROUPS.some((group) => name.startsWith(group));
    if (isMeant && !WITHOUT_EFFECT.has(name)) fields.push(`${name}: ${value}`);
  }
  return fields.sort();
}

/**
 * The client's own credentials, if a provider gets them. The account of that provider then decides about the answer.
 */
function forwardedCredentials({ request, plan, snapshot }: PlannedRequest): string[] {
  const forwards = providersOf(plan.model, snapshot).some(({ forwardClientAuth }) => forwardClientAuth);
  return forwards ? credentialsOf(request, snapshot) : [];
}

function credentialsOf(request: ClientRequest, { access }: PlannedRequest['snapshot']): string[] {
  return foreignCredentials(request, access).map(([name, value]) => `${name}: ${value}`);
}
