import type { Snapshot } from '../../config/snapshot.ts';
import { splice } from '../../lib/splice.ts';
import { peekRequest, type RequestPeek } from '../../protocols/request.ts';
import type { ClientApi, ProviderApi } from '../../translation/conversation.ts';
import { createLossList } from '../../translation/losses.ts';
import { repairOf, type SameApiTarget } from '../../translation/same-api/repair-body.ts';
import { routeSpeech, type RouteSpeech } from '../../translation/targets.ts';
import type { DialectName } from '../../translation/models/dialects.ts';
import type { ClientCall } from './client-call.ts';
import type { AttemptContext } from '../prepared-request.ts';
import type { TranslationNote } from './reply-translation.ts';
import { upstreamModelOf } from '../upstream-model.ts';

/** A body that was repaired without leaving its API, and the changes. */
export interface RepairedBody {
  readonly body: Uint8Array;
  readonly peek: RequestPeek;
  readonly note: TranslationNote;
}

/**
 * Removes parts that only translated answers can have put into a body and that this API's provider would reject.
 * Returns undefined if there are none, or if no configured provider has another API.
 */
export function repairedBody(
  { planned, route, provider }: AttemptContext,
  { api, operation }: ClientCall,
  dialect: DialectName,
): RepairedBody | undefined {
  const { plan, snapshot, request } = planned;
  if (!hasSameApi(api) || operation !== 'generate' || plan.peek.kind !== 'json') return undefined;
  if (!translates(snapshot, api)) return undefined;
  const { name } = provider;
  const target = { api, provider: name, model: upstreamModelOf(planned, route), dialect };
  const repair = repairOf(plan.body, target);
  if (repair === undefined) return undefined;
  const body = splice(plan.body, repair.edits);
  const losses = createLossList();
  for (const loss of repair.losses) losses.add(loss);
  const word = PAIR_WORDS[api];
  const peek = peekRequest(body, request.headers.get('content-type') ?? '');
  return { body, peek, note: { pair: `${word}>${word}`, losses } };
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
