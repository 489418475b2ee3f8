import { carry } from '../../../src/translation/carriage/carry.ts';
import type { JsonObject } from '../../../src/translation/json.ts';
import type { Loss } from '../../../src/translation/losses.ts';
import { readRequest, translationFor } from '../../../src/translation/pair.ts';
import type { Column } from './columns.ts';
import type { Client, Feature } from './feature.ts';

/** `left out` means neither sent nor reported. */
export type Word = 'as sent' | 'carried' | 'approximated' | 'dropped' | 'refused' | 'left out';

export interface Verdict {
  readonly word: Word;
  /** The reason for a loss, in the words of the loss list. */
  readonly why: readonly string[];
  /** The provider's body. Undefined if there is none. */
  readonly body: string | undefined;
  /** The provider's body for the same request without the feature. */
  readonly plainBody: string | undefined;
}

/** Sends a feature's sample from a client to a provider with the policy `warn`. Undefined if the client's API can't express it. */
export async function judge(client: Client, feature: Feature, column: Column): Promise<Verdict | undefined> {
  const asked = feature.asked[client];
  if (asked === undefined) return undefined;
  const beside = feature.beside?.[client] ?? {};
  const model = feature.reasons === true ? column.reasoningModel : column.model;
  const plain = await written(client, laid(PLAIN[client], beside), { ...column, model });
  const full = await written(client, laid(laid(PLAIN[client], beside), asked), { ...column, model });
  const known = new Set(plain.losses.map(keyOf));
  const losses = full.losses.filter((loss) => loss.what !== 'repaired' && !known.has(keyOf(loss)));
  const why = [...new Set(losses.map((loss) => loss.why))];
  const outcome = { why, body: full.body, plainBody: plain.body };
  if (client === column.api && losses.length === 0) return { ...outcome, word: 'as sent' };
  if (full.body === undefined) return { ...outcome, word: 'refused' };
  return { ...outcome, word: wordFor(losses, feature.arrives.test(full.body)) };
}

/** Chooses the word from the reported losses and from whether the value has arrived. */
export function wordFor(losses: readonly Loss[], hasArrived: boolean): Word {
  if (losses.length === 0) return hasArrived ? 'carried' : 'left out';
  return hasArrived || losses.every((loss) => loss.what === 'approximated') ? 'approximated' : 'dropped';
}

/** The plainest request of each API. */
const PLAIN: Readonly<Record<Client, JsonObject>> = {
  chat: { model: 'm', messages: [{ role: 'user', content: 'Hello' }], max_completion_tokens: 500 },
  responses: { model: 'm', input: 'Hello', max_output_tokens: 500, store: false },
  messages: { model: 'm', messages: [{ role: 'user', content: 'Hello' }], max_tokens: 500 },
  completions: { model: 'm', prompt: 'Hello', max_tokens: 500 },
  gemini: {
    contents: [{ role: 'user', parts: [{ text: 'Hello' }] }],
    generationConfig: { maxOutputTokens: 500 },
  },
};

/** Merges fields over others. Those of Gemini's `generationConfig` are merged one by one. */
function laid(below: JsonObject, above: JsonObject): JsonObject {
  const { generationConfig: lower, ...fields } = below;
  const { generationConfig: upper, ...others } = above;
  if (lower === undefined) return { ...fields, ...above };
  return { ...fields, ...others, generationConfig: { ...(lower as JsonObject), ...(upper as JsonObject) } };
}

interface Written {
  /** Undefined if the route is unsuitable. */
  readonly body: string | undefined;
  readonly losses: readonly Loss[];
}

async function written(client: Client, body: JsonObject, column: Column): Promise<Written> {
  const text = JSON.stringify(body);
  if (client === column.api) return carried(text, column);
  const { api, carriage, dialect, model } = column;
  const path = client === 'gemini' ? '/v1beta/models/m:generateContent' : '';
  const reading = await readRequest(client, text, { requestId: 'req_matrix', path });
  if (reading.kind === 'invalid')
    throw new Error(`A sample is not read: ${client}: ${reading.path}: ${reading.message}`);
  const target = { provider: 'p', api, carriage, dialect, model, policy: 'warn' } as const;
  const translation = await translationFor(client, api, target);
  const made = translation.request(reading.conversation, { requestId: 'req_matrix', now: 0 });
  if (made.kind === 'unsuitable') return { body: undefined, losses: [...made.losses, made.loss] };
  const losses = made.exchange.losses.all();
  const sent = carried(made.body, column);
  return { body: sent.body, losses: [...losses, ...sent.losses] };
}

/** Wraps a Messages body as a cloud requires. Any other body stays as it is. */
function carried(text: string, { carriage, model, api }: Column): Written {
  if (carriage === undefined || api !== 'messages') return { body: text, losses: [] };
  const made = carry(new TextEncoder().encode(text), { carriage, model }, { operation: 'generate' });
  const losses = made.losses.all();
  if (made.losses.refusing('warn') !== undefined) return { body: undefined, losses };
  return { body: new TextDecoder().decode(made.body), losses };
}

function keyOf({ what, path }: Loss): string {
  return `${what} ${path}`;
}
