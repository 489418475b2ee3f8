import type { CacheRule } from '../../config/caching.ts';
import type { ClientAnswer } from '../client-answer.ts';
import { asksForCost, sendWithCost } from '../cost-comment.ts';
import { execute } from '../execute.ts';
import type { Gateway } from '../ports.ts';
import { refuse } from '../refuse.ts';
import { Refusal } from '../refusals.ts';
import { relay } from '../relay.ts';
import { report } from '../report.ts';
import type { PlannedRequest } from '../request-context.ts';
import { ServedRequest, type Settle, settle, type Settlement } from '../settle.ts';
import type { AnswerCache } from './answer-cache.ts';
import { Broadcast } from './broadcast.ts';
import { type ClientCacheControl, cacheControlOf } from './cache-control.ts';
import { isCacheable } from './cacheable.ts';
import { originOf } from './config-print.ts';
import { type Flight, Passenger } from './flight.ts';
import { replay, ride } from './replay.ts';
import { identityOf } from './request-identity.ts';
import { isEventStream, sharedFields } from './shared-fields.ts';
import type { Piece, StoredAnswer } from './stored-answer.ts';

/**
 * Answers from the cache, or with the answer of an identical request under way, or asks a provider and keeps the
 * answer. Returns undefined if the cache has nothing to do with the request, which is then served as usual.
 */
export async function serveCached(
  planned: PlannedRequest,
  gateway: Gateway,
): Promise<ClientAnswer | undefined> {
  const { answers: cache } = gateway;
  const { key, plan, snapshot } = planned;
  const rule = snapshot.caching?.ruleFor(key?.id, plan.model.name);
  if (cache === undefined || rule === undefined) return undefined;
  planned.cache = 'bypass';
  const wishes = cacheControlOf(planned.request.headers);
  const mayBeKept = !wishes.noStore && snapshot.findModel(plan.model.name) !== undefined;
  const id = mayBeKept && isCacheable(planned, rule) ? identityOf(planned, cache.secret) : undefined;
  const leading = { rule, planned, gateway, cache };
  if (id === undefined || wishes.noCache) {
    requireProvider(wishes, planned);
    return id === undefined ? undefined : lead(id, leading);
  }
  return findOrLead(id, leading, wishes);
}

/** Nothing may come between the look for a flight and the begin of one, so that identical requests make one call. */
async function findOrLead(id: string, leading: Leading, wishes: ClientCacheControl): Promise<ClientAnswer> {
  const { rule, planned, gateway, cache } = leading;
  const { clock } = gateway;
  const finding = cache.find(id, clock.nowMs());
  const found = finding instanceof Promise ? await finding : finding;
  if (typeof found === 'object' && isFresh(found, { rule, wishes, nowMs: clock.nowMs() })) {
    planned.cache = 'hit';
    return replay(found, rule, { planned, gateway });
  }
  let flight = cache.flight(id, found === 'away' && wishes.maxAgeMs >= LINGER_MS);
  if (flight !== undefined && cache.isShared) flight = await cache.unforgotten(flight, clock.nowMs());
  planned.cache = flight === undefined ? 'miss' : 'joined';
  if (flight !== undefined) return ride(flight, { planned, gateway });
  requireProvider(wishes, planned);
  return lead(id, leading);
}

/** Throws if the client wants nothing but an answer of the cache. */
function requireProvider({ onlyIfCached }: ClientCacheControl, { plan }: PlannedRequest): void {
  if (onlyIfCached) throw new Refusal('not_cached', { model: plan.model.name });
}

function isFresh(
  { storedAtMs, ttlMs }: StoredAnswer,
  { rule, wishes, nowMs }: { rule: CacheRule; wishes: ClientCacheControl; nowMs: number },
): boolean {
  const ageMs = nowMs - storedAtMs;
  const mostMs = Math.min(ttlMs, rule.ttlMs) - wishes.minFreshMs;
  return ageMs <= Math.min(mostMs, wishes.maxAgeMs);
}

/** How long an answer that several gateways share can be joined after its end. */
const LINGER_MS = 1000;

interface Leading {
  readonly rule: CacheRule;
  readonly planned: PlannedRequest;
  readonly gateway: Gateway;
  readonly cache: AnswerCache;
}

/** Begins a flight, as its first passenger. */
async function lead(id: string, leading: Leading): Promise<ClientAnswer> {
  const { planned, gateway, cache } = leading;
  const { snapshot, plan, key, request } = planned;
  const broadcast = new Broadcast(snapshot.caching?.maxAnswerBytes ?? 0, gateway.clock.nowMs);
  const flight = cache.begin(id, originOf(plan.model, key, snapshot), broadcast, gateway.clock.nowMs());
  const passenger = new Passenger(flight, request.signal, () => {
    flight.isLeaderGone = true;
  });
  // The flight reports the request.
  planned.isReported = true;
  void fly(flight, leading);
  const answer = await flight.answer;
  if (answer.kind === 'whole') {
    passenger.arrive();
    return answer;
  }
  const asksCost = asksForCost(request.headers) && isEventStream(answer.fields);
  return {
    ...answer,
    kind: 'streamed',
    send: async (client) => {
      if (asksCost) await sendWithCost(client, flight.cost, (shared) => passenger.send(shared));
      else await passenger.send(client);
    },
    cancel: passenger.leave,
  };
}

