import type { Snapshot } from '../../config/snapshot.ts';
import type { RequestPeek } from '../../protocols/request.ts';
import type { ClientApi, ProviderApi } from '../../translation/conversation.ts';
import { createLossList } from '../../translation/losses.ts';
import { mayNeedRepair, type SameApiTarget } from '../../translation/same-api/repair-body.ts';
import { routeSpeech, type RouteSpeech } from '../../translation/targets.ts';
import type { DialectName } from '../../translation/models/dialects.ts';
import type { ClientCall } from './client-call.ts';
import type { AttemptContext } from '../prepared-request.ts';
import type { TranslationNote } from './reply-translation.ts';
import { type Repaired, repaired } from './repair.ts';
import { THREAD_BYTES } from './thread/translation-thread.ts';
import { upstreamModelOf } from '../upstream-model.ts';

/** A body that was repaired without leaving its API, and the changes. */
export interface RepairedBody {
  readonly body: Uint8Array;
  readonly peek: RequestPeek;
  readonly note: TranslationNote;
}

/**
 * Removes parts that only translated answers can have put into a body and that this API's provider would reject.
 * Returns undefined if there are none, or if no configured provider has another API, and a promise if the body is large
 * and has such parts. It resolves with `given-up` if that takes too long.
 */
export function repairedBody(
  context: AttemptContext,
  call: ClientCall,
  dialect: DialectName,
): RepairedBody | undefined | Promise<RepairedBody | 'given-up' | undefined> {
  const target = targetOf(context, call, dialect);
  if (target === undefined || !mayNeedRepair(context.planned.plan.body, target)) return undefined;
  return repairedFor(target, context);
}

function repairedFor(
  target: SameApiTarget,
  { planned, gateway }: AttemptContext,
): RepairedBody | undefined | Promise<RepairedBody | 'given-up' | undefined> {
  const { plan, request } = planned;
  const contentType = request.headers.get('content-type') ?? '';
  const word = PAIR_WORDS[target.api];
  const noted = (repaired: Repaired | undefined): RepairedBody | undefined => {
    if (repaired === undefined) return undefined;
    const losses = createLossList();
    for (const loss of repaired.losses) losses.add(loss);
    return { ...repaired, note: { pair: `${word}>${word}`, losses } };
  };
  const { translator } = gateway;
  if (translator === undefined || plan.body.byteLength <= THREAD_BYTES)
    return noted(repaired(plan.body, target, contentType));
  return translator
    .run('repair', { target, contentType }, { bytes: plan.body, signal: request.signal })
    .then((made) => (made === undefined ? 'given-up' : noted(made.repaired)));
}

function targetOf(
  { planned, route, provider }: AttemptContext,
  { api, operation }: ClientCall,
  dialect: DialectName,
): SameApiTarget | undefined {
  const { plan, snapshot } = planned;
  if (!hasSameApi(api) || operation !== 'generate' || plan.peek.kind !== 'json') return undefined;
  if (!translates(snapshot, api)) return undefined;
  return { api, provider: provider.name, model: upstreamModelOf(planned, route), dialect };
}

type SameApi = SameApiTarget['api'];

const PAIR_WORDS: Readonly<Record<SameApi, string>> = {
  chat: 'openai-chat',
  responses: 'openai-responses',
  messages: 'messages',
  gemini: 'gemini',
};

function hasSameApi(api: ClientApi | ProviderApi): api is SameApi {
  return Object.hasOwn(PAIR_WORDS, api);
}

/** Whether a configured provider has another API, determined once per configuration. */
function translates(snapshot: Snapshot, api: SameApi): boolean {
  let known = translating.get(snapshot);
  if (known === undefined) translating.set(snapshot, (known = new Map()));
  let answer = known.get(api);
  if (answer === undefined) {
    answer = [...snapshot.providers.values()].some(
      ({ speaks }) => !PASSING.has(routeSpeech(speaks, ANY_MODEL, { api, hasFunctionTools: false }).kind),
    );
    known.set(api, answer);
  }
  return answer;
}

const ANY_MODEL = { model: '' };
const PASSING: ReadonlySet<RouteSpeech['kind']> = new Set(['pass', 'try']);

const translating = new WeakMap<Snapshot, Map<SameApi, boolean>>();
