import type { MasterKey } from '../config/snapshot.ts';
import { lazily } from '../lib/lazily.ts';
import { FREE_ADMISSION } from '../limits/admission.ts';
import { NO_CLAIMS } from '../limits/claim.ts';
import { admit } from './admit.ts';
import { attribute } from './attribute.ts';
import type { Attribution } from './attribution.ts';
import { authenticate } from './authenticate.ts';
import type { ClientAnswer } from './client-answer.ts';
import type { PlannedRequest } from './request-context.ts';
import { endpointOf } from './endpoint.ts';
import { execute } from './execute.ts';
import type { Demand } from './limits/ports.ts';
import { plan, type Plan } from './plan.ts';
import type { ClientRequest, Gateway } from './ports.ts';
import { Refusal } from './refusals.ts';
import { refuse } from './refuse.ts';
import { relay } from './relay.ts';
import { report } from './report.ts';
import { hasOutput, isBilled } from './request-cost.ts';
import { claimsOf, reserve } from './reserve.ts';
import { ServedRequest, settle, type Settlement } from './settle.ts';

/**
 * Serves one request: authenticate → admit → plan → reserve → execute → relay → settle → report. The last two follow
 * once the last byte is sent. The cache may answer instead of a provider. Never rejects, because refusals become
 * answers.
 */
export async function handle(request: ClientRequest, gateway: Gateway): Promise<ClientAnswer> {
  const snapshot = gateway.snapshot();
  const startedAtMs = gateway.clock.nowMs();
  const id = gateway.newRequestId();
  let key: MasterKey | undefined;
  let admission = FREE_ADMISSION;
  let attribution: Attribution | undefined;
  let found: Plan | undefined;
  let planned: PlannedRequest | undefined;
  gateway.emit({
    type: 'request-started',
    requestId: id,
    method: request.method,
    endpoint: endpointOf(request.path),
    path: request.path,
    headers: request.headers,
  });
  try {
    key =
      request.key === undefined
        ? authenticate(request, snapshot.access, gateway.clock)
        : (request.key ?? undefined);
    requireMethod(request);
    const admitted = admit(key, gateway);
    admission = admitted instanceof Promise ? await admitted : admitted;
    const planning = plan(request, key, snapshot, gateway.objects);
    found = planning instanceof Promise ? await planning : planning;
    attribution = attribute(request, key, { snapshot, plan: found, gateway });
    const claims = claimsOf(key, found.model.name, snapshot, attribution.endUser);
    if (claims !== NO_CLAIMS) {
      const demand = demandOf(request, found, { requestId: id, key, attribution, claims });
      const reserved = reserve(admission, demand, gateway);
      admission = reserved instanceof Promise ? await reserved : reserved;
    }
    planned = {
      id,
      request,
      startedAtMs,
      snapshot,
      key,
      attribution,
      plan: found,
      plannedAtMs: gateway.clock.nowMs(),
      deadlineMs: startedAtMs + snapshot.server.requestTimeoutMs,
      admission,
      isReported: false,
      cache: undefined,
      laterId: undefined,
    };
    tellReceived(planned, gateway);
    const cached = snapshot.caching && (await fromCache(planned, gateway));
    if (cached !== undefined) return cached;
    const execution = await execute(planned, gateway);
    const answer = relay(new ServedRequest(planned, execution, gateway, settleAndReport));
    return answer instanceof Promise ? await answer : answer;
  } catch (error) {
    const context = { id, request, startedAtMs, key, attribution, plan: found, admission, isReported: false };
    return refuse(error, planned ?? context, gateway);
  }
}

/** Few gateways cache answers. */
const caching = lazily(() => import('./cache/serve-cached.ts'));

async function fromCache(planned: PlannedRequest, gateway: Gateway): Promise<ClientAnswer | undefined> {
  const loading = caching();
  const { serveCached } = loading instanceof Promise ? await loading : loading;
  return serveCached(planned, gateway);
}

function tellReceived({ id, plan, key, request }: PlannedRequest, { emit }: Gateway): void {
  emit({
    type: 'request-received',
    requestId: id,
    model: plan.model.name,
    keyName: key?.name,
    clientAddress: request.clientAddress,
    body: plan.body,
  });
}

/** The parts of a request that limits consider. */
function demandOf(
  { method, path }: ClientRequest,
  { model, body }: Plan,
  { requestId, key, attribution, claims }: Pick<Demand, 'requestId' | 'key' | 'attribution' | 'claims'>,
): Demand {
  const isGenerated = method === 'POST' && isBilled(path);
  return { requestId, key, model, body, path, claims, isGenerated, hasOutput: hasOutput(path), attribution };
}

function settleAndReport(served: ServedRequest, settlement: Settlement): void {
  settle(served, settlement, report);
}

/**
 * Refuses methods that no provider's API has. A server that supports TRACE would echo the request, including the
 * provider's credential (RFC 9110 §9.3.8).
 */
function requireMethod({ method, path }: ClientRequest): void {
  if (METHODS.has(method)) return;
  const allowed = [...METHODS].join(', ');
  throw new Refusal('method_not_allowed', { path, method, allowed }, { headers: { allow: allowed } });
}

const METHODS: ReadonlySet<string> = new Set(['POST', 'GET', 'HEAD', 'PUT', 'PATCH', 'DELETE']);