/** Asks a provider on behalf of all passengers, and keeps the answer. */
async function fly(flight: Flight, { rule, planned: own, gateway, cache }: Leading): Promise<void> {
  // The request ends when its flight does, and not when its own client leaves.
  const { isAnswered: _, ...request } = own.request;
  const planned = { ...own, isReported: false, request: { ...request, signal: flight.signal } };
  let answer: ClientAnswer;
  try {
    const execution = await execute(planned, gateway);
    const settleAsFlight: Settle = (served, settlement) => settleFlight(flight, served, settlement);
    answer = await relay(new ServedRequest(planned, execution, gateway, settleAsFlight));
  } catch (error) {
    answer = refuse(error, planned, gateway);
    flight.ended({ ending: 'failed', code: 'internal_error', isWorthKeeping: false });
    flight.costs(undefined);
  }
  await flight.answered(answer);
  const kept = keptOf(answer, flight, { rule, planned, gateway });
  if (kept !== undefined && cache.isShared) {
    kept.costNano = await flight.cost;
    // Others join until it can be found, and those whose look takes too long a moment longer.
    await cache.share(flight, kept, gateway.clock.nowMs() - flight.beganMs);
    gateway.clock.setTimer(LINGER_MS, () => cache.close(flight));
    return;
  }
  cache.close(flight);
  if (kept === undefined) return;
  cache.keep(flight, kept);
  kept.costNano = await flight.cost;
}

/** The answer as it is kept; undefined: it is not worth it. */
function keptOf(
  answer: ClientAnswer,
  flight: Flight,
  { rule, planned, gateway }: Omit<Leading, 'cache'>,
): StoredAnswer | undefined {
  const pieces = piecesOf(answer, flight.broadcast);
  if (flight.end?.isWorthKeeping !== true || pieces === undefined || variesAlways(answer)) return undefined;
  const kept = storedAnswer(answer, pieces, { flight, rule, nowMs: gateway.clock.nowMs() });
  return kept.byteLength > (planned.snapshot.caching?.maxAnswerBytes ?? 0) ? undefined : kept;
}

/** Whether the provider says that its answer depends on more than the request (RFC 9110 §12.5.5). */
function variesAlways({ fields }: ClientAnswer): boolean {
  return fields['vary']?.includes('*') === true;
}

/** Settles the request behind a flight, whose cost is what others save. */
function settleFlight(flight: Flight, served: ServedRequest, settlement: Settlement): void {
  const { planned, execution } = served;
  if (planned.isReported) return;
  const { ending, status, code } = settlement;
  const isOwnModel = execution.history.at(-1)?.model === planned.plan.model.name;
  const isWorthKeeping = ending === 'complete' && status === 200 && isOwnModel;
  flight.ended({ ending, code, isWorthKeeping });
  settle(served, settlement, (served, end) => {
    flight.costs(end.cost?.nano);
    report(served, flight.isLeaderGone && ending === 'complete' ? { ...end, ending: 'client-left' } : end);
  });
}

/** The bytes of a complete answer; undefined: it is not complete, or too large to be kept. */
function piecesOf(answer: ClientAnswer, broadcast: Broadcast): readonly Piece[] | undefined {
  if (answer.kind === 'streamed')
    return broadcast.end === 'closed' && !broadcast.isTooLarge ? broadcast.pieces : undefined;
  const { body } = answer;
  if (body === null) return undefined;
  // A copy, since the bytes may be a part of a larger buffer.
  return [{ atMs: 0, bytes: typeof body === 'string' ? Buffer.from(body) : Uint8Array.from(body) }];
}

function storedAnswer(
  { status, fields }: ClientAnswer,
  pieces: readonly Piece[],
  { flight, rule, nowMs }: { readonly flight: Flight; readonly rule: CacheRule; readonly nowMs: number },
): StoredAnswer {
  const byteLength = pieces.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
  return {
    ...flight.origin,
    status,
    fields: sharedFields(fields),
    pieces: rule.isPaced ? pieces : [{ atMs: 0, bytes: Buffer.concat(pieces.map(({ bytes }) => bytes)) }],
    byteLength,
    isStream: isEventStream(fields),
    storedAtMs: nowMs,
    ttlMs: rule.ttlMs,
    costNano: undefined,
  };
}
